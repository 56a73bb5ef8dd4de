use registrywatcher::ports::{Discovered, LABEL_PREFIX, POLICY_LABEL};
use registrywatcher::watch::{Address, DeployerName, Workload};
use registrywatcher_docker_engine::ApiError;

use crate::engine::Engine;
use crate::spec::Spec;

/// The services that ask to be watched by labels of their own, in the order of their names.
pub(crate) async fn services(
    engine: &Engine,
    deployer: &DeployerName,
) -> Result<Vec<Discovered>, ApiError> {
    let services = engine.services_with(POLICY_LABEL).await?;
    let mut found: Vec<Discovered> = services
        .iter()
        .map(|service| service.spec())
        .filter(|spec| spec.template().is_container())
        .map(|spec| discovered(spec, deployer))
        .collect();
    found.sort_by(|a, b| a.workload.cmp(&b.workload));
    Ok(found)
}

fn discovered(spec: Spec<'_>, deployer: &DeployerName) -> Discovered {
    let labels = spec.labels().into_iter();
    Discovered {
        workload: Workload {
            deployer: deployer.clone(),
            address: Address::from([("service", spec.name())]),
        },
        image: spec.template().image().to_owned(),
        labels: labels
            .filter(|(key, _)| key.starts_with(LABEL_PREFIX))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    }
}
