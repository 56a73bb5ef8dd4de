mod abandon;
mod create;
mod list;
mod list_of_watch;
mod read;
mod roll_back;

use poem_openapi::Object;
use registrywatcher::app::{App, Asked, Served, WatchView};
use registrywatcher::deployment::{self, DeploymentId};
use registrywatcher::watch::Workload;
use uuid::Uuid;

use crate::ServerInfo;
use crate::access::Caller;
use crate::operations::waiting::patience;
use crate::problem::{Fault, Kind};
use crate::wire::Deployment;

/// The operations on deployments.
pub(crate) type Operations = (
    create::CreateDeployment,
    roll_back::RollBack,
    list::ListDeployments,
    list_of_watch::ListDeploymentsOfWatch,
    read::GetDeployment,
    abandon::AbandonDeployment,
);

pub(super) fn all() -> Operations {
    (
        create::CreateDeployment,
        roll_back::RollBack,
        list::ListDeployments,
        list_of_watch::ListDeploymentsOfWatch,
        read::GetDeployment,
        abandon::AbandonDeployment,
    )
}

/// A demand that was taken on.
#[derive(Debug, Object)]
struct DeploymentAsked {
    /// The request, by which deployments and events tell of it.
    request: Uuid,
    /// The deployments that it led to so far, oldest first: one for each workload, in their order.
    deployments: Vec<Deployment>,
    /// Whether nothing more comes of it: all of `deployments` have ended, and no workload is left to be deployed to.
    ended: bool,
}

impl DeploymentAsked {
    /// What a demand led to, once it has ended or `wait` seconds have passed.
    async fn after(
        app: &App,
        asked: &Asked,
        wait: u32,
        limits: &ServerInfo,
    ) -> Result<Self, Fault> {
        let waited = match wait {
            0 => None,
            _ => tokio::time::timeout(patience(wait, limits), app.until_served(asked))
                .await
                .ok(),
        };
        let served = match waited {
            Some(served) => served?,
            None => app.served(asked).await?,
        };
        Ok(Self::new(asked, served))
    }

    fn new(asked: &Asked, served: Served) -> Self {
        Self {
            request: asked.request.0,
            ended: served.is_over(),
            deployments: served
                .deployments
                .into_iter()
                .map(Deployment::from)
                .collect(),
        }
    }
}

/// The deployment, if the caller may know of its watch.
async fn seen(
    app: &App,
    caller: &Caller,
    id: DeploymentId,
) -> Result<deployment::Deployment, Fault> {
    let found = app.deployment(id).await?;
    let found = found.filter(|found| caller.sees(&found.watch));
    found.ok_or_else(|| {
        let detail = format!("there is no deployment {id}");
        Fault::new(Kind::UnknownDeployment, detail)
    })
}

/// The workload that is written like this.
fn workload(view: &WatchView, text: &str) -> Result<Workload, Fault> {
    let mut workloads = view.watch.workloads.iter();
    let named = workloads.find(|workload| workload.to_string() == text);
    named.cloned().ok_or_else(|| {
        let detail = format!("watch `{}` has no workload `{text}`", view.watch.name);
        Fault::new(Kind::UnknownWorkload, detail)
    })
}
