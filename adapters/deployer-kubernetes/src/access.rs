//! How the cluster is reached: a kubeconfig, or the service account of our own pod.

use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::Kubeconfig;
use registrywatcher::ports::BuildError;

use crate::settings::Settings;

/// Reads what says how the cluster is reached; asks nobody, and runs no plugin.
pub(crate) fn load(
    settings: &Settings,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Config, BuildError> {
    let mut config = match kubeconfig(settings, &lookup)? {
        Some(kubeconfig) => from_kubeconfig(kubeconfig, settings.context.clone())?,
        None => Config::incluster().map_err(|error| {
            invalid(
                "in_cluster",
                format!(
                    "{error}; run in a pod with a service account, or set `kubeconfig` instead"
                ),
            )
        })?,
    };
    // Said here once and for all: the client's own attempts know no `Retry-After`, and no idempotency.
    config.default_retry = false;
    config.connect_timeout = Some(settings.timeout);
    Ok(config)
}

fn kubeconfig(
    settings: &Settings,
    lookup: &impl Fn(&str) -> Option<String>,
) -> Result<Option<Kubeconfig>, BuildError> {
    if let Some(path) = &settings.kubeconfig {
        if settings.in_cluster {
            let problem = "`kubeconfig` is set as well; keep one of the two".to_owned();
            return Err(invalid("in_cluster", problem));
        }
        return read(path).map(Some);
    }
    if settings.in_cluster {
        return Ok(None);
    }
    let files = files(lookup);
    let mut merged: Option<Kubeconfig> = None;
    // As kubectl does: a file of the list that is not there is passed over.
    for path in files.iter().filter(|path| path.exists()) {
        let next = read(path)?;
        merged = Some(match merged {
            Some(merged) => merged
                .merge(next)
                .map_err(|error| invalid("kubeconfig", format!("{}: {error}", path.display())))?,
            None => next,
        });
    }
    let is_in_pod = lookup("KUBERNETES_SERVICE_HOST").is_some_and(|host| !host.is_empty());
    if merged.is_none() && !is_in_pod {
        let tried: Vec<_> = files
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        return Err(invalid(
            "kubeconfig",
            format!(
                "no cluster is known: this is no pod, and there is no kubeconfig ({}); set `kubeconfig`",
                tried.join(", ")
            ),
        ));
    }
    Ok(merged)
}

/// The kubeconfigs that kubectl would read.
fn files(lookup: &impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let named = lookup("KUBECONFIG").unwrap_or_default();
    let named: Vec<_> = std::env::split_paths(&named)
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    if !named.is_empty() {
        return named;
    }
    let home = lookup("HOME").map(PathBuf::from);
    home.map(|home| home.join(".kube").join("config"))
        .into_iter()
        .collect()
}

fn read(path: &Path) -> Result<Kubeconfig, BuildError> {
    Kubeconfig::read_from(path)
        .map_err(|error| invalid("kubeconfig", format!("{}: {error}", path.display())))
}

fn from_kubeconfig(
    mut kubeconfig: Kubeconfig,
    context: Option<String>,
) -> Result<Config, BuildError> {
    let setting = if context.is_some() {
        "context"
    } else {
        "kubeconfig"
    };
    kubeconfig.current_context = context.or(kubeconfig.current_context);
    let has_proxy = names_proxy(&kubeconfig);
    let mut config =
        Config::try_from(kubeconfig).map_err(|error| invalid(setting, error.to_string()))?;
    // `HTTPS_PROXY` is taken without regard to whether `NO_PROXY` excepts the cluster.
    config.proxy_url = config.proxy_url.filter(|_| has_proxy);
    Ok(config)
}

/// Whether the cluster of the context is reached through a proxy.
fn names_proxy(kubeconfig: &Kubeconfig) -> bool {
    let context = kubeconfig.current_context.as_deref();
    let cluster = kubeconfig
        .contexts
        .iter()
        .find(|named| Some(named.name.as_str()) == context)
        .and_then(|named| named.context.as_ref())
        .map(|context| context.cluster.as_str());
    kubeconfig
        .clusters
        .iter()
        .filter(|named| Some(named.name.as_str()) == cluster)
        .filter_map(|named| named.cluster.as_ref()?.proxy_url.as_deref())
        .any(|proxy| !proxy.is_empty())
}

fn invalid(setting: &str, problem: String) -> BuildError {
    BuildError {
        setting: setting.to_owned(),
        problem,
    }
}

#[cfg(test)]
mod tests;
