mod change_intent;
mod list;
mod read;

/// The operations on watches.
pub(crate) type Operations = (
    list::ListWatches,
    read::GetWatch,
    change_intent::ChangeIntent,
);

pub(super) fn all() -> Operations {
    (
        list::ListWatches,
        read::GetWatch,
        change_intent::ChangeIntent,
    )
}
