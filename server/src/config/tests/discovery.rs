use super::*;

#[test]
fn workloads_are_looked_for_only_where_it_is_switched_on() {
    let config = load(
        "[deployers.one]\nkind = 'nomad'\ndiscover = true\n\
         [deployers.two]\nkind = 'nomad'\ndiscover = true\ndiscover_interval = '5m'\nwait = '2s'\n\
         [deployers.three]\nkind = 'nomad'\ndiscover = false\ndiscover_interval = '5m'\n\
         [deployers.four]\nkind = 'nomad'",
    );
    let interval = |name: &str| {
        let deployer = &config.deployers[&name.parse().unwrap()];
        deployer.discover.as_ref().map(|discover| discover.interval)
    };
    assert_eq!(interval("one"), Some(Duration::from_mins(1)));
    assert_eq!(interval("two"), Some(Duration::from_mins(5)));
    assert_eq!((interval("three"), interval("four")), (None, None));
    let kept = &config.deployers[&"two".parse().unwrap()].settings;
    let kept: Vec<&String> = kept.keys().collect();
    assert_eq!(kept, ["wait"], "the rest is the kind's");
}

#[test]
fn the_environment_can_switch_it_on() {
    let variable = ("REGISTRYWATCHER_DEPLOYERS__PRODUCTION__DISCOVER", "true");
    let Loaded { config, .. } = load_with(DEPLOYER, &[variable]);
    let deployer = config.deployers.values().next().unwrap();
    assert!(deployer.discover.is_some());
}

#[test]
fn what_is_printed_reads_the_same() {
    let text = "[deployers.one]\nkind = 'nomad'\ndiscover = true\ndiscover_interval = '5m'";
    let config = load(text);
    assert_eq!(load(&config.to_toml()), config);
    assert!(config.to_toml().contains("discover_interval = \"5m\""));
    let other = load("[deployers.one]\nkind = 'nomad'");
    assert_ne!(other.fingerprint(), config.fingerprint());
}

#[test]
fn bad_values_are_told() {
    faults::refuses(
        "[deployers.one]\nkind = 'nomad'\ndiscover = 'always'\n\
         [deployers.two]\nkind = 'nomad'\ndiscover = true\ndiscover_interval = 60\n\
         [deployers.three]\nkind = 'nomad'\ndiscover_interval = '10ms'",
        &[
            "deployers.one.discover: expected `true` or `false`",
            "deployers.three.discover_interval: expected 1s or more, found 10ms",
            "deployers.two.discover_interval: expected a duration with its unit in quotes, such as `59s` or `1m30s`",
        ],
    );
}

#[test]
fn names_that_no_section_has_may_be_those_of_what_is_discovered() {
    let text = |discover: bool| {
        format!(
            "[deployers.one]\nkind = 'nomad'\ndiscover = {discover}\n\
             [notifications.slack]\nwebhook_url = 'https://hooks.slack.com/services/T/B/x'\nwatches = ['one.*']\n\
             [[auth.tokens]]\nname = 'ops'\nrole = 'admin'\nwatches = ['one.web']\n\
             sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'"
        )
    };
    assert_eq!(load_with(&text(false), &[]).warnings.len(), 2);
    assert_eq!(load_with(&text(true), &[]).warnings, []);
}

#[test]
fn a_dry_run_deploys_nothing_that_is_configured() {
    let mut config = load(&watch_with(""));
    config.run_dry();
    assert_eq!(only_watch(&config).mode, Mode::Observe);
    assert!(config.dry_run);
}
