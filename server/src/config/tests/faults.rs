use super::*;

/// Each of `expected` is a fault of the text, and there is no other.
#[track_caller]
pub(super) fn refuses(toml: &str, expected: &[&str]) {
    let expected: Vec<String> = expected
        .iter()
        .map(|fault| format!("{FILE}: {fault}"))
        .collect();
    assert_eq!(faults_with(toml, &[]), expected, "reading:\n{toml}");
}

#[test]
fn all_faults_are_told_at_once() {
    let toml = r#"
        [poll]
        interval = 60
        concurrency = 0
        [sevrer]
        listen = "0.0.0.0:80"
        [deployers.production]
        kind = "nomad"
        [watches.web]
        imgae = "ghcr.io/acme/web"
        policy = { semver = "^1", tag = "latest" }
        workloads = [{ deployer = "prodution", job = "web" }]
        mode = "observer"
        [watches.shop]
        image = "ghcr.io/acme/shop:latest"
        workloads = []
    "#;
    refuses(
        toml,
        &[
            "poll.interval: expected a duration with its unit in quotes, such as `59s` or `1m30s`, found an integer",
            "sevrer: unknown key; did you mean `server`?",
            "watches.web.imgae: unknown key; did you mean `image`?",
            "watches.web.mode: `observer` is not known here; did you mean `observe`?",
            "poll.concurrency: expected 1 to 1024, found 0",
            "watches.shop.workloads: a watch needs a workload; write `workloads = [{ deployer = \"…\", … }]`",
            "watches.shop.image: holds a tag; write `ghcr.io/acme/shop` here and `policy = { tag = \"latest\" }` to follow \
         that tag",
            "watches.web.workloads.0.deployer: no deployer is named `prodution`; did you mean `production`?",
            "watches.web.image: missing; write `image = \"ghcr.io/acme/web\"`, for example",
            "watches.web.policy: names the kinds semver and tag; keep one",
        ],
    );
}

#[test]
fn a_value_of_the_wrong_type_is_told_by_type_and_not_missed_again() {
    refuses(
        "[server]\nlisten = 8080",
        &["server.listen: expected a string, found an integer"],
    );
    refuses(
        "server = 'x'",
        &["server: expected a table, found a string"],
    );
    refuses(
        "[poll]\nconcurrency = 1.5",
        &["poll.concurrency: expected a whole number from 0, found a float"],
    );
    refuses(
        "[poll]\nconcurrency = -1",
        &["poll.concurrency: expected a whole number from 0, found `-1`"],
    );
    refuses(
        "docker_config = 1",
        &["docker_config: expected `true`, `false`, or the path of a file, found an integer"],
    );
    refuses(
        "auth.tokens = ['x']",
        &["auth.tokens.0: expected a table, found a string"],
    );
    refuses(
        "deployers.nomad = 'nomad'",
        &["deployers.nomad: expected a table, found a string"],
    );
    refuses(
        &watch_with("parallel = 'perhaps'"),
        &["watches.web.parallel: expected `true` or `false`, found a string"],
    );
    let toml = format!(
        "{DEPLOYER}[watches.web]\nimage = 'a/b'\nworkloads = [{{ deployer = 'production', port = 80 }}]"
    );
    refuses(
        &toml,
        &["watches.web.workloads.0.port: expected a string, found an integer"],
    );
    let toml = format!("{DEPLOYER}[watches.web]\nimage = 1\nworkloads = ['web']");
    refuses(
        &toml,
        &[
            "watches.web.image: expected a string, found an integer",
            "watches.web.workloads.0: expected a table, found a string",
        ],
    );
}

#[test]
fn bad_values_are_told_with_what_is_accepted() {
    refuses(
        "[server]\nlisten = 'here'",
        &[
            "server.listen: expected an IP address and a port, such as `127.0.0.1:8080` or `[::1]:8080`, found `here`",
        ],
    );
    refuses(
        "[poll]\ninterval = '1ms'",
        &["poll.interval: expected 100ms or more, found 1ms"],
    );
    refuses(
        "[poll]\ninterval = '5'",
        &[
            "poll.interval: `5` is no duration, such as `59s` or `1m30s`: time unit needed, for example 5sec or 5ms",
        ],
    );
    refuses(
        "[log]\nformat = 'xml'",
        &["log.format: `xml` is not known here; known are `json`, `text`"],
    );
    refuses(
        "[store]\nurl = 'mysql://root:hunter2@db/rw'",
        &["store.url: expected a URL that starts with `sqlite:` or `postgres:`"],
    );
    refuses(
        "[registries.'https://ghcr.io']",
        &[
            "registries.\"https://ghcr.io\": a registry reads `host` or `host:port`, such as `ghcr.io`, found `https://ghcr.io`",
        ],
    );
    refuses(
        "[deployers.'a b']\nkind = 'nomad'",
        &[
            "deployers.\"a b\": ` ` cannot appear at position 1 of the name of a deployer; use letters, digits, `.`, `_` and `-`",
        ],
    );
    refuses(
        "[deployers.a]\n[deployers.b]\nkind = 1",
        &[
            "deployers.a.kind: missing; write `kind = \"nomad\"`, for example",
            "deployers.b.kind: expected a string, such as `kind = \"nomad\"`",
        ],
    );
    assert!(
        faults_with("[log]\nfilter = 'info,='", &[])[0]
            .contains("log.filter: expected a filter such as `info`")
    );
}

#[test]
fn no_fault_shows_a_secret() {
    let texts = [
        "[store]\nurl = 'hunter2'",
        "[store]\nurl = 'postgres://rw:hunter2@:99999999/'",
        "[store]\nurl = ['hunter2']",
        "[notifications.slack]\nwebhook_url = 'hunter2'",
        "[registries.'ghcr.io']\npassword = 'hunter2'\nidentity_token = 'hunter2'",
        "[registries.'ghcr.io']\nusername = 'a'\npassword = { value = 'hunter2' }",
        "[[auth.tokens]]\nsha256 = 'hunter2'",
        "[store]\nurl = \"hunter2",
        "[store]\nurl = hunter2",
        "[store]\nurl = 'hunter2' 'hunter2'",
        "registry_map.hub = { registry_domain = 'a.example', registry_auth = 'hunter2' }\nwatched_repositories = ['a']\n\
         repo_map.a = { registry_name = 'hub', nomad_job_name = 'a', nomad_task_name = 'a' }",
        "database_url = 'hunter2'",
        "webhook_url = 'hunter2'\npoll_interval = '1s'",
    ];
    for toml in texts {
        let error = Sources::new().text(FILE, toml).load().expect_err(toml);
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
    let environment = [
        ("REGISTRYWATCHER_STORE__URL", "hunter2"),
        ("REGISTRYWATCHER_STORE__URL_FILE", "/nowhere"),
    ];
    for line in faults_with("", &environment) {
        assert!(!line.contains("hunter2"), "{line}");
    }
}

#[test]
fn what_is_no_toml_is_told_by_its_line() {
    let faults = faults_with("[poll]\ninterval = '5m'\ntimeout = \n", &[]);
    assert!(
        faults[0].starts_with("test.toml: line 3 is no TOML: "),
        "{faults:?}"
    );
}
