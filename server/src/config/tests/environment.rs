use super::*;

#[test]
fn a_variable_wins_over_the_files() {
    let toml = "[poll]\ninterval = '5m'\n[log]\nformat = 'text'";
    let environment = [
        ("REGISTRYWATCHER_POLL__INTERVAL", "10s"),
        ("REGISTRYWATCHER_POLL__CONCURRENCY", "3"),
        ("REGISTRYWATCHER_LOG__FORMAT", "json"),
        ("REGISTRYWATCHER_DOCKER_CONFIG", "false"),
    ];
    let config = load_with(toml, &environment).config;
    assert_eq!(
        (config.poll.interval, config.poll.concurrency),
        (Duration::from_secs(10), 3)
    );
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.docker_config, DockerConfig::Off);
}

#[test]
fn text_that_looks_like_a_number_or_a_boolean_stays_text() {
    for secret in [
        "00123",
        "123",
        "true",
        "1e3",
        "[a]",
        "{ a = 1 }",
        "\"quoted\"",
    ] {
        let toml = "[registries.'ghcr.io']\nusername = 'bot'";
        let variable = "REGISTRYWATCHER_REGISTRIES__GHCR_IO__PASSWORD";
        let config = load_with(toml, &[(variable, secret)]).config;
        let Some(Login::Password { password, .. }) =
            &config.registries[&"ghcr.io".parse().unwrap()].login
        else {
            panic!("a login");
        };
        assert_eq!(password.expose(), secret);
    }
}

#[test]
fn a_variable_reaches_names_with_capitals_and_dashes() {
    let toml = watch_with("").replace("watches.web", "watches.Web-Shop");
    let config = load_with(
        &toml,
        &[("REGISTRYWATCHER_WATCHES__WEB_SHOP__INTERVAL", "7s")],
    )
    .config;
    assert_eq!(only_watch(&config).interval, Duration::from_secs(7));
}

#[test]
fn a_variable_can_name_what_no_file_does() {
    let config = load_with("", &[("REGISTRYWATCHER_DEPLOYERS__LOCAL__KIND", "nomad")]).config;
    assert_eq!(config.deployers[&"local".parse().unwrap()].kind, "nomad");
}

#[test]
fn variables_that_are_no_keys_and_empty_ones_are_left_alone() {
    let environment = [
        ("REGISTRYWATCHER_CONFIG", "/etc/registrywatcher.toml"),
        ("REGISTRYWATCHER_POLL__INTERVAL", ""),
        ("POLL__INTERVAL", "1s"),
        ("DATABASE_URL", ""),
    ];
    let loaded = load_with("", &environment);
    assert_eq!(loaded.config, Sources::new().load().unwrap().config);
    assert_eq!(loaded.warnings, []);
}

#[test]
fn a_misspelt_variable_is_a_fault_that_names_it() {
    assert_eq!(
        faults_with(
            "",
            &[
                ("REGISTRYWATCHER_POLL__INTERVALL", "1s"),
                ("REGISTRYWATCHER_POLL__TIMEOUT", "soon")
            ]
        ),
        [
            "environment variable REGISTRYWATCHER_POLL__INTERVALL: poll.intervall: unknown key; did you mean `interval`?",
            "environment variable REGISTRYWATCHER_POLL__TIMEOUT: poll.timeout: `soon` is no duration, such as `59s` or \
             `1m30s`: expected number at 0",
        ]
    );
}

#[test]
fn the_database_url_of_the_environment_wins_over_the_file() {
    let url = "postgres://rw:secret@db.example/rw?sslmode=disable";
    for toml in [
        "",
        "[store]\nurl = 'sqlite://here.db'",
        "[store]\nurl_file = '/nowhere'",
    ] {
        let config = load_with(toml, &[("DATABASE_URL", url)]).config;
        assert_eq!(config.store.url, Secret::inline(url), "over {toml:?}");
    }
    let environment = [
        ("DATABASE_URL", url),
        ("REGISTRYWATCHER_STORE__URL", "sqlite://own.db"),
    ];
    let config = load_with("", &environment).config;
    assert_eq!(
        config.store.url.expose(),
        "sqlite://own.db",
        "its own variable wins over both"
    );
}
