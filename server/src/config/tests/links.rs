use super::*;

const WATCH: &str =
    "[watches.web]\nimage = 'ghcr.io/acme/web'\nworkloads = [{ deployer = 'one', job = 'web' }]\n";

#[test]
fn a_link_is_ours_and_not_the_kinds() {
    let text =
        format!("[deployers.one]\nkind = 'nomad'\nlink = 'https://nomad.example/{{job}}'\n{WATCH}");
    let config = load(&text);
    let deployer = &config.deployers[&"one".parse().unwrap()];
    assert!(deployer.settings.is_empty());
    let workload = &config.watches[&"web".parse().unwrap()].workloads[0];
    let link = deployer.link.as_ref().unwrap().to(&workload.address);
    assert_eq!(link.as_deref(), Some("https://nomad.example/web"));
    assert_eq!(
        load(&config.to_toml()),
        config,
        "what is printed reads the same"
    );
}

#[test]
fn a_link_that_leads_nowhere_is_told() {
    faults::refuses(
        &format!(
            "[deployers.one]\nkind = 'nomad'\nlink = 'https://nomad.example/{{job}}@{{namespace}}'\n{WATCH}"
        ),
        &[
            "deployers.one.link: names `{namespace}`, which `one:job=web` does not have; give it one, or write the value into the link",
        ],
    );
    faults::refuses(
        "[deployers.one]\nkind = 'nomad'\nlink = 'nomad.example'\n[deployers.two]\nkind = 'nomad'\nlink = 1",
        &[
            "deployers.one.link: a link begins with `https://` or `http://` and a host",
            "deployers.two.link: expected a string, such as `link = \"https://nomad.example/ui/jobs/{job}\"`",
        ],
    );
}
