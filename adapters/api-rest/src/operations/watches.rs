mod change_intent;
mod list;
mod read;
mod read_intent;

/// The operations on watches.
pub(crate) type Operations = (
    list::ListWatches,
    read::GetWatch,
    read_intent::GetIntent,
    change_intent::ChangeIntent,
);

pub(super) fn all() -> Operations {
    (
        list::ListWatches,
        read::GetWatch,
        read_intent::GetIntent,
        change_intent::ChangeIntent,
    )
}
