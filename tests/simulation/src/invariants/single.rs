use std::collections::BTreeMap;

use registrywatcher::deployment::{Deployment, DeploymentId};

use crate::setting::{place, unit};

/// I5. After each commit, of all deployments to what rolls as one (by the address of the workload, not by what is stored) at
/// most one is being applied, rolling out or waiting to be promoted.
pub(crate) fn one_per_unit(
    deployments: &BTreeMap<DeploymentId, Deployment>,
    changed: &Deployment,
) -> Result<(), String> {
    let unit_of = |deployment: &Deployment| unit(&deployment.workload).to_owned();
    let mut active = deployments.values().filter(|deployment| {
        deployment.state.is_active() && unit_of(deployment) == unit_of(changed)
    });
    match (active.next(), active.next()) {
        (Some(one), Some(other)) => Err(format!(
            "deployments of {} to {} and of {} to {} are active at the same time",
            one.tag(),
            place(&one.workload),
            other.tag(),
            place(&other.workload)
        )),
        _ => Ok(()),
    }
}
