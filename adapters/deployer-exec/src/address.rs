use std::collections::BTreeMap;

use registrywatcher::ports::DeployError;
use registrywatcher::watch::{Unit, Workload};

/// The parts of a workload's address under the names of their variables: `name` is `RW_WORKLOAD_NAME`.
///
/// Any part may be given, or none; a key starts with a letter and goes on with letters, digits, `_` and `-`.
pub(crate) fn variables(workload: &Workload) -> Result<BTreeMap<String, &str>, DeployError> {
    let mut variables = BTreeMap::new();
    for (key, value) in workload.address.iter() {
        let Some(name) = variable_name(key) else {
            let key = key.escape_debug();
            return Err(invalid(
                workload,
                format!(
                    "`{key}` cannot name a variable; use a letter, then letters, digits, `_` and `-`"
                ),
            ));
        };
        if value.contains('\0') {
            return Err(invalid(
                workload,
                format!("the value of `{key}` holds a NUL character"),
            ));
        }
        if variables.insert(name, value).is_some() {
            return Err(invalid(
                workload,
                format!("`{key}` stands there twice in other spellings"),
            ));
        }
    }
    Ok(variables)
}

/// Each address rolls as one of its own.
pub(crate) fn unit(workload: &Workload) -> Result<Unit, DeployError> {
    variables(workload)?;
    let parts: Vec<String> = workload
        .address
        .iter()
        .map(|(key, value)| format!("{key}={}", escape(value)))
        .collect();
    Ok(Unit::new(&workload.deployer, &parts.join(",")))
}

/// Keeps two addresses apart when a value holds what separates the parts.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace(',', "\\,")
}

fn variable_name(key: &str) -> Option<String> {
    let is_name = key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    is_name.then(|| format!("RW_WORKLOAD_{}", key.to_ascii_uppercase().replace('-', "_")))
}

fn invalid(workload: &Workload, problem: String) -> DeployError {
    DeployError::InvalidAddress {
        workload: workload.clone(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use registrywatcher_conformance::samples::workload;

    use super::*;

    #[track_caller]
    fn rejects(address: &[(&str, &str)], message: &str) {
        let error = variables(&workload("hooks", address)).expect_err("the address is at fault");
        assert!(error.to_string().contains(message), "{error}");
    }

    #[test]
    fn each_part_of_an_address_becomes_a_variable() {
        let workload = workload("hooks", &[("data-center", "eu"), ("name", "web")]);
        let variables = variables(&workload).unwrap();
        let expected = [
            ("RW_WORKLOAD_DATA_CENTER", "eu"),
            ("RW_WORKLOAD_NAME", "web"),
        ];
        assert!(
            variables
                .iter()
                .map(|(name, value)| (name.as_str(), *value))
                .eq(expected)
        );
    }

    #[test]
    fn a_part_that_cannot_be_a_variable_is_refused() {
        rejects(&[("", "web")], "`` cannot name a variable");
        rejects(&[("1st", "web")], "`1st` cannot name a variable");
        rejects(&[("a=b", "web")], "`a=b` cannot name a variable");
        rejects(&[("name", "a\0b")], "the value of `name` holds a NUL");
        rejects(
            &[("data-center", "eu"), ("data_center", "us")],
            "`data_center` stands there twice",
        );
    }

    #[test]
    fn each_address_is_a_unit_of_its_own() {
        let unit = |address: &[(&str, &str)]| unit(&workload("hooks", address)).unwrap();
        assert_eq!(unit(&[]).as_str(), "hooks:");
        assert_eq!(unit(&[("name", "web")]).as_str(), "hooks:name=web");
        assert_ne!(unit(&[("a", "1,b=2")]), unit(&[("a", "1"), ("b", "2")]));
    }
}
