use registrywatcher::ports::DeployError;
use registrywatcher::watch::Workload;

use crate::kind::Kind;

/// Where a workload is in Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) namespace: String,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) container: Option<String>,
}

const SHAPE: &str = "an address has `name`, and perhaps `namespace`, `kind` (deployment, statefulset, \
                     daemonset, cronjob; a deployment if nothing is said) and `container`";

/// The longest name of an object, and of a namespace or container.
const MAX_SUBDOMAIN: usize = 253;
const MAX_LABEL: usize = 63;

impl Address {
    /// Reads the address of `workload`; `namespace` holds where it names none.
    pub(crate) fn read(workload: &Workload, namespace: &str) -> Result<Self, DeployError> {
        let invalid = |problem| DeployError::InvalidAddress {
            workload: workload.clone(),
            problem,
        };
        for (key, value) in workload.address.iter() {
            let is_right = match key {
                "kind" => Kind::named(value).is_some(),
                "name" => is_subdomain(value),
                "namespace" | "container" => is_label(value),
                _ => return Err(invalid(format!("`{key}` is unknown; {SHAPE}"))),
            };
            if !is_right {
                return Err(invalid(format!("`{key}` cannot be `{value}`; {SHAPE}")));
            }
        }
        let part = |key: &str| workload.address.get(key).map(str::to_owned);
        Ok(Self {
            namespace: part("namespace").unwrap_or_else(|| namespace.to_owned()),
            kind: workload
                .address
                .get("kind")
                .and_then(Kind::named)
                .unwrap_or(Kind::Deployment),
            name: part("name").ok_or_else(|| invalid(format!("`name` is missing; {SHAPE}")))?,
            container: part("container"),
        })
    }

    /// What rolls as one: the object, with all its containers.
    pub(crate) fn unit(&self) -> String {
        format!("{}/{}/{}", self.namespace, self.kind.name(), self.name)
    }

    /// The path of the object.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.collection(self.kind.plural()), self.name)
    }

    /// The path of a collection beside the object.
    pub(crate) fn collection(&self, plural: &str) -> String {
        let (api, namespace) = (self.kind.api(), &self.namespace);
        format!("/{api}/namespaces/{namespace}/{plural}")
    }

    /// The path of the namespace's pods.
    pub(crate) fn pods(&self) -> String {
        format!("/api/v1/namespaces/{}/pods", self.namespace)
    }
}

/// Whether it is a label of RFC 1123, as names of namespaces and containers are.
pub(crate) fn is_label(text: &str) -> bool {
    let is_end = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bytes = text.as_bytes();
    text.len() <= MAX_LABEL
        && bytes.first().copied().is_some_and(is_end)
        && bytes.last().copied().is_some_and(is_end)
        && bytes.iter().all(|&c| is_end(c) || c == b'-')
}

/// Whether it is a name of RFC 1123, as objects have; nothing of it needs to be escaped in a path.
fn is_subdomain(text: &str) -> bool {
    text.len() <= MAX_SUBDOMAIN && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use registrywatcher_conformance::samples::workload;

    fn read(parts: &[(&str, &str)]) -> Result<Address, DeployError> {
        Address::read(&workload("kubernetes", parts), "default")
    }

    #[test]
    fn an_address_names_an_object_and_perhaps_a_container_of_it() {
        let web = read(&[("name", "web")]).unwrap();
        assert_eq!(web.unit(), "default/deployment/web");
        assert_eq!(
            web.path(),
            "/apis/apps/v1/namespaces/default/deployments/web"
        );
        let job = read(&[
            ("name", "night.ly"),
            ("kind", "cronjob"),
            ("namespace", "apps"),
            ("container", "main"),
        ])
        .unwrap();
        assert_eq!(job.unit(), "apps/cronjob/night.ly");
        assert_eq!(
            job.path(),
            "/apis/batch/v1/namespaces/apps/cronjobs/night.ly"
        );
        assert_eq!(job.container.as_deref(), Some("main"));
    }

    #[test]
    fn containers_of_one_object_roll_as_one() {
        let unit = |container| {
            read(&[("name", "web"), ("container", container)])
                .unwrap()
                .unit()
        };
        assert_eq!(unit("app"), unit("proxy"));
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_shape() {
        for (parts, found) in [
            (&[][..], "`name` is missing"),
            (&[("name", "")], "`name` cannot be ``"),
            (&[("name", "../secrets")], "`name` cannot be `../secrets`"),
            (&[("name", "a"), ("kind", "Deployment")], "`kind` cannot be"),
            (&[("name", "a"), ("kind", "job")], "`kind` cannot be `job`"),
            (&[("name", "a"), ("namespace", "*")], "`namespace` cannot"),
            (&[("name", "a"), ("task", "b")], "`task` is unknown"),
        ] {
            let error = read(parts).unwrap_err();
            assert!(
                matches!(error, DeployError::InvalidAddress { .. }),
                "{error}"
            );
            assert!(error.to_string().contains(found), "{error}");
        }
    }
}
