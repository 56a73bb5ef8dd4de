//! What a configuration comes to, over texts and a made-up environment.

mod discovery;
mod environment;
mod exposure;
mod faults;
mod files;
mod go_service;
mod links;
mod notifications;
mod printing;
mod reference;
mod section_faults;

use std::net::SocketAddr;
use std::time::Duration;

use registrywatcher::token::{Reach, Role};
use registrywatcher::watch::{AdoptMode, DriftMode, Mode};

use super::*;

/// The name under which tests hand in their text.
const FILE: &str = "test.toml";

/// What fails for want of a workload or deployer in other texts.
const DEPLOYER: &str = "[deployers.production]\nkind = \"nomad\"\n";

fn variables(variables: &[(&str, &str)]) -> Environment {
    variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[track_caller]
fn load_with(toml: &str, environment: &[(&str, &str)]) -> Loaded {
    let sources = Sources::new()
        .text(FILE, toml)
        .environment(variables(environment));
    sources
        .load()
        .unwrap_or_else(|error| panic!("{error}\nin:\n{toml}"))
}

#[track_caller]
fn load(toml: &str) -> Config {
    let Loaded { config, warnings } = load_with(toml, &[]);
    assert_eq!(warnings, [], "of {toml}");
    config
}

/// The faults of a text, in the order in which they are told.
#[track_caller]
fn faults_with(toml: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let sources = Sources::new()
        .text(FILE, toml)
        .environment(variables(environment));
    let error = sources.load().expect_err("the configuration has faults");
    let lines: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
    assert_eq!(
        lines.len(),
        error.faults.len(),
        "one line for each fault: {lines:?}"
    );
    lines
}

/// A watch with `lines` besides what it needs.
fn watch_with(lines: &str) -> String {
    format!(
        "{DEPLOYER}[watches.web]\nimage = \"ghcr.io/acme/web\"\n\
         workloads = [{{ deployer = \"production\", job = \"web\", task = \"server\" }}]\n{lines}\n"
    )
}

#[track_caller]
fn only_watch(config: &Config) -> &Watch {
    assert_eq!(config.watches.len(), 1);
    config.watches.values().next().unwrap()
}

#[test]
fn without_any_file_the_defaults_hold() {
    let config = Sources::new().load().unwrap().config;
    assert_eq!(
        config.server.listen,
        SocketAddr::from(([127, 0, 0, 1], 8080))
    );
    assert_eq!(config.store.url.expose(), "sqlite://registrywatcher.db");
    assert_eq!(config.docker_config, DockerConfig::Standard);
    assert_eq!(config.poll.interval, Duration::from_mins(1));
    assert_eq!(config.poll.jitter_percent, 10);
    assert_eq!(config.poll.drift_interval, Duration::from_mins(5));
    assert_eq!(config.poll.listing_interval, Duration::from_hours(1));
    assert_eq!(config.rollout.deadline, Duration::from_mins(20));
    assert_eq!(
        config.log,
        LogConfig {
            format: LogFormat::Text,
            filter: "info,sea_orm_migration=warn,sqlx::postgres::notice=warn".into()
        }
    );
    let auth = AuthConfig {
        failed_logins_per_minute: 10,
        tokens: Vec::new(),
    };
    assert_eq!(config.auth, auth);
    assert_eq!(config.replicas.lease, Duration::from_secs(15));
    assert_eq!(config.breaker, None);
    assert_eq!(config.telemetry, None);
    assert_eq!(config.tag_log.retention, Duration::from_hours(24 * 365));
    assert_eq!(config.delivery.deadline, Duration::from_hours(1));
    assert!(config.notifications.is_empty());
    assert!(
        config.registries.is_empty() && config.deployers.is_empty() && config.watches.is_empty()
    );
}

#[test]
fn a_watch_needs_an_image_and_a_workload_alone() {
    let config = load(&watch_with(""));
    let watch = only_watch(&config);
    assert_eq!(watch.name.as_str(), "web");
    assert_eq!(watch.repository().to_string(), "ghcr.io/acme/web");
    assert_eq!(watch.policy.to_string(), "semver *");
    assert_eq!(
        watch.workloads[0].to_string(),
        "production:job=web,task=server"
    );
    assert_eq!(
        (watch.mode, watch.drift, watch.adopt),
        (Mode::Deploy, DriftMode::Hold, AdoptMode::Assume)
    );
    assert_eq!(
        (watch.interval, watch.min_interval),
        (Duration::from_mins(1), Duration::from_secs(10))
    );
    assert!(!watch.parallel && watch.formerly.is_none());
}

#[test]
fn a_watch_says_how_it_is_watched() {
    let config = load(&watch_with(
        "interval = '1m30s'\nmode = 'observe'\ndrift = 'correct'\nadopt = 'redeploy'\nparallel = true\n\
         min_interval = '0s'\nformerly = 'website'",
    ));
    let watch = only_watch(&config);
    assert_eq!(
        (watch.interval, watch.min_interval),
        (Duration::from_secs(90), Duration::ZERO)
    );
    assert_eq!(
        (watch.mode, watch.drift, watch.adopt),
        (Mode::Observe, DriftMode::Correct, AdoptMode::Redeploy)
    );
    assert!(watch.parallel);
    assert_eq!(
        watch.formerly.as_ref().map(WatchName::as_str),
        Some("website")
    );
}

#[test]
fn a_watch_without_an_interval_takes_the_one_of_all() {
    let config = load(&watch_with("[poll]\ninterval = '5m'"));
    assert_eq!(only_watch(&config).interval, Duration::from_mins(5));
}

#[test]
fn every_kind_of_policy_can_be_written() {
    for (written, read) in [
        ("{ semver = '^1' }", "semver ^1"),
        (
            "{ semver = '>=2, <3', prerelease = true, variant = 'alpine' }",
            "semver >=2, <3 with pre-releases, variant alpine",
        ),
        (
            "{ semver = '*', include = '^v', exclude = 'rc' }",
            "semver *, include ^v, exclude rc",
        ),
        (
            "{ numeric = 'asc', extract = '^b(\\d+)$' }",
            "numeric, extract ^b(\\d+)$",
        ),
        ("{ numeric = 'desc' }", "numeric, lowest first"),
        ("{ alphabetical = 'asc' }", "alphabetical"),
        ("{ alphabetical = 'desc' }", "alphabetical, lowest first"),
        ("{ tag = 'latest' }", "tag latest"),
    ] {
        let config = load(&watch_with(&format!("policy = {written}")));
        assert_eq!(
            only_watch(&config).policy.to_string(),
            read,
            "reading {written}"
        );
    }
}

#[test]
fn listen_addresses_are_read_as_people_write_them() {
    for (written, read) in [
        ("0.0.0.0:8080", "0.0.0.0:8080"),
        (":8080", "0.0.0.0:8080"),
        ("localhost:80", "127.0.0.1:80"),
        ("[::1]:8080", "[::1]:8080"),
    ] {
        let config = load(&format!("[server]\nlisten = '{written}'"));
        assert_eq!(config.server.listen.to_string(), read, "reading {written}");
    }
}

#[test]
fn a_registry_is_known_by_its_host_in_any_spelling() {
    let config = load(
        "[registries.'Index.Docker.io']\nusername = 'bot'\npassword = 'a:b:c'\nconcurrency = 2\n\
         [registries.'registry.example:5000']\nplain_http = true\naddress = 'http://10.0.0.1:5000'\n\
         [registries.'ghcr.io']\nidentity_token = 'refresh'\ntimeout = '5s'",
    );
    let hub = &config.registries[&"docker.io".parse().unwrap()];
    assert_eq!(hub.concurrency, 2);
    let expected = Login::Password {
        username: "bot".into(),
        password: Secret::inline("a:b:c"),
    };
    assert_eq!(hub.login, Some(expected));
    let own = &config.registries[&"registry.example:5000".parse().unwrap()];
    assert!(own.plain_http && own.login.is_none());
    assert_eq!(
        own.address.as_ref().map(url::Url::as_str),
        Some("http://10.0.0.1:5000/")
    );
    let ghcr = &config.registries[&"ghcr.io".parse().unwrap()];
    assert_eq!(
        ghcr.login,
        Some(Login::IdentityToken(Secret::inline("refresh")))
    );
    assert_eq!(
        (ghcr.concurrency, ghcr.timeout),
        (8, Duration::from_secs(5))
    );
}

#[test]
fn settings_of_a_deployer_are_left_to_its_kind() {
    let config = load(
        "[deployers.script]\nkind = 'exec'\ncommand = ['./deploy.sh', '-q']\ntimeout = '1m'\n\
         environment = { A = '1' }\nretries = 3\nquiet = true",
    );
    let deployer = &config.deployers[&"script".parse().unwrap()];
    assert_eq!(deployer.kind, "exec");
    assert_eq!(
        serde_json::Value::from(deployer.settings.clone()),
        serde_json::json!({
            "command": ["./deploy.sh", "-q"],
            "timeout": "1m",
            "environment": { "A": "1" },
            "retries": 3,
            "quiet": true,
        }),
    );
}

#[test]
fn a_token_is_kept_as_its_hash() {
    let hash = "2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824";
    let config = load(&format!(
        "[[auth.tokens]]\nname = 'ci'\nrole = 'deployer'\nsha256 = '{hash}'\n"
    ));
    let token = &config.auth.tokens[0].token;
    assert_eq!((token.name.as_str(), token.role), ("ci", Role::Deployer));
    assert_eq!(token.hash, token_hash("hello"));
    assert_eq!((&token.reach, token.expires_at), (&Reach::Everything, None));
}

#[test]
fn a_token_may_be_for_some_watches_and_for_some_time() {
    let config = load(&format!(
        "{DEPLOYER}[watches.web]\nimage = 'ghcr.io/acme/web'\n\
         workloads = [{{ deployer = 'production', job = 'web' }}]\n\
         [[auth.tokens]]\nname = 'ci'\nrole = 'deployer'\nsha256 = '{}'\n\
         watches = ['web', 'w*']\nexpires = '2027-01-31T01:00:00+01:00'\n",
        token_hash("hello")
    ));
    let token = &config.auth.tokens[0].token;
    let patterns = ["web", "w*"].map(|text| text.parse().unwrap());
    assert_eq!(token.reach, Reach::Only(patterns.to_vec()));
    let expires_at = token.expires_at.map(|at| at.to_rfc3339());
    assert_eq!(expires_at.as_deref(), Some("2027-01-31T00:00:00+00:00"));
}

#[test]
fn a_token_for_a_watch_that_is_not_configured_is_warned_of() {
    let toml = format!(
        "[[auth.tokens]]\nname = 'ci'\nrole = 'viewer'\nsha256 = '{}'\nwatches = ['wbe']\n",
        token_hash("hello")
    );
    let warnings = load_with(&toml, &[]).warnings;
    let told: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        ["test.toml: auth.tokens.0.watches.0: `wbe` fits no watch that is configured"]
    );
}

#[test]
fn a_later_file_wins_over_an_earlier_one() {
    let loaded = Sources::new()
        .text("first.toml", "[poll]\ninterval = '5m'\nconcurrency = 2")
        .text("second.toml", "[poll]\ninterval = '10s'")
        .load()
        .unwrap();
    assert_eq!(loaded.config.poll.interval, Duration::from_secs(10));
    assert_eq!(loaded.config.poll.concurrency, 2);
}
