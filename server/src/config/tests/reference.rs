//! `docs/configuration.md`: written from `config/default.toml`, and from the settings of each kind of deployer.

mod deployers;
mod tables;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::deployers::catalogue;

const HEAD: &str = "\
<!-- Written by a test, from config/default.toml and the settings of each deployer:
     REGISTRYWATCHER_UPDATE=1 cargo test --package registrywatcher-server --lib reference -->

# Configuration

";

fn written() -> String {
    let defaults = include_str!("../../../../config/default.toml");
    [HEAD, &tables::of(defaults), &deployers::tables()].concat()
}

#[test]
#[cfg_attr(
    not(feature = "kubernetes"),
    ignore = "the document tells of all kinds"
)]
fn the_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let written = written();
    #[expect(clippy::disallowed_methods, reason = "it is no setting of the service")]
    let update = std::env::var("REGISTRYWATCHER_UPDATE").is_ok_and(|value| value == "1");
    if update {
        fs::write(&path, &written).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == written,
        "docs/configuration.md is out of date: run this test with REGISTRYWATCHER_UPDATE=1, and commit the file"
    );
}

#[test]
fn the_reference_tells_of_every_kind_of_deployer() {
    let told: BTreeSet<&str> = deployers::names().collect();
    assert_eq!(format!("{told:?}"), format!("{:?}", catalogue()));
}

#[test]
fn a_key_has_a_row_with_its_default_and_its_comment() {
    let toml = "\
        # All of it.\n\
        \n\
        # What it is for.\n\
        [poll]\n\
        # How often,\n\
        # at least.\n\
        interval = \"60s\"\n\
        # Whether `a|b`.\n\
        #secret = \"x\"\n\
        #secret_file = \"/x\"\n";
    assert_eq!(
        tables::of(toml),
        "All of it.\n\n\
         ## `[poll]`\n\n\
         What it is for.\n\n\
         | key | default, or an example | |\n|---|---|---|\n\
         | `interval` | `\"60s\"` | How often, at least. |\n\
         | `secret`<br>`secret_file` | e.g. `\"x\"`<br>e.g. `\"/x\"` | Whether `a\\|b`. |\n\n"
    );
}
