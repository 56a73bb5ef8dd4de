use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use registrywatcher::app::RegistryHealth;
use registrywatcher::image::Repository;
use registrywatcher::ports;

use crate::operations::{Group, Served};
use crate::permitted::{Across, Permitted, Viewing};
use crate::wire::Timestamp;

/// All registries that the replica polls.
#[derive(Debug, Object)]
struct RegistryList {
    /// The registries, by name.
    items: Vec<Registry>,
}

/// A registry, as it was when its repositories were last polled.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct Registry {
    /// Its host, and its port where it has one of its own.
    host: String,
    /// Whether it answered for every repository that it was last asked for.
    healthy: bool,
    /// How many watches follow a repository of it.
    watches: u64,
    /// When it last answered; left out if it never did.
    seen_at: Option<Timestamp>,
    /// What it did not answer for when it was last asked.
    faults: Vec<RegistryFault>,
    /// What is left of its quota; left out if it has not told.
    quota: Option<RegistryQuota>,
}

/// What a registry did not answer for.
#[derive(Debug, Object)]
struct RegistryFault {
    /// Which repository.
    repository: String,
    /// What went wrong, for people.
    message: String,
}

/// What is left of a registry's quota of pulls, as it told in its last answer that did.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct RegistryQuota {
    /// How many pulls there are in a window.
    limit: u64,
    /// How many of them are left.
    remaining: u64,
    /// How long a window is, in seconds, if the registry says so.
    window_seconds: Option<u64>,
    /// When the registry told it.
    told_at: Timestamp,
}

impl From<RegistryHealth> for Registry {
    fn from(health: RegistryHealth) -> Self {
        Self {
            host: health.host.to_string(),
            healthy: health.faults.is_empty(),
            watches: health.watches as u64,
            seen_at: health.seen_at.map(Timestamp::from),
            faults: health.faults.into_iter().map(RegistryFault::from).collect(),
            quota: health.quota.map(RegistryQuota::from),
        }
    }
}

impl From<(Repository, String)> for RegistryFault {
    fn from((repository, message): (Repository, String)) -> Self {
        Self {
            repository: repository.to_string(),
            message,
        }
    }
}

impl From<ports::Quota> for RegistryQuota {
    fn from(quota: ports::Quota) -> Self {
        Self {
            limit: quota.limit,
            remaining: quota.remaining,
            window_seconds: quota.window.map(|window| window.as_secs()),
            told_at: quota.told_at.into(),
        }
    }
}

#[derive(ApiResponse)]
enum Answer {
    /// All of them.
    #[oai(status = 200)]
    Listed(Json<RegistryList>),
}

pub(crate) struct ListRegistries;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Registries")]
impl ListRegistries {
    /// List registries
    ///
    /// Whether each registry answers, by the last polls of this replica, and what is left of its quota. Counted and told is only
    /// what the watches of the token follow; registries that other replicas alone poll are left out.
    #[oai(path = "/registries", method = "get", operation_id = "listRegistries")]
    async fn list_registries(&self, caller: Permitted<Across<Viewing>>, app: Served<'_>) -> Answer {
        let registries = app.registries(|watch| caller.sees(watch));
        let items = registries.into_iter().map(Registry::from).collect();
        Answer::Listed(Json(RegistryList { items }))
    }
}
