use registrywatcher::ports::DeployError;
use registrywatcher::watch::Workload;

const SHAPE: &str = "an address has `container`, the name of one";

/// The name of the container that `workload` is.
pub(crate) fn container(workload: &Workload) -> Result<&str, DeployError> {
    let invalid = |problem| DeployError::InvalidAddress {
        workload: workload.clone(),
        problem,
    };
    if let Some((key, _)) = workload.address.iter().find(|(key, _)| *key != "container") {
        return Err(invalid(format!("`{key}` is unknown; {SHAPE}")));
    }
    let name = workload.address.get("container");
    let name = name.ok_or_else(|| invalid(format!("`container` is missing; {SHAPE}")))?;
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
        refuses(&[], "`container` is missing");
        refuses(&[("service", "web")], "`service` is unknown");
        refuses(&[("container", "a/b")], "no name of a container");
        refuses(&[("container", "")], "no name of a container");
        refuses(&[("container", "0123456789ab")], "give its name");
    }
}
