use crate::watch::{WatchName, Workload};

/// How many characters of the deployer and the address stay where they have to be cut.
const MOST: usize = 90;

/// The name of the watch of a workload that names none: that of its deployer, and what its address is made of.
///
/// It only depends on the workload, so that it is the same after each restart. What a name cannot hold is replaced; then, so
/// that no two workloads have one name, a hash of the whole is added.
pub(super) fn derive(workload: &Workload) -> WatchName {
    let parts: Vec<&str> = workload.address.iter().map(|(_, value)| value).collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut name = workload.deployer.to_string();
    for part in &parts {
        name.push('.');
        name.extend(part.chars().map(|c| if is_plain(c) { c } else { '-' }));
    }
    let is_exact = parts
        .iter()
        .all(|part| !part.is_empty() && part.chars().all(is_plain));
    if !is_exact || name.len() > MOST {
        name.truncate(MOST);
        name = format!("{name}-{:08x}", hash(&workload.to_string()));
    }
    WatchName::from_checked(name)
}

/// FNV-1a, folded to 32 bits: it has to be the same in every version.
fn hash(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 32)) & 0xffff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(deployer: &str, address: &[(&str, &str)]) -> String {
        let workload = Workload {
            deployer: deployer.parse().unwrap(),
            address: address.into(),
        };
        let name = derive(&workload).to_string();
        assert_eq!(name.parse::<WatchName>().unwrap().as_str(), name);
        name
    }

    #[test]
    fn a_name_is_that_of_the_deployer_and_what_the_address_is_made_of() {
        let address = [("job", "shop"), ("group", "web"), ("task", "server")];
        assert_eq!(named("production", &address), "production.web.shop.server");
        assert_eq!(named("local", &[]), "local");
    }

    #[test]
    fn what_a_name_cannot_hold_is_replaced_and_told_apart_by_a_hash() {
        let slash = named("nomad", &[("job", "batch/report")]);
        let space = named("nomad", &[("job", "batch report")]);
        assert_eq!(slash, "nomad.batch-report-03278e8c");
        assert!(space.starts_with("nomad.batch-report-") && space != slash);
        // The parts of an address must not be confused either.
        let one = named("n", &[("a", "x.y"), ("b", "z")]);
        let other = named("n", &[("a", "x"), ("b", "y.z")]);
        assert_ne!(one, other);
        assert_ne!(
            named("n", &[("a", ""), ("b", "x")]),
            named("n", &[("a", "x"), ("b", "")])
        );
    }

    #[test]
    fn a_long_name_is_cut_and_stays_one_of_its_own() {
        let long = "x".repeat(200);
        let longer = "x".repeat(201);
        let (long, longer) = (
            named("n", &[("job", &long)]),
            named("n", &[("job", &longer)]),
        );
        assert!(long.len() <= 100 && long != longer, "{long}");
    }

    #[test]
    fn a_name_of_other_scripts_is_still_a_name() {
        assert!(named("nomad", &[("job", "größe")]).starts_with("nomad.gr--e-"));
    }
}
