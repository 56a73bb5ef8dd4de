use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::Deserialize;

use crate::config::scalar::HumanDuration;

/// The file of the Go service, without what has no meaning any more.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wire {
    pub(super) server_listening_address: Option<String>,
    pub(super) poll_interval: Option<HumanDuration>,
    pub(super) watched_repositories: Vec<String>,
    pub(super) webhook_url: Option<SecretString>,
    pub(super) database_url: Option<SecretString>,
    pub(super) registry_map: BTreeMap<String, Registry>,
    pub(super) repo_map: BTreeMap<String, Repo>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Registry {
    #[serde(rename = "registry_scheme")]
    pub(super) scheme: Option<String>,
    #[serde(rename = "registry_domain")]
    pub(super) domain: Option<String>,
    #[serde(rename = "registry_prefix")]
    pub(super) prefix: Option<String>,
    /// Base64 of `user:password`.
    #[serde(rename = "registry_auth")]
    pub(super) auth: Option<SecretString>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Repo {
    #[serde(rename = "registry_name")]
    pub(super) registry: Option<String>,
    #[serde(rename = "nomad_job_name")]
    pub(super) job: Option<String>,
    #[serde(rename = "nomad_task_name")]
    pub(super) task: Option<String>,
}
