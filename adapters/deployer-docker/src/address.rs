use registrywatcher::ports::DeployError;
use registrywatcher::watch::Workload;

const SHAPE: &str = "an address has `container` (or `name`), the name of one";

/// What the name of a container is called, and what every kind of deployer calls the name of a workload.
const KEYS: [&str; 2] = ["container", "name"];

/// The name of the container that `workload` is.
pub(crate) fn container(workload: &Workload) -> Result<&str, DeployError> {
    let invalid = |problem| DeployError::InvalidAddress {
        workload: workload.clone(),
        problem,
    };
    let mut parts = workload.address.iter();
    if let Some((key, _)) = parts.find(|(key, _)| !KEYS.contains(key)) {
        return Err(invalid(format!("`{key}` is unknown; {SHAPE}")));
    }
    let name = match KEYS.map(|key| workload.address.get(key)) {
        [Some(name), None] | [None, Some(name)] => name,
        [None, None] => return Err(invalid(format!("`container` is missing; {SHAPE}"))),
        [Some(_), Some(_)] => {
            return Err(invalid(
                "`container` and `name` are the same; give one".to_owned(),
            ));
        }
    };
    if !is_name(name) {
        return Err(invalid(format!(
            "`{name}` is no name of a container: it has letters, digits, `_`, `.` and `-`"
        )));
    }
    if is_id(name) {
        return Err(invalid(format!(
            "`{name}` is the id of a container, which changes with each deployment; give its name"
        )));
    }
    Ok(name)
}

/// `[a-zA-Z0-9][a-zA-Z0-9_.-]+`
fn is_name(text: &str) -> bool {
    let inner = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'-');
    text.len() > 1
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(inner)
}

fn is_id(text: &str) -> bool {
    matches!(text.len(), 12 | 64) && text.bytes().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use registrywatcher_conformance::samples::workload;

    #[track_caller]
    fn refuses(parts: &[(&str, &str)], message: &str) {
        let workload = workload("docker", parts);
        let error = container(&workload).unwrap_err();
        assert!(
            matches!(error, DeployError::InvalidAddress { .. }),
            "{error}"
        );
        assert!(error.to_string().contains(message), "{error}");
    }

    #[test]
    fn an_address_names_a_container() {
        let web = workload("docker", &[("container", "shop_web.1")]);
        assert_eq!(container(&web).unwrap(), "shop_web.1");
        let named = workload("docker", &[("name", "shop_web.1")]);
        assert_eq!(container(&named).unwrap(), "shop_web.1");
        refuses(&[("container", "web"), ("name", "web")], "give one");
        refuses(&[], "`container` is missing");
        refuses(&[("service", "web")], "`service` is unknown");
        refuses(&[("container", "a/b")], "no name of a container");
        refuses(&[("container", "")], "no name of a container");
        refuses(&[("container", "0123456789ab")], "give its name");
    }
}
