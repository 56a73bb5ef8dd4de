//! Which kinds of deployer there are: the only list of them.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use registrywatcher::ports::{BuildError, Deployer, DeployerContext, DeployerPlugin};
use registrywatcher_deployer_docker::DockerDeployer;
use registrywatcher_deployer_exec::ExecDeployer;
#[cfg(feature = "kubernetes")]
use registrywatcher_deployer_kubernetes::KubernetesDeployer;
use registrywatcher_deployer_nomad::NomadDeployer;
use registrywatcher_deployer_swarm::SwarmDeployer;
use registrywatcher_deployer_webhook::WebhookDeployer;

/// The kinds of deployer that come with registrywatcher.
///
/// Adding one is one line here; outside of this repository, one line in a `main` of one's own that calls
/// [`run`](crate::run).
pub fn catalogue() -> Catalogue {
    let catalogue = Catalogue::default()
        .with::<NomadDeployer>()
        .with::<DockerDeployer>()
        .with::<SwarmDeployer>()
        .with::<ExecDeployer>()
        .with::<WebhookDeployer>();
    #[cfg(feature = "kubernetes")]
    let catalogue = catalogue.with::<KubernetesDeployer>();
    catalogue
}

type Built = Pin<Box<dyn Future<Output = Result<Arc<dyn Deployer>, BuildError>> + Send>>;
type Build = fn(serde_json::Value, DeployerContext) -> Built;

/// The kinds of deployer that a configuration can name.
#[derive(Clone, Default)]
pub struct Catalogue {
    kinds: BTreeMap<&'static str, Build>,
}

impl Catalogue {
    /// Adds a kind.
    #[must_use]
    pub fn with<P: DeployerPlugin>(mut self) -> Self {
        self.kinds.insert(P::KIND, build::<P>);
        self
    }

    /// Builds a deployer of `kind`; an unknown kind is an error that names the known ones.
    pub async fn build(
        &self,
        kind: &str,
        settings: serde_json::Value,
        context: DeployerContext,
    ) -> Result<Arc<dyn Deployer>, BuildError> {
        let Some(build) = self.kinds.get(kind) else {
            let known: Vec<&str> = self.kinds.keys().copied().collect();
            return Err(BuildError {
                setting: "kind".to_owned(),
                problem: format!("there is no kind `{kind}`; there are {}", known.join(", ")),
            });
        };
        build(settings, context).await
    }
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.kinds.keys()).finish()
    }
}

fn build<P: DeployerPlugin>(settings: serde_json::Value, context: DeployerContext) -> Built {
    Box::pin(async move {
        let settings = serde_json::from_value(settings).map_err(|error| BuildError {
            setting: format!("deployers.{}", context.name),
            problem: error.to_string(),
        })?;
        let deployer: Arc<dyn Deployer> = Arc::new(P::build(settings, &context).await?);
        Ok(deployer)
    })
}
