use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use registrywatcher::ports::{BuildError, Clock, Credentials, Deployer, DeployerContext, Ids};
use registrywatcher::watch::DeployerName;
use uuid::Uuid;

use super::credentials;
use crate::clock::SystemClock;
use crate::config::{Config, ConfigError, DeployerConfig, Environment, Finding};
use crate::deployers::Catalogue;
use crate::ids::TimeOrderedIds;

type Deployers = BTreeMap<DeployerName, Arc<dyn Deployer>>;

/// What every deployer is given.
pub(super) struct Tools<'a> {
    pub(super) credentials: Arc<dyn Credentials>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn Ids>,
    pub(super) environment: &'a Environment,
}

/// Builds the deployers that `config` names.
pub(super) async fn build(
    config: &Config,
    catalogue: &Catalogue,
    tools: &Tools<'_>,
) -> anyhow::Result<Deployers> {
    let mut deployers = Deployers::new();
    for (name, section) in &config.deployers {
        let deployer = build_one(name, section, catalogue, tools).await;
        let deployer = deployer.with_context(|| format!("deployers.{name}"))?;
        deployers.insert(name.clone(), deployer);
    }
    refuse_discovery(config, &deployers)?;
    Ok(deployers)
}

async fn build_one(
    name: &DeployerName,
    section: &DeployerConfig,
    catalogue: &Catalogue,
    tools: &Tools<'_>,
) -> Result<Arc<dyn Deployer>, BuildError> {
    let environment = tools.environment.clone();
    let context = DeployerContext {
        name: name.clone(),
        credentials: Arc::clone(&tools.credentials),
        clock: Arc::clone(&tools.clock),
        ids: Arc::clone(&tools.ids),
        environment: Arc::new(move |variable| environment.get(variable).map(str::to_owned)),
    };
    let settings = serde_json::Value::Object(section.settings.clone());
    catalogue.build(&section.kind, settings, context).await
}

/// Refuses to look for workloads where the kind of deployer cannot: only one that is built can tell.
fn refuse_discovery(config: &Config, deployers: &Deployers) -> Result<(), ConfigError> {
    let faults = config.deployers.iter().filter_map(|(name, section)| {
        let discover = section.discover.as_ref()?;
        let can = deployers.get(name)?.capabilities().discovers;
        (!can).then(|| discover.refusal(name, &section.kind))
    });
    let faults: Vec<Finding> = faults.collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(ConfigError { faults })
    }
}

/// Refuses a configuration that looks for workloads where it cannot, as far as that can be told here: that a deployer cannot be
/// built on this machine is no fault of it.
pub(crate) async fn check_discovery(
    config: &Config,
    catalogue: &Catalogue,
    environment: &Environment,
) -> Result<(), ConfigError> {
    let tools = Tools {
        credentials: credentials(config, environment),
        clock: Arc::new(SystemClock::start()),
        ids: Arc::new(TimeOrderedIds::after(Uuid::nil())),
        environment,
    };
    let mut deployers = Deployers::new();
    let sections = config.deployers.iter();
    for (name, section) in sections.filter(|(_, section)| section.discover.is_some()) {
        if let Ok(deployer) = build_one(name, section, catalogue, &tools).await {
            deployers.insert(name.clone(), deployer);
        }
    }
    refuse_discovery(config, &deployers)
}
