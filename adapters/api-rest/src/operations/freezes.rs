mod end;
mod end_of_watch;
mod read;
mod set;
mod set_of_watch;

/// The operations on freezes.
pub(crate) type Operations = (
    read::GetFreeze,
    set::SetFreeze,
    end::EndFreeze,
    set_of_watch::SetFreezeOfWatch,
    end_of_watch::EndFreezeOfWatch,
);

pub(super) fn all() -> Operations {
    (
        read::GetFreeze,
        set::SetFreeze,
        end::EndFreeze,
        set_of_watch::SetFreezeOfWatch,
        end_of_watch::EndFreezeOfWatch,
    )
}
