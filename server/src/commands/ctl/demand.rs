use std::collections::BTreeMap;
use std::time::Duration;

use registrywatcher::ports::Ids;
use registrywatcher::watch::WatchName;
use registrywatcher_client::types::{
    Deployment, DeploymentAsked, DeploymentDemandTag, DeploymentState, Problem,
};
use registrywatcher_client::{Error, ResponseValue};
use tokio::time::sleep;
use uuid::Uuid;

use super::fault::{Fault, value};
use super::patience::Patience;
use super::service::Service;
use super::show::plain;
use super::{Outcome, deployments};
use crate::cli::ctl::{Deploy, Rollback};
use crate::ids::TimeOrderedIds;

/// How many seconds the service is asked to wait at first, since much happens at the beginning.
const FIRST_WAIT: i64 = 1;

/// How many seconds it is asked to wait from then on: what changes in between is told that late.
const WAIT: i64 = 5;

/// Between two times, should the service not wait.
const PAUSE: Duration = Duration::from_millis(200);

/// Demands a deployment.
pub(super) async fn deploy(service: &Service, args: &Deploy) -> Result<Outcome, Fault> {
    let tag = args.tag.as_ref();
    let tag = tag.map(|tag| value::<DeploymentDemandTag>("TAG", tag.as_str()));
    let tag = tag.transpose()?;
    let demand = &args.demand;
    let ask = async |key: &str, wait: i64| {
        let request = service
            .client
            .create_deployment()
            .watch(args.watch.as_str());
        let request = request.idempotency_key(key).wait(wait);
        let request = request.body_map(|body| {
            body.tag(tag.clone())
                .workload(demand.workload.clone())
                .override_(demand.override_freeze)
        });
        request.send().await
    };
    let wish = match &args.tag {
        Some(tag) => format!("deploys {tag}"),
        None => "deploys what is wanted".to_owned(),
    };
    serve(service, &args.watch, demand.wait, &wish, ask).await
}

/// Demands a rollback.
pub(super) async fn roll_back(service: &Service, args: &Rollback) -> Result<Outcome, Fault> {
    let demand = &args.demand;
    let ask = async |key: &str, wait: i64| {
        let request = service.client.roll_back().watch(args.watch.as_str());
        let request = request.idempotency_key(key).wait(wait);
        let request = request.body_map(|body| {
            body.workload(demand.workload.clone())
                .override_(demand.override_freeze)
        });
        request.send().await
    };
    let wish = "goes back to the image that ran well before";
    serve(service, &args.watch, demand.wait, wish, ask).await
}

/// Asks, and if it is to be waited, again and again under the same key, which leads to the same demand, until that has ended.
async fn serve(
    service: &Service,
    watch: &WatchName,
    waits: bool,
    wish: &str,
    ask: impl AsyncFn(&str, i64) -> Result<ResponseValue<DeploymentAsked>, Error<Problem>>,
) -> Result<Outcome, Fault> {
    let key = TimeOrderedIds::after(Uuid::nil()).next().to_string();
    let mut asked = insist(&key, &ask).await?;
    if !waits {
        service.output.answer(&asked, |asked| {
            format!("{watch} {wish}, by request {}", asked.request)
        })?;
        return Ok(Outcome::Done);
    }
    eprintln!("{watch} {wish}, by request {}", asked.request);
    let mut told = Told::default();
    let mut patience = Patience::default();
    let mut wait = FIRST_WAIT;
    told.tell(&asked.deployments);
    while !asked.ended {
        sleep(PAUSE).await;
        match ask(&key, wait).await {
            Ok(answer) => asked = answer.into_inner(),
            Err(error) => {
                patience.bear(error.into()).await?;
                continue;
            }
        }
        patience.renew();
        wait = WAIT;
        told.tell(&asked.deployments);
    }
    let outcome = outcome(&asked.deployments);
    service.output.answer(&asked, |asked| match outcome {
        Outcome::Done => format!("{watch} is deployed: {}", tags(&asked.deployments)),
        Outcome::Unsuccessful if asked.deployments.is_empty() => {
            format!("{watch}: nothing was deployed; `events {watch}` tells why")
        }
        Outcome::Unsuccessful => format!("{watch} is not deployed"),
    })?;
    Ok(outcome)
}

/// Asks until there is an answer: the key makes sure that it is demanded once, even if only the answer was lost.
async fn insist(
    key: &str,
    ask: &impl AsyncFn(&str, i64) -> Result<ResponseValue<DeploymentAsked>, Error<Problem>>,
) -> Result<DeploymentAsked, Fault> {
    let mut patience = Patience::default();
    let mut may_have_arrived = false;
    loop {
        let fault = match ask(key, 0).await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(error) => {
                may_have_arrived |= !is_unconnected(&error);
                Fault::from(error)
            }
        };
        if !may_have_arrived || matches!(fault, Fault::Refused(..)) {
            return Err(fault);
        }
        patience.bear(fault).await?;
    }
}

fn is_unconnected(error: &Error<Problem>) -> bool {
    matches!(error, Error::CommunicationError(error) if error.is_connect())
}

/// The state of each deployment that was told last.
#[derive(Debug, Default)]
struct Told(BTreeMap<Uuid, DeploymentState>);

impl Told {
    /// Tells on standard error what has changed.
    fn tell(&mut self, deployments: &[Deployment]) {
        for deployment in deployments {
            let before = self.0.insert(deployment.id, deployment.state);
            if before != Some(deployment.state) {
                eprintln!("{}", deployments::told(deployment));
                if deployment.state == DeploymentState::AwaitingPromotion {
                    eprintln!("  `promote {}` goes on with it", deployment.id);
                }
            }
        }
    }
}

fn outcome(deployments: &[Deployment]) -> Outcome {
    let is_done = |deployment: &Deployment| deployment.state == DeploymentState::Succeeded;
    if !deployments.is_empty() && deployments.iter().all(is_done) {
        Outcome::Done
    } else {
        Outcome::Unsuccessful
    }
}

fn tags(deployments: &[Deployment]) -> String {
    let mut tags: Vec<String> = deployments
        .iter()
        .map(|deployment| plain(&deployment.tag))
        .collect();
    tags.dedup();
    tags.join(", ")
}
