use chrono::TimeDelta;
use registrywatcher::decision::Deploy;
use registrywatcher::deployment::Cause;
use registrywatcher::image::Image;
use registrywatcher::intent::{Author, Candidate};
use registrywatcher::watch::Workload;
use uuid::Uuid;

use super::*;

/// A Tuesday, at eight in the morning.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn in_minutes(minutes: i64) -> DateTime<Utc> {
    now() + TimeDelta::minutes(minutes)
}

fn candidate() -> Candidate {
    let digest = format!("sha256:{}", "1".repeat(64));
    Candidate {
        tag: tag("v1.5.0"),
        image: Image::of_digest(digest.parse().unwrap()),
    }
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn id() -> DeploymentId {
    DeploymentId(Uuid::from_u128(7))
}

fn ada() -> Author {
    Author::new("ada")
}

fn staging() -> Workload {
    Workload {
        deployer: "staging".parse().unwrap(),
        address: [("job", "web")].into(),
    }
}

fn holding(reasons: Vec<HoldReason>) -> Decision {
    Decision::Hold(Hold {
        candidate: Some(candidate()),
        cause: Some(Cause::FirstDeploy),
        reasons,
        earliest: None,
    })
}

/// As a page shows it, without markup.
fn plain(sentence: &Sentence) -> String {
    let told = |part: &Part| match part {
        Part::Words(words) => words.clone(),
        Part::Tag(tag) => tag.to_string(),
        Part::Until(at) => When {
            at: *at,
            now: sentence.now,
        }
        .clock(),
        Part::Deployment(_) => "an earlier deployment".to_owned(),
    };
    sentence.parts.iter().map(told).collect()
}

#[track_caller]
fn tells(decision: &Decision, expected: &str) {
    assert_eq!(plain(&Sentence::of_decision(decision, now())), expected);
}

#[track_caller]
fn told_alone<const N: usize>(rows: [(HoldReason, &str); N]) {
    for (reason, told) in rows {
        tells(&holding(vec![reason]), &format!("Holding v1.5.0: {told}."));
    }
}

#[test]
fn each_reason_why_nothing_can_be_deployed_is_one_plain_sentence() {
    let why = || "the connection was refused".to_owned();
    told_alone([
        (
            HoldReason::RegistryUnknown { why: why() },
            "what the registry has is not known: the connection was refused",
        ),
        (
            HoldReason::NoCandidate {
                why: "none of 3 tags is admitted".to_owned(),
            },
            "no tag is wanted: none of 3 tags is admitted",
        ),
        (
            HoldReason::PinnedTagMissing { tag: tag("v9") },
            "the pinned tag v9 is not in the registry",
        ),
        (
            HoldReason::RunningUnknown { why: why() },
            "what runs is not known: the connection was refused",
        ),
        (
            HoldReason::StoreUnavailable { why: why() },
            "first it must be stored: the connection was refused",
        ),
    ]);
}

#[test]
fn each_gate_that_is_closed_is_one_plain_sentence() {
    told_alone([
        (HoldReason::ObserveOnly, "this watch only observes"),
        (HoldReason::AutoDeployOff, "auto-deploy is off"),
        (
            HoldReason::WouldDowngrade {
                from: tag("v1.6.0"),
                to: tag("v1.5.0"),
            },
            "it is lower than v1.6.0, which runs",
        ),
        (
            HoldReason::OperatorHold {
                by: ada(),
                reason: "the fair".to_owned(),
            },
            "ada holds it until something newer appears: the fair",
        ),
        (
            HoldReason::ChangedOutside {
                runs: Some(tag("hotfix")),
            },
            "somebody else deployed hotfix; held until something newer appears",
        ),
        (
            HoldReason::ChangedOutside { runs: None },
            "somebody else deployed another image; held until something newer appears",
        ),
        (
            HoldReason::Quarantined {
                deployment: id(),
                reason: "it never got healthy".to_owned(),
            },
            "this image failed in an earlier deployment: it never got healthy",
        ),
        (
            HoldReason::RolledBack {
                deployment: id(),
                tag: tag("v1.5.0"),
            },
            "v1.5.0 was rolled back after an earlier deployment; something newer ends that",
        ),
        (
            HoldReason::Frozen {
                until: in_minutes(365),
                by: ada(),
                reason: "the fair".to_owned(),
            },
            "frozen until 14:05 UTC by ada (the fair)",
        ),
        (
            HoldReason::WaitsFor {
                workload: staging(),
            },
            "waits for staging:job=web",
        ),
        (
            HoldReason::BackingOff {
                until: in_minutes(5),
                failures: 0,
            },
            "the last deployment was only just now, the next is at 08:05 UTC",
        ),
        (
            HoldReason::BackingOff {
                until: in_minutes(5),
                failures: 1,
            },
            "the last try failed, the next is at 08:05 UTC",
        ),
        (
            HoldReason::BackingOff {
                until: in_minutes(24 * 60),
                failures: 4,
            },
            "the last 4 tries failed, the next is at 16 Jan 08:00 UTC",
        ),
        (
            HoldReason::InFlight { deployment: id() },
            "waits for an earlier deployment to end",
        ),
    ]);
}

#[test]
fn of_what_an_orchestrator_said_only_the_beginning_is_told() {
    let reason = HoldReason::Quarantined {
        deployment: id(),
        reason: "so it is ".repeat(50),
    };
    let told = plain(&Sentence::of_reason(&reason, now()));
    assert!(
        told.ends_with("so it is …") && told.chars().count() < 150,
        "{told}"
    );
}

#[test]
fn several_reasons_are_all_told() {
    let reasons = vec![
        HoldReason::AutoDeployOff,
        HoldReason::WaitsFor {
            workload: staging(),
        },
    ];
    tells(
        &holding(reasons),
        "Holding v1.5.0: auto-deploy is off; waits for staging:job=web.",
    );
}

#[test]
fn a_hold_of_nothing_names_nothing() {
    let hold = Hold {
        candidate: None,
        cause: None,
        reasons: vec![HoldReason::PinnedTagMissing { tag: tag("v9") }],
        earliest: None,
    };
    tells(
        &Decision::Hold(hold),
        "Holding: the pinned tag v9 is not in the registry.",
    );
}

#[test]
fn what_is_deployed_is_told_with_its_cause() {
    let deploy = Deploy {
        candidate: candidate(),
        cause: Cause::NewerVersion {
            from: tag("v1.4.0"),
            to: tag("v1.5.0"),
        },
        forced: false,
        supersedes: None,
    };
    tells(
        &Decision::Deploy(deploy),
        "Deploying v1.5.0: v1.5.0 is newer than v1.4.0.",
    );
    let candidate = candidate();
    tells(&Decision::UpToDate { candidate }, "Up to date with v1.5.0.");
}

#[test]
fn what_people_write_is_text_and_never_markup() {
    let reason = HoldReason::OperatorHold {
        by: Author::new("<b>ada</b>"),
        reason: "<script>alert(1)</script>".to_owned(),
    };
    let markup = Sentence::of_decision(&holding(vec![reason]), now());
    let markup = markup.render().unwrap();
    assert!(
        !markup.contains("<script") && !markup.contains("<b>"),
        "{markup}"
    );
    assert!(markup.contains("&#60;script&#62;"), "{markup}");
}
