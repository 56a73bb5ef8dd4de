mod abandon;
mod create;
mod list;
mod list_of_watch;
mod promote;
mod read;
mod roll_back;

use registrywatcher::app::{App, WatchView};
use registrywatcher::deployment::{self, DeploymentId};
use registrywatcher::watch::Workload;

use crate::access::Caller;
use crate::problem::{Fault, Kind};

/// The operations on deployments.
pub(crate) type Operations = (
    create::CreateDeployment,
    roll_back::RollBack,
    list::ListDeployments,
    list_of_watch::ListDeploymentsOfWatch,
    read::GetDeployment,
    abandon::AbandonDeployment,
    promote::PromoteDeployment,
);

pub(super) fn all() -> Operations {
    (
        create::CreateDeployment,
        roll_back::RollBack,
        list::ListDeployments,
        list_of_watch::ListDeploymentsOfWatch,
        read::GetDeployment,
        abandon::AbandonDeployment,
        promote::PromoteDeployment,
    )
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
