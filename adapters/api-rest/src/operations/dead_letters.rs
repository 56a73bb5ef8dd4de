mod list;
mod replay;

/// The operations on dead letters.
pub(crate) type Operations = (list::ListDeadLetters, replay::ReplayDeadLetter);

pub(super) fn all() -> Operations {
    (list::ListDeadLetters, replay::ReplayDeadLetter)
}
