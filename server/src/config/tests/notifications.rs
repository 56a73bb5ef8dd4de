//! Who is told what.

use registrywatcher::event::Severity;

use super::faults::refuses;
use super::*;

const URL: &str = "https://hooks.example/hunter2";

#[test]
fn a_sink_has_a_kind_and_a_route() {
    let toml = watch_with(&format!(
        "[notifications.oncall]\nkind = 'teams'\nwebhook_url = '{URL}'\nwatches = ['web', 'w*']\n\
         kinds = ['deployment_failed', 'frozen']\nseverity = 'error'\nrepeats = true"
    ));
    let config = load(&toml);
    let sink = &config.notifications["oncall"];
    let expected = Channel::Teams {
        webhook_url: Secret::inline(URL),
    };
    assert_eq!(sink.channel, expected);
    let patterns: Vec<String> = sink.route.watches.iter().map(ToString::to_string).collect();
    assert_eq!(patterns, ["web", "w*"]);
    let kinds: Vec<&str> = sink.route.kinds.iter().map(String::as_str).collect();
    assert_eq!(kinds, ["deployment_failed", "frozen"]);
    assert_eq!(sink.route.severity, Severity::Error);
    assert!(sink.route.repeats);
}

#[test]
fn a_section_named_as_a_kind_needs_no_kind() {
    let config = load(&format!("[notifications.slack]\nwebhook_url = '{URL}'"));
    let expected = SinkConfig {
        channel: Channel::Slack {
            webhook_url: Secret::inline(URL),
        },
        route: registrywatcher::event::Route::default(),
    };
    assert_eq!(config.notifications["slack"], expected);
}

#[test]
fn an_endpoint_has_secrets_to_sign_with_in_a_list_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secrets");
    std::fs::write(&file, "whsec_b25l\nwhsec_dHdv\n").unwrap();
    let file = format!("secrets_file = '{}'", file.display());
    for secrets in ["secrets = ['whsec_b25l', 'whsec_dHdv']", &file] {
        let toml = format!("[notifications.audit]\nkind = 'http'\nurl = '{URL}'\n{secrets}");
        let config = load(&toml);
        let Channel::Http {
            secrets, instance, ..
        } = &config.notifications["audit"].channel
        else {
            panic!("an endpoint");
        };
        assert_eq!(Channel::signing_secrets(secrets).len(), 2);
        assert_eq!(instance, "default");
    }
}

#[test]
fn a_pattern_that_means_no_watch_is_remarked() {
    let toml = watch_with(&format!(
        "[notifications.slack]\nwebhook_url = '{URL}'\nwatches = ['api-*']"
    ));
    let warnings: Vec<String> = load_with(&toml, &[])
        .warnings
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        warnings,
        ["test.toml: notifications.slack.watches.0: `api-*` is the name of no watch"]
    );
}

#[test]
fn what_is_wrong_with_a_sink_is_told_at_once() {
    refuses(
        "[notifications.team]\nwebhook_url = 'https://hooks.example/'",
        &[
            "notifications.team.kind: missing; write `kind = \"slack\"`, or `teams`, `discord`, `mattermost` or `http`",
        ],
    );
    refuses(
        "[notifications.team]\nkind = 'slak'",
        &["notifications.team.kind: `slak` is not known here; did you mean `slack`?"],
    );
    refuses(
        "[notifications.slack]\nchanel = 'ops'\nchannel = 'ops'\nkinds = ['deployment_faild']\nwatches = ['a*b']",
        &[
            "notifications.slack.chanel: unknown key; did you mean `channel`?",
            "notifications.slack.watches.0: `a*b` is no pattern of names: `*` may only stand at its end",
            "notifications.slack.kinds.0: `deployment_faild` is no kind of event; did you mean `deployment_failed`?",
            "notifications.slack.channel: is no setting of a sink of kind `slack`; leave it out",
            "notifications.slack.webhook_url: missing; give `webhook_url` or `webhook_url_file`",
        ],
    );
    refuses(
        "[notifications.'a b']\nkind = 'http'\nurl = 'hunter2'\nsecrets = ['hunter2']\ninstance = 'a b'",
        &[
            "notifications.\"a b\": cannot name a sink; use letters, digits, `.`, `_` and `-`, and begin with a letter or digit",
            "notifications.\"a b\".url: expected a URL that starts with `https://`",
            "notifications.\"a b\".secrets: expected secrets that start with `whsec_`, as Standard Webhooks have them",
            "notifications.\"a b\".instance: expected 1 to 64 letters, digits, `-` and `_`",
        ],
    );
}

#[test]
fn the_fingerprint_tells_what_is_decided_and_not_where_it_runs() {
    let config = |lines: &str| load(&watch_with(lines));
    let fingerprint = config("").fingerprint();
    assert_eq!(fingerprint.len(), 64);
    for same in [
        "[server]\nlisten = 'localhost:1'",
        "[log]\nfilter = 'debug'",
        "[store]\nurl = 'sqlite://elsewhere.db'",
        "[deployers.production.more]\ntoken = 'hunter2'",
    ] {
        let with_token = format!("{same}\n");
        let other = config(&with_token);
        if same.contains("token") {
            let third = config(&same.replace("hunter2", "hunter3"));
            assert_eq!(other.fingerprint(), third.fingerprint(), "{same}");
        } else {
            assert_eq!(other.fingerprint(), fingerprint, "{same}");
        }
    }
    for other in ["mode = 'observe'", "[deployers.more]\nkind = 'exec'"] {
        assert_ne!(config(other).fingerprint(), fingerprint, "{other}");
    }
    let sink = format!("[notifications.slack]\nwebhook_url = '{URL}'");
    assert_ne!(config(&sink).fingerprint(), fingerprint);
}

#[test]
fn a_breaker_is_given_whole() {
    let breaker = load("[breaker]\nfailures = 5\nwithin = '10m'\nfreeze_for = '1h'").breaker;
    let expected = Breaker {
        failures: 5,
        within: Duration::from_mins(10),
        freeze_for: Duration::from_hours(1),
    };
    assert_eq!(breaker, Some(expected));
    refuses(
        "[breaker]\nfailures = 0\nfreze_for = '1h'",
        &[
            "breaker.freze_for: unknown key; did you mean `freeze_for`?",
            "breaker.failures: expected 1 to 100, found 0",
            "breaker.within: missing",
            "breaker.freeze_for: missing",
        ],
    );
    refuses(
        "[replicas]\nlease = '10ms'",
        &["replicas.lease: expected 1s or more, found 10ms"],
    );
}
