//! The contract of [`Sessions`], clause by clause: [`sessions_suite!`](crate::sessions_suite).

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a clause fails by panicking, and says what it expected"
)]

use std::sync::Arc;

use async_trait::async_trait;
use registrywatcher::ports::Sessions;
use registrywatcher::token::{Session, SessionHash, TokenHash};

use crate::store::samples::moment;

/// What keeps sessions, under test.
#[async_trait]
pub trait SessionsHarness: Send + Sync {
    /// The sessions: none yet.
    fn sessions(&self) -> Arc<dyn Sessions>;

    /// Another handle on the same sessions, as another replica has.
    async fn second_sessions(&self) -> Arc<dyn Sessions>;
}

/// One `#[tokio::test]` for each clause of the contract of `Sessions`.
///
/// `harness` is an `async fn() -> impl SessionsHarness`. With a `?` behind its name it gives an `Option`, and `None`, for a
/// backend that this machine lacks, passes: see [`backends`](crate::backends).
#[macro_export]
macro_rules! sessions_suite {
    ($harness:ident) => {
        $crate::sessions_suite!(@started Some($harness().await));
    };
    ($harness:ident ?) => {
        $crate::sessions_suite!(@started $harness().await);
    };
    (@started $start:expr) => {
        $crate::sessions_suite!(@clauses $start;
            a_session_that_was_begun_is_found_by_every_handle_and_no_other_one_is,
            the_last_use_of_a_session_never_goes_back,
            a_session_that_was_ended_is_not_found_any_more,
            pruning_removes_the_sessions_that_began_or_were_used_too_long_ago_and_no_others,
        );
    };
    (@clauses $start:expr; $($clause:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $clause() {
            if let Some(harness) = $start {
                $crate::sessions::$clause(&harness).await;
            }
        }
    )+};
}

/// A session that was begun is found by every handle, equal in every field, and no other one is.
pub async fn a_session_that_was_begun_is_found_by_every_handle_and_no_other_one_is(
    harness: &impl SessionsHarness,
) {
    let (sessions, second) = (harness.sessions(), harness.second_sessions().await);
    let (of_ada, of_bob) = (session(1, 10, 20), session(2, 11, 11));
    begin(&sessions, &of_ada).await;
    begin(&second, &of_bob).await;
    for handle in [&sessions, &second] {
        assert_eq!(find(handle, 1).await, Some(of_ada.clone()));
        assert_eq!(find(handle, 2).await, Some(of_bob.clone()));
        assert_eq!(find(handle, 3).await, None);
    }
}

/// The last use of a session never goes back, and that of a session which is not there is no error.
pub async fn the_last_use_of_a_session_never_goes_back(harness: &impl SessionsHarness) {
    let (sessions, second) = (harness.sessions(), harness.second_sessions().await);
    begin(&sessions, &session(1, 1, 1)).await;
    begin(&sessions, &session(2, 1, 1)).await;
    for (handle, n, at, then) in [
        (&sessions, 1, 5, 5),
        (&second, 1, 4, 5),
        (&second, 1, 7, 7),
        (&sessions, 3, 9, 7),
    ] {
        let noted = handle.note_session_use(&hash(n), moment(at)).await;
        noted.expect("a store that is well notes a use");
        assert_eq!(find(&sessions, 1).await, Some(session(1, 1, then)));
        assert_eq!(find(&sessions, 2).await, Some(session(2, 1, 1)));
    }
}

/// A session that was ended is not found any more, and to end it again is no error.
pub async fn a_session_that_was_ended_is_not_found_any_more(harness: &impl SessionsHarness) {
    let (sessions, second) = (harness.sessions(), harness.second_sessions().await);
    begin(&sessions, &session(1, 1, 1)).await;
    begin(&sessions, &session(2, 1, 1)).await;
    for handle in [&second, &sessions] {
        let ended = handle.end_session(&hash(1)).await;
        ended.expect("a store that is well ends a session");
        assert_eq!(find(&sessions, 1).await, None);
        assert_eq!(find(&second, 2).await, Some(session(2, 1, 1)));
    }
}

/// Pruning removes the sessions that began or were used too long ago, and no others.
pub async fn pruning_removes_the_sessions_that_began_or_were_used_too_long_ago_and_no_others(
    harness: &impl SessionsHarness,
) {
    let sessions = harness.sessions();
    for (n, began, used) in [(1, 9, 50), (2, 10, 19), (3, 10, 20), (4, 30, 30)] {
        begin(&sessions, &session(n, began, used)).await;
    }
    let pruned = sessions.prune_sessions(moment(10), moment(20)).await;
    assert_eq!(pruned.expect("a store that is well prunes"), 2);
    for (n, stays) in [(1, false), (2, false), (3, true), (4, true)] {
        assert_eq!(find(&sessions, n).await.is_some(), stays, "session {n}");
    }
}

fn session(n: u8, began: i64, used: i64) -> Session {
    Session {
        hash: hash(n),
        token: TokenHash::new([100 + n; 32]),
        began_at: moment(began),
        last_used_at: moment(used),
    }
}

fn hash(n: u8) -> SessionHash {
    SessionHash::new([n; 32])
}

async fn begin(sessions: &Arc<dyn Sessions>, session: &Session) {
    let begun = sessions.begin_session(session).await;
    begun.expect("a store that is well begins a session");
}

async fn find(sessions: &Arc<dyn Sessions>, n: u8) -> Option<Session> {
    let found = sessions.session(&hash(n)).await;
    found.expect("a store that is well finds sessions")
}
