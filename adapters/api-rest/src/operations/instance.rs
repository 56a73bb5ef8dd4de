mod read;
mod who_am_i;

/// The operations on the process itself, and on the token that it is called with.
pub(crate) type Operations = (who_am_i::WhoAmI, read::GetInstance);

pub(super) fn all() -> Operations {
    (who_am_i::WhoAmI, read::GetInstance)
}
