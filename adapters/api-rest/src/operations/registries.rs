mod list;

/// The operations on registries.
pub(crate) type Operations = list::ListRegistries;

pub(super) fn all() -> Operations {
    list::ListRegistries
}
