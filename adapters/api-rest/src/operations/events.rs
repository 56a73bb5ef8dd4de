mod list;

/// The operations on events.
pub(crate) type Operations = list::ListEvents;

pub(super) fn all() -> Operations {
    list::ListEvents
}
