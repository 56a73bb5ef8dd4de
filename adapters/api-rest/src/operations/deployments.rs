mod create;
mod list;
mod read;

/// The operations on deployments.
pub(crate) type Operations = (
    create::CreateDeployment,
    list::ListDeployments,
    read::GetDeployment,
);

pub(super) fn all() -> Operations {
    (
        create::CreateDeployment,
        list::ListDeployments,
        read::GetDeployment,
    )
}
