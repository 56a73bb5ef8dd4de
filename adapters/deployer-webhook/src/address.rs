use registrywatcher::ports::DeployError;
use registrywatcher::watch::{Unit, Workload};

/// Each address rolls as one of its own. A key starts with a letter and goes on with letters, digits, `_` and `-`.
pub(crate) fn unit(workload: &Workload) -> Result<Unit, DeployError> {
    let mut parts = Vec::new();
    for (key, value) in workload.address.iter() {
        if !is_name(key) {
            return Err(DeployError::InvalidAddress {
                workload: workload.clone(),
                problem: format!(
                    "`{}` is no name of a part; use a letter, then letters, digits, `_` and `-`",
                    key.escape_debug()
                ),
            });
        }
        parts.push(format!("{key}={}", escape(value)));
    }
    Ok(Unit::new(&workload.deployer, &parts.join(",")))
}

/// Keeps two addresses apart when a value holds what separates the parts.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace(',', "\\,")
}

fn is_name(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use registrywatcher_conformance::samples::workload;

    use super::*;

    #[test]
    fn each_address_is_a_unit_of_its_own() {
        let unit = |address: &[(&str, &str)]| unit(&workload("platform", address)).unwrap();
        assert_eq!(unit(&[]).as_str(), "platform:");
        assert_eq!(unit(&[("name", "web")]).as_str(), "platform:name=web");
        assert_ne!(unit(&[("a", "1,b=2")]), unit(&[("a", "1"), ("b", "2")]));
    }

    #[test]
    fn a_part_without_a_proper_name_is_refused() {
        for key in ["", "1st", "a b", "a=b"] {
            let error = unit(&workload("platform", &[(key, "web")])).unwrap_err();
            assert!(
                error.to_string().contains("is no name of a part"),
                "{error}"
            );
        }
    }
}
