//! The contract of [`Tokens`], clause by clause: [`tokens_suite!`](crate::tokens_suite).

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a clause fails by panicking, and says what it expected"
)]

use std::sync::Arc;

use async_trait::async_trait;
use registrywatcher::event::{EventKind, NewEvent};
use registrywatcher::intent::Author;
use registrywatcher::ports::{EventQuery, EventRange, Store, Tokens};
use registrywatcher::token::{Reach, Role, StoredToken, TokenHash, TokenName};

use crate::store::samples::moment;

/// What keeps tokens, under test.
#[async_trait]
pub trait TokensHarness: Send + Sync {
    /// The tokens: none yet.
    fn tokens(&self) -> Arc<dyn Tokens>;

    /// Where the events of tokens are kept: none yet.
    fn events(&self) -> Arc<dyn Store>;

    /// Another handle on the same tokens, as a second process has.
    async fn second_tokens(&self) -> Arc<dyn Tokens>;
}

/// One `#[tokio::test]` for each clause of the contract of `Tokens`.
///
/// `harness` is an `async fn() -> impl TokensHarness`. With a `?` behind its name it gives an `Option`, and `None`, for a
/// backend that this machine lacks, passes: see [`backends`](crate::backends).
#[macro_export]
macro_rules! tokens_suite {
    ($harness:ident) => {
        $crate::tokens_suite!(@started Some($harness().await));
    };
    ($harness:ident ?) => {
        $crate::tokens_suite!(@started $harness().await);
    };
    (@started $start:expr) => {
        $crate::tokens_suite!(@clauses $start;
            a_token_that_was_added_is_found_again_by_every_handle_equal_in_every_field,
            a_second_token_of_one_name_or_one_hash_is_not_added_and_the_first_stays,
            of_two_tokens_of_one_name_that_are_added_at_once_one_is,
            what_is_told_of_a_token_is_stored_when_it_was_added_or_removed_and_only_then,
            a_token_that_was_removed_is_not_found_any_more_and_its_name_is_free,
            the_last_use_of_a_token_never_goes_back,
        );
    };
    (@clauses $start:expr; $($clause:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $clause() {
            if let Some(harness) = $start {
                $crate::tokens::$clause(&harness).await;
            }
        }
    )+};
}

/// A token that was added is found again by every handle, equal in every field, in the order of the names.
pub async fn a_token_that_was_added_is_found_again_by_every_handle_equal_in_every_field(
    harness: &impl TokensHarness,
) {
    let (tokens, second) = (harness.tokens(), harness.second_tokens().await);
    assert_eq!(all(&tokens).await, []);
    let limited = StoredToken {
        role: Role::Deployer,
        reach: reach(&["web", "api-*"]),
        expires_at: Some(moment(9)),
        last_used_at: Some(moment(3)),
        ..token("b-2", 1)
    };
    // Neither in the order of the alphabet nor in that of a locale.
    let named = (10..).zip(["b_1", "B", "a", "b.3"]);
    let nowhere = StoredToken {
        role: Role::Admin,
        reach: Reach::Only(Vec::new()),
        ..token("Z", 9)
    };
    let mut added = vec![limited, nowhere];
    added.extend(named.map(|(n, name)| token(name, n)));
    for (token, handle) in added.iter().zip([&tokens, &second].into_iter().cycle()) {
        assert!(add(handle, token).await, "{token:?}");
    }
    added.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(all(&tokens).await, added);
    assert_eq!(all(&second).await, added);
}

/// A second token of one name or one hash is not added, and the first stays as it is.
pub async fn a_second_token_of_one_name_or_one_hash_is_not_added_and_the_first_stays(
    harness: &impl TokensHarness,
) {
    let (tokens, second) = (harness.tokens(), harness.second_tokens().await);
    assert!(add(&tokens, &token("ci", 1)).await);
    let of_the_name = StoredToken {
        role: Role::Admin,
        ..token("ci", 2)
    };
    assert!(!add(&second, &of_the_name).await);
    assert!(!add(&tokens, &token("other", 1)).await);
    assert_eq!(all(&second).await, [token("ci", 1)]);
}

/// Of two tokens of one name that are added at once, one is.
pub async fn of_two_tokens_of_one_name_that_are_added_at_once_one_is(harness: &impl TokensHarness) {
    let (tokens, second) = (harness.tokens(), harness.second_tokens().await);
    for round in 0..10 {
        let name = format!("ci-{round}");
        let adding = [(&tokens, 2 * round), (&second, 2 * round + 1)].map(|(handle, n)| {
            let (handle, token) = (Arc::clone(handle), token(&name, n));
            tokio::spawn(async move { add(&handle, &token).await })
        });
        let mut added = 0;
        for adding in adding {
            added += u32::from(adding.await.expect("adding does not panic"));
        }
        assert_eq!(added, 1);
    }
    assert_eq!(all(&tokens).await.len(), 10);
}

/// What is told of a token is stored with it: when it was added or removed, and only then.
pub async fn what_is_told_of_a_token_is_stored_when_it_was_added_or_removed_and_only_then(
    harness: &impl TokensHarness,
) {
    let tokens = harness.tokens();
    assert!(add(&tokens, &token("ci", 1)).await);
    assert!(!add(&tokens, &token("ci", 2)).await);
    assert!(!remove(&tokens, "ops").await);
    assert!(remove(&tokens, "ci").await);
    assert!(!remove(&tokens, "ci").await);
    let all = EventQuery {
        watch: None,
        range: EventRange::After(0),
        limit: 10,
    };
    let stored = harness.events().events(&all).await;
    let stored = stored.expect("a store that is well gives events");
    let told: Vec<_> = stored
        .into_iter()
        .map(|event| (event.watch, event.at, event.kind))
        .collect();
    let expected = [added("ci"), removed("ci")].map(|new| (None, new.at, new.kind));
    assert_eq!(told, expected);
}

/// A token that was removed is not found any more, and its name is free.
pub async fn a_token_that_was_removed_is_not_found_any_more_and_its_name_is_free(
    harness: &impl TokensHarness,
) {
    let (tokens, second) = (harness.tokens(), harness.second_tokens().await);
    for token in [token("ci", 1), token("ops", 2)] {
        assert!(add(&tokens, &token).await);
    }
    assert!(remove(&second, "ci").await);
    assert!(!remove(&tokens, "ci").await, "it is gone already");
    assert_eq!(all(&tokens).await, [token("ops", 2)]);
    assert!(add(&tokens, &token("ci", 3)).await);
    assert_eq!(all(&second).await, [token("ci", 3), token("ops", 2)]);
}

/// The last use of a token never goes back, and that of a token which is not there is no error.
pub async fn the_last_use_of_a_token_never_goes_back(harness: &impl TokensHarness) {
    let (tokens, second) = (harness.tokens(), harness.second_tokens().await);
    for token in [token("ci", 1), token("ops", 2)] {
        assert!(add(&tokens, &token).await);
    }
    for (handle, n, at, then) in [
        (&tokens, 1, 5, 5),
        (&second, 1, 4, 5),
        (&second, 1, 7, 7),
        (&tokens, 3, 9, 7),
    ] {
        handle
            .note_token_use(&hash(n), moment(at))
            .await
            .expect("a store that is well notes a use");
        let used = StoredToken {
            last_used_at: Some(moment(then)),
            ..token("ci", 1)
        };
        assert_eq!(all(&tokens).await, [used, token("ops", 2)]);
    }
}

fn token(name: &str, n: u8) -> StoredToken {
    StoredToken {
        name: token_name(name),
        role: Role::Viewer,
        reach: Reach::Everything,
        hash: hash(n),
        created_at: moment(1),
        expires_at: None,
        last_used_at: None,
    }
}

/// What is told of a token that was added.
fn added(name: &str) -> NewEvent {
    NewEvent {
        at: moment(1),
        kind: EventKind::TokenCreated {
            name: token_name(name),
            role: Role::Viewer,
            by: Author::new("ada"),
        },
    }
}

/// What is told of a token that was removed.
fn removed(name: &str) -> NewEvent {
    NewEvent {
        at: moment(2),
        kind: EventKind::TokenRevoked {
            name: token_name(name),
            by: Author::new("ada"),
        },
    }
}

fn token_name(name: &str) -> TokenName {
    name.parse().expect("the name of a test is one")
}

fn hash(n: u8) -> TokenHash {
    TokenHash::new([n; 32])
}

fn reach(patterns: &[&str]) -> Reach {
    let patterns = patterns.iter().map(|text| text.parse());
    Reach::Only(
        patterns
            .collect::<Result<_, _>>()
            .expect("they are patterns"),
    )
}

async fn all(tokens: &Arc<dyn Tokens>) -> Vec<StoredToken> {
    tokens
        .tokens()
        .await
        .expect("a store that is well finds tokens")
}

async fn add(tokens: &Arc<dyn Tokens>, token: &StoredToken) -> bool {
    tokens
        .add_token(token, added(token.name.as_str()))
        .await
        .expect("a store that is well keeps a token")
}

async fn remove(tokens: &Arc<dyn Tokens>, name: &str) -> bool {
    tokens
        .remove_token(&token_name(name), removed(name))
        .await
        .expect("a store that is well forgets a token")
}
