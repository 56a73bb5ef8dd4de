//! The six routes of the Go service, as it answered them.

mod change_tag;
mod get_caches;
mod get_tag;
mod list_repos;
mod ping;
mod reset_tag;

/// The routes of the Go service.
pub(crate) type Operations = (
    ping::Ping,
    list_repos::ListRepos,
    get_tag::GetTag,
    change_tag::ChangeTag,
    reset_tag::ResetTag,
    get_caches::GetCaches,
);

pub(super) fn all() -> Operations {
    (
        ping::Ping,
        list_repos::ListRepos,
        get_tag::GetTag,
        change_tag::ChangeTag,
        reset_tag::ResetTag,
        get_caches::GetCaches,
    )
}
