use registrywatcher::ports::DeployError;
use registrywatcher::watch::Workload;

const SHAPE: &str = "an address has `service` (or `name`), the name of one";

/// What the name of a service is called, and what every kind of deployer calls the name of a workload.
const KEYS: [&str; 2] = ["service", "name"];

/// The name of the service that `workload` is.
pub(crate) fn service(workload: &Workload) -> Result<&str, DeployError> {
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
        [None, None] => return Err(invalid(format!("`service` is missing; {SHAPE}"))),
        [Some(_), Some(_)] => {
            return Err(invalid(
                "`service` and `name` are the same; give one".to_owned(),
            ));
        }
    };
    if !is_name(name) {
        return Err(invalid(format!(
            "`{name}` is no name of a service: it has letters, digits, `_` and `-`, 63 at most"
        )));
    }
    Ok(name)
}

/// `[a-zA-Z0-9]([-_]*[A-Za-z0-9]+)*`
fn is_name(text: &str) -> bool {
    let is_edge = |c: Option<u8>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-');
    text.len() <= 63
        && is_edge(text.bytes().next())
        && is_edge(text.bytes().last())
        && text.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use registrywatcher_conformance::samples::workload;

    #[track_caller]
    fn refuses(parts: &[(&str, &str)], message: &str) {
        let workload = workload("swarm", parts);
        let error = service(&workload).unwrap_err();
        assert!(
            matches!(error, DeployError::InvalidAddress { .. }),
            "{error}"
        );
        assert!(error.to_string().contains(message), "{error}");
    }

    #[test]
    fn an_address_names_a_service() {
        let web = workload("swarm", &[("service", "shop_web-1")]);
        assert_eq!(service(&web).unwrap(), "shop_web-1");
        let named = workload("swarm", &[("name", "shop_web-1")]);
        assert_eq!(service(&named).unwrap(), "shop_web-1");
        refuses(&[("service", "web"), ("name", "web")], "give one");
        refuses(&[], "`service` is missing");
        refuses(&[("container", "web")], "`container` is unknown");
        for wrong in ["", "a/b", "web.1", "-web", "web_", &"w".repeat(64)] {
            refuses(&[("service", wrong)], "no name of a service");
        }
    }
}
