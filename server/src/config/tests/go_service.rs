use super::*;

/// The Go service's own sample, as it is.
const SAMPLE: &str = r#"
# Webserver
server_listening_address = "0.0.0.0:8080"

# Worker
poll_interval = "59s"

# Docker Client
watched_repositories = [
    "registrywatcher"
]

# Slack Client
webhook_url = "$YOUR_SLACK_URL_HERE"

# Postgres Client
database_url = "postgresql://registry-watcher:registry-watcher@localhost:5432/registry-watcher?sslmode=disable"
create_database_schema = true

# Dockerhub API Client
dockerhub_url = "https://hub.docker.com"
dockerhub_namespace = "namespace"
dockerhub_username = "user"
dockerhub_secret = "secret"

# Tests
is_test = false

# Docker Registry information (to be interpolated by Nomad)
[registry_map.dockerhub]
registry_scheme = "https"
registry_domain = "registry-1.docker.io"
registry_prefix = "some_prefix"
registry_auth = "$YOUR_AUTH_STRING_HERE"

# Repository information

[repo_map.registrywatcher]
registry_name = "codefresh"
nomad_job_name = "registrywatcher"
nomad_task_name = "registrywatcher"
"#;

const REPO: &str = "nomad_job_name = 'job'\nnomad_task_name = 'task'\n";

/// One watched repository `web` of the registry `hub`, which `lines` describes.
fn registry_with(lines: &str) -> String {
    format!(
        "watched_repositories = ['web']\ndatabase_url = 'sqlite://rw.db'\n\
         [registry_map.hub]\n{lines}\n[repo_map.web]\nregistry_name = 'hub'\n{REPO}"
    )
}

fn texts(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(Finding::to_string).collect()
}

#[test]
fn the_sample_is_accepted_as_it_is() {
    let Loaded { config, warnings } = load_with(SAMPLE, &[]);
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:8080");
    assert_eq!(config.poll.interval, Duration::from_secs(59));
    assert_eq!(
        config.store.url.expose(),
        "postgresql://registry-watcher:registry-watcher@localhost:5432/registry-watcher?sslmode=disable"
    );
    assert!(config.notifications.is_empty());
    assert_eq!(config.registries[&"docker.io".parse().unwrap()].login, None);
    assert_eq!(config.deployers[&"nomad".parse().unwrap()].kind, "nomad");
    let watch = only_watch(&config);
    assert_eq!(
        watch.image.to_string(),
        "docker.io/some_prefix/registrywatcher"
    );
    assert_eq!(
        watch.workloads[0].to_string(),
        "nomad:job=registrywatcher,task=registrywatcher"
    );
    assert_eq!(watch.interval, Duration::from_secs(59));
    assert_eq!(
        watch.policy.to_string(),
        r"semver *, include ^v\d{1,3}\.\d{1,3}\.\d{1,3}$, exclude [0-9a-fA-F]{40}"
    );
    assert_eq!(
        texts(&warnings),
        [
            "test.toml: create_database_schema: has no meaning any more; remove it",
            "test.toml: dockerhub_namespace: has no meaning any more; remove it",
            "test.toml: dockerhub_secret: has no meaning any more; remove it",
            "test.toml: dockerhub_url: has no meaning any more; remove it",
            "test.toml: dockerhub_username: has no meaning any more; remove it",
            "test.toml: is_test: has no meaning any more; remove it",
            "test.toml: webhook_url: was never filled in; nobody is told what happens",
            "test.toml: repo_map.registrywatcher.registry_name: `codefresh` is not in `registry_map`; its only entry \
             `dockerhub` is used",
            "test.toml: registry_map.dockerhub.registry_auth: was never filled in; the registry is asked without a login",
        ]
    );
}

#[test]
fn the_sample_is_refused_a_network_until_it_has_a_token() {
    let refusal = load_with(SAMPLE, &[])
        .config
        .check_exposure()
        .unwrap_err()
        .to_string();
    let (_, lines) = refusal.split_once("configuration:\n").unwrap();
    let lines = lines.replace("<sha-256 of the token>", &token_hash("secret").to_string());
    let config = load_with(&format!("{SAMPLE}{lines}"), &[]).config;
    assert_eq!(config.auth.tokens[0].token.name.as_str(), "operator");
    assert_eq!(config.check_exposure(), Ok(()));
}

#[test]
fn the_sample_filled_in_is_translated_and_the_translation_reads_the_same() {
    let toml = SAMPLE
        .replace(
            "$YOUR_SLACK_URL_HERE",
            "https://hooks.slack.com/services/T0/B0/hunter2",
        )
        // user:pass:word
        .replace("$YOUR_AUTH_STRING_HERE", "dXNlcjpwYXNzOndvcmQ=")
        .replace("codefresh", "dockerhub");
    let environment = [
        (
            "DATABASE_URL",
            "postgres://rw:hunter2@db.example/rw?sslmode=disable",
        ),
        ("NOMAD_ADDR", "https://nomad.example:4646"),
        ("NOMAD_TOKEN", "00123"),
        ("NOMAD_SKIP_VERIFY", "true"),
        ("VAULT_TOKEN", "hunter2"),
    ];
    let config = load_with(&toml, &environment).config;
    let hub = &config.registries[&"docker.io".parse().unwrap()];
    let login = Login::Password {
        username: "user".into(),
        password: Secret::inline("pass:word"),
    };
    assert_eq!(hub.login, Some(login));
    let nomad = &config.deployers[&"nomad".parse().unwrap()];
    assert_eq!(
        serde_json::Value::from(nomad.settings.clone()),
        serde_json::json!({
            "address": "https://nomad.example:4646",
            "token": "00123",
            "skip_verify": true,
            "vault_token": "hunter2",
        })
    );
    let printed = config.to_toml();
    for secret in ["hunter2", "pass:word", "00123"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    let filled_in = printed
        .replace("password = \"<redacted>\"", "password = \"pass:word\"")
        .replace("\ntoken = \"<redacted>\"", "\ntoken = \"00123\"")
        .replace("slack.com/<redacted>", "slack.com/services/T0/B0/hunter2")
        .replace(REDACTED, "hunter2");
    assert_eq!(load(&filled_in), config, "from:\n{printed}");
}

#[test]
fn the_example_is_what_the_sample_translates_to() {
    let example = include_str!("../../../../config/examples/go-service.toml");
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("database-url", "postgres://rw@db.example/rw"),
        ("docker-hub", "hunter2"),
        ("slack", "https://hooks.slack.com/services/T0/B0/hunter2"),
        ("operator.sha256", &token_hash("hunter2").to_string()),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let example = load(&example.replace("/run/secrets", &folder.path().display().to_string()));
    let sample = load_with(SAMPLE, &[]).config;
    assert_eq!(example.watches, sample.watches);
    assert_eq!(example.server, sample.server);
    assert_eq!(example.poll, sample.poll);
    assert!(example.registries.keys().eq(sample.registries.keys()));
    assert!(example.deployers.keys().eq(sample.deployers.keys()));
}

#[test]
fn an_image_is_domain_prefix_and_name() {
    for (lines, image, plain_http) in [
        (
            "registry_domain = 'registry-1.docker.io'\nregistry_prefix = 'team'",
            "docker.io/team/web",
            false,
        ),
        (
            "registry_domain = 'ghcr.io'\nregistry_prefix = '/acme/apps/'",
            "ghcr.io/acme/apps/web",
            false,
        ),
        (
            "registry_domain = 'registry.example:5000/'\nregistry_scheme = 'http'",
            "registry.example:5000/web",
            true,
        ),
    ] {
        let config = load(&registry_with(lines));
        assert_eq!(only_watch(&config).image.to_string(), image, "of {lines}");
        let registry = config.registries.values().next().unwrap();
        assert_eq!(registry.plain_http, plain_http, "of {lines}");
    }
}

#[test]
fn a_login_may_end_in_a_line_break_that_was_encoded_along() {
    // `echo blah:blah | base64`, as in the service's test file
    let lines = "registry_domain = 'ghcr.io'\nregistry_auth = 'YmxhaDpibGFoCg=='";
    let config = load(&registry_with(lines));
    let login = Login::Password {
        username: "blah".into(),
        password: Secret::inline("blah"),
    };
    assert_eq!(
        config.registries.values().next().unwrap().login,
        Some(login)
    );
}

#[test]
fn all_faults_of_a_go_file_are_told_under_its_own_keys() {
    let toml = "poll_intervall = '5s'\nwatched_repositories = ['web', 'shop', 'api', 'Docs']\nis_test = true\n\
                [registry_map.hub]\nregistry_domain = 'https://ghcr.io'\nregistry_scheme = 'ftp'\nregistry_auth = '%%'\n\
                [registry_map.quay]\nregistry_domain = 'quay.io'\n\
                [repo_map.web]\nregistry_name = 'hub'\nnomad_job_name = 'web'\n\
                [repo_map.shopp]\nregistry_name = 'quay'\nnomad_job_name = 'web'\nnomad_task_name = 'web'\n\
                [repo_map.api]\nregistry_name = 'codefresh'\nnomad_job_name = 'a'\nnomad_task_name = 'a'\n\
                [repo_map.Docs]\nregistry_name = 'quay'\nnomad_job_name = 'd'\nnomad_task_name = 'd'\n";
    assert_eq!(
        faults_with(toml, &[]),
        [
            "test.toml: poll_intervall: unknown key; did you mean `poll_interval`?",
            "test.toml: registry_map.hub.registry_domain: a registry reads `host` or `host:port`, such as `ghcr.io`, \
             found `https://ghcr.io`",
            "test.toml: registry_map.hub.registry_auth: expected base64 of `user:password`; \
             `printf %s 'user:password' | base64` makes it",
            "test.toml: registry_map.hub.registry_scheme: expected `https` or `http`, found `ftp`",
            "test.toml: repo_map.web.nomad_task_name: missing",
            "test.toml: repo_map.shop: is missing, but `shop` is watched; did you mean `shopp`?",
            "test.toml: repo_map.api.registry_name: `codefresh` is not in `registry_map`; known are `hub`, `quay`",
            "test.toml: repo_map.Docs: `quay.io/Docs` names no repository: a repository's path is lower-case",
        ]
    );
}

#[test]
fn one_registry_has_one_login() {
    let two = |auth: &str| {
        format!(
            "watched_repositories = ['a', 'b']\ndatabase_url = 'sqlite://rw.db'\n\
             [registry_map.one]\nregistry_domain = 'ghcr.io'\nregistry_prefix = 'one'\nregistry_auth = 'YTpi'\n\
             [registry_map.two]\nregistry_domain = 'ghcr.io'\nregistry_prefix = 'two'\nregistry_auth = '{auth}'\n\
             [repo_map.a]\nregistry_name = 'one'\nnomad_job_name = 'a'\nnomad_task_name = 'a'\n\
             [repo_map.b]\nregistry_name = 'two'\nnomad_job_name = 'b'\nnomad_task_name = 'b'\n"
        )
    };
    assert_eq!(load(&two("YTpi")).watches.len(), 2);
    assert_eq!(
        faults_with(&two("Yjpj"), &[]),
        [
            "test.toml: registry_map.two: is ghcr.io as `one` is, but differs from it; a registry has one login"
        ]
    );
}

#[test]
fn a_database_url_that_was_never_filled_in_needs_the_environment() {
    let toml = "watched_repositories = []\ndatabase_url = '$DATABASE_URL'";
    assert_eq!(
        faults_with(toml, &[]),
        ["test.toml: database_url: was never filled in; write a URL or set DATABASE_URL"]
    );
    let loaded = load_with(toml, &[("DATABASE_URL", "sqlite://rw.db")]);
    assert_eq!(loaded.config.store.url.expose(), "sqlite://rw.db");
    let loaded = load_with("watched_repositories = []", &[]);
    assert_eq!(
        texts(&loaded.warnings),
        ["test.toml: database_url: is not given; a new SQLite database is used"]
    );
}

#[test]
fn sections_of_the_new_shape_win_inside_a_go_file() {
    let toml = format!(
        "poll_interval = '59s'\n{}[poll]\ninterval = '10s'\n[deployers.nomad]\nnamespace = 'apps'\n",
        registry_with("registry_domain = 'ghcr.io'")
    );
    let config = load_with(&toml, &[("NOMAD_ADDR", "http://nomad.example:4646")]).config;
    assert_eq!(config.poll.interval, Duration::from_secs(10));
    let settings = &config.deployers[&"nomad".parse().unwrap()].settings;
    assert_eq!(settings["namespace"], "apps");
    assert_eq!(settings["address"], "http://nomad.example:4646");
}

#[test]
fn a_repository_that_is_described_and_not_watched_is_warned_of() {
    let toml = format!(
        "{}[repo_map.test]\n{REPO}test = 'test'\n",
        registry_with("registry_domain = 'ghcr.io'")
    );
    let loaded = load_with(&toml, &[]);
    assert_eq!(loaded.config.watches.len(), 1);
    assert_eq!(
        texts(&loaded.warnings),
        [
            "test.toml: repo_map.test.test: has no meaning any more; remove it",
            "test.toml: repo_map.test: is not listed in `watched_repositories`, so it is not watched",
        ]
    );
}
