use registrywatcher_client::types::{Deployment, DeploymentPage};
use uuid::Uuid;

use super::fault::Fault;
use super::service::Service;
use super::show::{moment, plain};
use crate::cli::ctl::{Abandon, Deployments};
use crate::table::Table;

/// The most that the API gives at a time.
const PAGE: usize = 200;

/// Prints a row for each deployment.
pub(super) async fn list(service: &Service, args: &Deployments) -> Result<(), Fault> {
    let mut listed = DeploymentPage {
        items: Vec::new(),
        next: None,
    };
    while listed.items.len() < args.limit {
        let limit = (args.limit - listed.items.len()).min(PAGE);
        let mut request = service.client.list_deployments().limit(limit as u64);
        if let Some(watch) = &args.watch {
            request = request.watch(watch.as_str());
        }
        if let Some(before) = listed.next {
            request = request.before(before);
        }
        let page = request.send().await?.into_inner();
        listed.items.extend(page.items);
        listed.next = page.next;
        if listed.next.is_none() {
            break;
        }
    }
    service
        .output
        .answer(&listed, |listed| table(&listed.items))
}

fn table(deployments: &[Deployment]) -> String {
    if deployments.is_empty() {
        return "no deployment".to_owned();
    }
    let heading = [
        "DEPLOYMENT",
        "WATCH",
        "WORKLOAD",
        "TAG",
        "STATE",
        "CREATED",
        "CAUSE",
        "FAILURE",
    ];
    let mut table = Table::new(heading);
    for deployment in deployments {
        let failure = deployment.failure.as_ref();
        table.row([
            deployment.id.to_string(),
            plain(&deployment.watch),
            plain(&deployment.workload),
            plain(&deployment.tag),
            deployment.state.to_string(),
            moment(deployment.created_at),
            plain(&deployment.cause.message),
            failure.map_or_else(String::new, |failure| plain(&failure.message)),
        ]);
    }
    table.to_string()
}

/// Gives a deployment up.
pub(super) async fn abandon(service: &Service, args: &Abandon) -> Result<(), Fault> {
    let request = service.client.abandon_deployment();
    let request = request.deployment(args.deployment);
    let request = request.body_map(|body| body.reason(args.reason.as_str()));
    let abandoned = request.send().await?.into_inner();
    service.output.answer(&abandoned, told)
}

/// Goes on with a deployment whose canaries are well.
pub(super) async fn promote(service: &Service, deployment: Uuid) -> Result<(), Fault> {
    let request = service.client.promote_deployment().deployment(deployment);
    let promoted = request.send().await?.into_inner();
    service.output.answer(&promoted, told)
}

/// Where a deployment stands, in a line.
pub(super) fn told(deployment: &Deployment) -> String {
    let line = format!(
        "{}: {} to {} is {}",
        plain(&deployment.watch),
        plain(&deployment.tag),
        plain(&deployment.workload),
        deployment.state
    );
    match &deployment.failure {
        Some(failure) => format!("{line}: {}", plain(&failure.message)),
        None => line,
    }
}
