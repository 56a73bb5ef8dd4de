mod list;
mod stream;

pub(crate) use stream::Streams;

/// The operations on events.
pub(crate) type Operations = (list::ListEvents, stream::StreamEvents);

pub(super) fn all() -> Operations {
    (list::ListEvents, stream::StreamEvents)
}
