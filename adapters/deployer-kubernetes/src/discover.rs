//! Finds the objects that ask to be watched by annotations of their own.

use std::collections::BTreeMap;

use registrywatcher::ports::{DiscoverError, Discovered, LABEL_PREFIX, POLICY_LABEL};
use registrywatcher::watch::{DeployerName, Workload};

use crate::client::Client;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::mark::is_mark;
use crate::object::{Object, text};

/// Names the container that is meant, where the pods have several.
const CONTAINER_LABEL: &str = "registrywatcher.container";
/// How often a list is begun anew whose next page the API server no longer has.
const ATTEMPTS: u32 = 3;

/// Looks through the objects of a cluster.
#[derive(Clone, Copy)]
pub(crate) struct Finder<'a> {
    pub(crate) client: &'a Client,
    pub(crate) deployer: &'a DeployerName,
    /// The namespace that is looked through, or all.
    pub(crate) searched: Option<&'a str>,
    /// The namespace of addresses that name none.
    pub(crate) namespace: &'a str,
}

impl Finder<'_> {
    /// The objects that ask to be watched. A kind that may not be listed is an error: what is not seen would be taken for gone.
    pub(crate) async fn find(&self) -> Result<Vec<Discovered>, DiscoverError> {
        let mut found = Vec::new();
        for kind in Kind::ALL {
            let of_kind = self.of_kind(kind).await;
            found.extend(of_kind.map_err(|error| self.explain(kind, error))?);
        }
        found.sort_by(|one, other| one.workload.cmp(&other.workload));
        Ok(found)
    }

    async fn of_kind(&self, kind: Kind) -> Result<Vec<Discovered>, ApiError> {
        let mut attempt = 1;
        loop {
            match self.pages(kind).await {
                Err(ApiError::Expired(said)) if attempt < ATTEMPTS => {
                    tracing::debug!(kind = kind.name(), "the list is begun anew: {said}");
                    attempt += 1;
                }
                found => return found,
            }
        }
    }

    /// Reads a list to its end, and keeps nothing of the objects that do not ask.
    async fn pages(&self, kind: Kind) -> Result<Vec<Discovered>, ApiError> {
        let (api, plural) = (kind.api(), kind.plural());
        let path = match self.searched {
            Some(namespace) => format!("/{api}/namespaces/{namespace}/{plural}"),
            None => format!("/{api}/{plural}"),
        };
        let mut found = Vec::new();
        let mut token = String::new();
        loop {
            let (items, next) = self.client.page(&path, &token).await?;
            let objects = items.into_iter().map(|raw| Object::new(kind, raw));
            found.extend(objects.filter_map(|object| self.discovered(&object)));
            if next.is_empty() {
                return Ok(found);
            }
            if next == token {
                return Err(ApiError::unavailable(format!(
                    "kubernetes' list of {plural} does not go on: its next page begins where this one does; look at what stands \
                     in front of it"
                )));
            }
            token = next;
        }
    }

    /// The workload, if the object asks for it. Where it cannot be told which container is meant, its address names none, or
    /// the one that is missing: the deployer then says what is wrong.
    fn discovered(&self, object: &Object) -> Option<Discovered> {
        let mut labels = labels(object);
        // It says where the workload is, not how it is watched.
        let container = labels.remove(CONTAINER_LABEL);
        if !labels.contains_key(POLICY_LABEL) || object.is_being_deleted() {
            return None;
        }
        let container = container.as_deref();
        let namespace = text(&object.metadata()["namespace"]);
        let mut parts = vec![("kind", object.kind.name()), ("name", object.name())];
        parts.extend(container.map(|container| ("container", container)));
        if namespace != self.namespace {
            parts.push(("namespace", namespace));
        }
        Some(Discovered {
            workload: Workload {
                deployer: self.deployer.clone(),
                address: parts.as_slice().into(),
            },
            image: object.image(container).to_owned(),
            labels,
        })
    }

    fn explain(&self, kind: Kind, error: ApiError) -> DiscoverError {
        let problem = match &error {
            ApiError::Denied(said) => {
                let place = match self.searched {
                    Some(namespace) => format!("in namespace `{namespace}`"),
                    None => "in all namespaces, by a ClusterRole, or set `namespace`".to_owned(),
                };
                let resource = kind.resource();
                format!(
                    "kubernetes answers {said}; give it the verb `list` on `{resource}` {place}"
                )
            }
            other => other.to_string(),
        };
        let source = match error {
            ApiError::Unavailable { source, .. } => source,
            _ => None,
        };
        DiscoverError { problem, source }
    }
}

/// The annotations that are ours to read, without the marks that we write.
fn labels(object: &Object) -> BTreeMap<String, String> {
    let annotations = object.metadata()["annotations"].as_object();
    annotations
        .into_iter()
        .flatten()
        .filter(|(key, _)| key.starts_with(LABEL_PREFIX) && !is_mark(key))
        .map(|(key, value)| (key.clone(), text(value).to_owned()))
        .collect()
}
