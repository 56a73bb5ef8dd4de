mod create;
mod list;
mod read;
mod roll_back;

use poem_openapi::Object;
use registrywatcher::app::WatchView;
use registrywatcher::watch::Workload;
use uuid::Uuid;

use crate::problem::{Fault, Kind};

/// The operations on deployments.
pub(crate) type Operations = (
    create::CreateDeployment,
    roll_back::RollBack,
    list::ListDeployments,
    read::GetDeployment,
);

pub(super) fn all() -> Operations {
    (
        create::CreateDeployment,
        roll_back::RollBack,
        list::ListDeployments,
        read::GetDeployment,
    )
}

/// A demand that was taken on.
#[derive(Debug, Object)]
struct DeploymentAsked {
    /// The request, by which events tell of it.
    request: Uuid,
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
