mod change_intent;
mod check;
mod list;
mod list_tags;
mod read;
mod read_decision;
mod read_intent;

/// The operations on watches.
pub(crate) type Operations = (
    list::ListWatches,
    read::GetWatch,
    list_tags::ListTags,
    read_decision::GetDecision,
    check::CheckWatch,
    read_intent::GetIntent,
    change_intent::ChangeIntent,
);

pub(super) fn all() -> Operations {
    (
        list::ListWatches,
        read::GetWatch,
        list_tags::ListTags,
        read_decision::GetDecision,
        check::CheckWatch,
        read_intent::GetIntent,
        change_intent::ChangeIntent,
    )
}
