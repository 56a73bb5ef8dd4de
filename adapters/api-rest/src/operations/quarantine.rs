mod list;
mod release;

/// The operations on quarantined images.
pub(crate) type Operations = (list::ListQuarantine, release::ReleaseFromQuarantine);

pub(super) fn all() -> Operations {
    (list::ListQuarantine, release::ReleaseFromQuarantine)
}
