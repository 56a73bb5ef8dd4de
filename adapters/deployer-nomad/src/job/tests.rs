use registrywatcher::deployment::DeploymentId;
use registrywatcher::image::{Digest, ImageReference, Tag};
use registrywatcher_conformance::samples::{digest, tag};
use semver::Version;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::address::Address;

pub(crate) fn address(group: Option<&str>, task: Option<&str>) -> Address {
    Address {
        namespace: "default".into(),
        job: "web".into(),
        group: group.map(str::to_owned),
        task: task.map(str::to_owned),
    }
}

pub(crate) fn id(n: u128) -> DeploymentId {
    DeploymentId(Uuid::from_u128(n))
}

fn task(name: &str, driver: &str, image: &str) -> Value {
    json!({ "Name": name, "Driver": driver, "Config": { "image": image }, "Meta": null })
}

fn job_of(tasks: &[Value]) -> Job {
    Job::new(json!({
        "ID": "web", "Type": "service", "Version": 3, "JobModifyIndex": 7, "Stop": false, "ParentID": "",
        "Periodic": null, "ParameterizedJob": null, "Multiregion": null,
        "TaskGroups": [{ "Name": "app", "Count": 2, "Tasks": tasks }],
    }))
}

/// An edit with everything that it depends on.
struct Edit {
    source: ImageReference,
    address: Address,
    nomad: Option<Version>,
    tag: Tag,
    digest: Digest,
}

impl Edit {
    fn of(source: &str) -> Self {
        Self {
            source: source.parse().unwrap(),
            address: address(None, None),
            nomad: None,
            tag: tag("v2"),
            digest: digest(2),
        }
    }

    fn task(self, name: &str) -> Self {
        Self {
            address: address(None, Some(name)),
            ..self
        }
    }

    fn on(self, nomad: &str) -> Self {
        Self {
            nomad: nomad.parse().ok(),
            ..self
        }
    }

    fn selection(&self) -> Selection<'_> {
        Selection {
            address: &self.address,
            repository: self.source.repository(),
        }
    }

    fn apply(&self, job: &Job) -> Job {
        let wanted = Wanted {
            id: id(1),
            tag: &self.tag,
            digest: &self.digest,
            source: &self.source,
            nomad: self.nomad.as_ref(),
        };
        job.with_image(&self.selection(), &wanted)
    }

    #[track_caller]
    fn writes(&self, driver: &str, before: &str, after: &str) {
        let edited = self.apply(&job_of(&[task("app", driver, before)]));
        let written = edited.tasks().next().unwrap().written().to_owned();
        let after = after.replace("DIGEST", digest(2).as_str());
        assert_eq!(written, after, "{before} of {driver} on {:?}", self.nomad);
    }

    #[track_caller]
    fn refuses(&self, job: &Job, words: &str) {
        let obstacle = format!("{:?}", self.selection().tasks(job).unwrap_err());
        assert!(obstacle.contains(words), "{obstacle}");
    }
}

#[test]
fn a_digest_is_written_in_the_job_s_own_spelling() {
    let hub = Edit::of("docker.io/library/nginx");
    hub.writes("docker", "nginx:1.25", "nginx@DIGEST");
    hub.writes(
        "docker",
        "index.docker.io/library/nginx",
        "index.docker.io/library/nginx@DIGEST",
    );
    hub.writes("podman", "docker://nginx:1.25", "docker://nginx@DIGEST");
    hub.writes(
        "containerd-driver",
        "docker.io/library/nginx:1",
        "docker.io/library/nginx@DIGEST",
    );
    let old = format!("reg:5000/a/web:1@{}", digest(1));
    Edit::of("reg:5000/a/web").writes("docker", &old, "reg:5000/a/web@DIGEST");
}

#[test]
fn the_tag_is_kept_only_where_nomad_cannot_read_a_digest_behind_a_port() {
    let edit = |nomad| Edit::of("reg:5000/web").on(nomad);
    edit("1.9.6").writes("docker", "reg:5000/web:v1", "reg:5000/web:v2");
    edit("1.9.6").writes("podman", "reg:5000/web:v1", "reg:5000/web@DIGEST");
    edit("1.9.7").writes("docker", "reg:5000/web:v1", "reg:5000/web@DIGEST");
    edit("1.8.4").writes("docker", "reg:5000/web:v1", "reg:5000/web@DIGEST");
    Edit::of("reg:5000/web").writes("docker", "reg:5000/web:v1", "reg:5000/web@DIGEST");

    let edited = edit("1.9.5").apply(&job_of(&[task("app", "docker", "reg:5000/web:v1")]));
    assert_eq!(
        edited.raw()["TaskGroups"][0]["Tasks"][0]["Config"]["force_pull"],
        true
    );
    let running = edited.running(&address(None, None), None).unwrap().unwrap();
    assert_eq!(
        running.image.digest(),
        Some(&digest(2)),
        "what was pulled is known by the mark"
    );
    assert_eq!(running.mark, Some(id(1)));
}

#[test]
fn only_tasks_of_the_watched_repository_change() {
    let job = job_of(&[
        task("app", "docker", "team/web:v1"),
        task("worker", "docker", "docker.io/team/web:v1"),
        task("proxy", "docker", "envoyproxy/envoy:v1"),
        task("mesh", "docker", "${meta.connect.sidecar_image}"),
        json!({ "Name": "script", "Driver": "exec", "Config": { "command": "/bin/true" } }),
    ]);
    let edited = Edit::of("team/web").apply(&job);
    let images: Vec<_> = edited
        .tasks()
        .map(|task| task.written().to_owned())
        .collect();
    let wanted = digest(2);
    assert_eq!(
        images,
        [
            format!("team/web@{wanted}"),
            format!("docker.io/team/web@{wanted}"),
            "envoyproxy/envoy:v1".into(),
            "${meta.connect.sidecar_image}".into(),
            String::new()
        ]
    );
    let marked: Vec<_> = edited
        .tasks()
        .filter(|task| task.deployment().is_some())
        .map(|task| task.name())
        .collect();
    assert_eq!(marked, ["app", "worker"]);
}

#[test]
fn a_named_task_is_set_whatever_repository_it_runs() {
    let job = job_of(&[
        task("app", "docker", "old.example/web:v1"),
        task("worker", "docker", "team/web:v1"),
    ]);
    let edited = Edit::of("ghcr.io/team/web").task("app").apply(&job);
    let images: Vec<_> = edited
        .tasks()
        .map(|task| task.written().to_owned())
        .collect();
    assert_eq!(
        images,
        [
            format!("ghcr.io/team/web@{}", digest(2)),
            "team/web:v1".into()
        ]
    );
}

#[test]
fn whatever_else_is_in_a_job_survives_an_edit() {
    let mut raw = job_of(&[task("app", "docker", "team/web:v1")])
        .raw()
        .clone();
    raw["SubmitTime"] = json!(1_u64 << 60);
    raw["Smallest"] = json!(i64::MIN);
    raw["NeverHeardOf"] = json!({ "Fraction": 0.1, "Tiny": 1e-300, "List": [null, true, "x"] });
    raw["VersionTag"] = json!({ "Name": "golden" });
    raw["TaskGroups"][0]["Tasks"][0]["Meta"] = json!({ "team": "a", "registrywatcher_tag": "v1" });
    raw["TaskGroups"][0]["Tasks"][0]["Config"]["ports"] = json!(["http"]);
    let text = raw.to_string();

    let edited = Edit::of("team/web").apply(&serde_json::from_str(&text).unwrap());

    raw["VersionTag"] = Value::Null;
    raw["TaskGroups"][0]["Tasks"][0]["Config"]["image"] = json!(format!("team/web@{}", digest(2)));
    raw["TaskGroups"][0]["Tasks"][0]["Meta"] = json!({
        "team": "a",
        "registrywatcher_deployment": id(1).to_string(),
        "registrywatcher_tag": "v2",
        "registrywatcher_digest": digest(2).as_str(),
    });
    assert_eq!(serde_json::to_string(&edited).unwrap(), raw.to_string());
}

#[test]
fn a_job_that_is_not_ours_to_edit_is_refused_with_what_to_do() {
    for (field, value, words) in [
        ("Stop", json!(true), "start it first"),
        ("ParentID", json!("nightly"), "deploy to that one"),
        ("Multiregion", json!({ "Regions": [] }), "several regions"),
    ] {
        let mut raw = job_of(&[]).raw().clone();
        raw[field] = value;
        let refusal = Job::new(raw).refusal().unwrap();
        assert!(refusal.contains(words), "{refusal}");
    }
    assert_eq!(job_of(&[]).refusal(), None);
}

#[test]
fn tasks_that_cannot_be_deployed_to_are_refused_with_what_was_found() {
    let job = job_of(&[
        task("app", "docker", "team/web:${NOMAD_META_TAG}"),
        task("archive", "podman", "oci-archive:/web.tar"),
        json!({ "Name": "script", "Driver": "exec", "Config": { "command": "/bin/true" } }),
    ]);
    Edit::of("team/web").refuses(
        &job,
        "no task of the job runs an image of docker.io/team/web; found team/web:${",
    );
    Edit::of("team/web")
        .task("app")
        .refuses(&job, "is interpolated");
    Edit::of("team/web")
        .task("archive")
        .refuses(&job, "of no registry");
    Edit::of("team/web")
        .task("script")
        .refuses(&job, "of driver `exec` runs no image");
    Edit::of("team/web").task("web").refuses(
        &job,
        "no task `web`; it has app/app, app/archive, app/script",
    );
}

#[test]
fn a_mark_counts_only_beside_the_image_it_was_set_for() {
    let edited = Edit::of("team/web").apply(&job_of(&[task("app", "docker", "team/web:v1")]));
    let everything = address(None, None);
    let running = edited.running(&everything, None).unwrap().unwrap();
    assert_eq!((running.mark, running.tag), (Some(id(1)), Some(tag("v2"))));

    for image in [format!("team/web@{}", digest(9)), "team/web:v2".to_owned()] {
        let mut raw = edited.raw().clone();
        raw["TaskGroups"][0]["Tasks"][0]["Config"]["image"] = json!(image);
        let running = Job::new(raw).running(&everything, None).unwrap().unwrap();
        assert_eq!(
            (running.image.to_string(), running.mark, running.tag),
            (image, None, None)
        );
    }
}

#[test]
fn a_digest_that_an_old_docker_driver_drops_does_not_run() {
    let image = format!("team/web:v1@{}", digest(1));
    let job = job_of(&[task("app", "docker", &image)]);
    let runs = |nomad: &str| {
        let nomad = nomad.parse().unwrap();
        job.running(&address(None, None), Some(&nomad))
            .unwrap()
            .unwrap()
            .image
            .to_string()
    };
    assert_eq!(runs("1.9.6"), "team/web:v1");
    assert_eq!(runs("1.9.7"), image);
}

#[test]
fn what_runs_is_one_image_or_none_or_a_question_back() {
    let everything = address(None, None);
    let nothing = job_of(&[json!({ "Name": "script", "Driver": "exec", "Config": {} })]);
    assert_eq!(nothing.running(&everything, None), Ok(None));
    let mut stopped = job_of(&[task("app", "docker", "team/web:v1")])
        .raw()
        .clone();
    stopped["Stop"] = json!(true);
    assert_eq!(Job::new(stopped).running(&everything, None), Ok(None));

    let two = job_of(&[
        task("app", "docker", "team/web:v1"),
        task("proxy", "docker", "envoyproxy/envoy:v1"),
    ]);
    assert!(
        matches!(two.running(&everything, None), Err(Obstacle::Refused(words)) if words.contains("name `task`"))
    );
    let proxy = two
        .running(&address(None, Some("proxy")), None)
        .unwrap()
        .unwrap();
    assert_eq!(proxy.image.to_string(), "envoyproxy/envoy:v1");
    assert!(matches!(
        two.running(&address(Some("db"), None), None),
        Err(Obstacle::Missing(_))
    ));

    let deployed = Edit::of("team/web").apply(&two);
    assert_eq!(
        deployed.running(&everything, None).unwrap().unwrap().mark,
        Some(id(1)),
        "ours speaks for the job"
    );
}

#[test]
fn of_tasks_that_differ_the_one_that_is_not_ours_speaks() {
    let mut raw = job_of(&[
        task("app", "docker", "team/web:v1"),
        task("worker", "docker", "team/web:v1"),
    ]);
    raw = Edit::of("team/web").task("app").apply(&raw);
    let running = raw.running(&address(None, None), None).unwrap().unwrap();
    assert_eq!(
        (running.image.to_string().as_str(), running.mark),
        ("team/web:v1", None)
    );
}

#[test]
fn a_secret_for_an_older_server_stands_at_the_top_of_the_job() {
    let job = job_of(&[]).with_secret("VaultToken", "s.secret");
    assert_eq!(job.raw()["VaultToken"], "s.secret");
}

#[test]
fn the_longest_progress_deadline_counts_for_each_group() {
    let second = 1_000_000_000_u64;
    let update = |seconds: u64| json!({ "Update": { "ProgressDeadline": seconds * second } });
    let job = |groups: &[Value]| Job::new(json!({ "TaskGroups": groups }));
    assert_eq!(job(&[json!({})]).progress_deadline(), None);
    let both = job(&[update(60), update(600)]);
    assert_eq!(
        both.progress_deadline(),
        Some(std::time::Duration::from_mins(20))
    );
}
