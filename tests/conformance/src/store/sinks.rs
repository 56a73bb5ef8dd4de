use std::sync::Arc;

use registrywatcher::ports::{DeadLetter, DeadLetterQuery, Scope, Store};

use super::samples::{HARD_WORDS, moment, name, step, watch};
use super::{StoreHarness, commit};

/// A cursor is remembered, and never goes back.
pub async fn a_cursor_is_remembered_and_never_goes_back(harness: &impl StoreHarness) {
    let (store, second) = (harness.store(), harness.second().await);
    assert!(
        store
            .load(&Scope::Everything)
            .await
            .expect("an empty store loads")
            .cursors
            .is_empty()
    );

    advance(&store, "chat", 3).await;
    advance(&store, "mail", 1).await;
    advance(&second, "chat", 2).await;
    assert_eq!(cursors(&store).await, [("chat", 3), ("mail", 1)].map(owned));

    let tasks = (4..24)
        .zip([&store, &second].into_iter().cycle().cloned())
        .map(|(event, store)| tokio::spawn(async move { advance(&store, "chat", event).await }));
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("a cursor advances without a panic");
    }
    let reopened = harness.reopen().await;
    assert_eq!(
        cursors(&reopened).await,
        [("chat", 23), ("mail", 1)].map(owned)
    );

    commit(&reopened, step(watch("web"))).await;
    let one = reopened
        .load(&Scope::Watch(name("web")))
        .await
        .expect("a store that is well loads");
    assert_eq!(one.cursors.len(), 2, "cursors belong to no watch");
}

fn owned((sink, event): (&str, u64)) -> (String, u64) {
    (sink.to_owned(), event)
}

async fn advance(store: &Arc<dyn Store>, sink: &str, event: u64) {
    store
        .advance_cursor(sink, event)
        .await
        .expect("a store that is well remembers a cursor");
}

async fn cursors(store: &Arc<dyn Store>) -> Vec<(String, u64)> {
    let snapshot = store
        .load(&Scope::Everything)
        .await
        .expect("a store that is well loads");
    snapshot.cursors.into_iter().collect()
}

/// A dead letter moves its sink's cursor, is found by sink and page by page, and can be removed.
pub async fn a_dead_letter_moves_its_sinks_cursor_is_found_by_sink_and_page_by_page_and_can_be_removed(
    harness: &impl StoreHarness,
) {
    let (store, second) = (harness.store(), harness.second().await);
    advance(&store, "mail", 9).await;
    for (store, sink, event) in [
        (&store, "chat", 5),
        (&store, "chat", 2),
        (&second, "mail", 5),
        (&second, "chat", 7),
    ] {
        bury(store, &letter(sink, event)).await;
    }
    let expected = [("chat", 7), ("mail", 9)].map(owned);
    assert_eq!(cursors(&store).await, expected, "it never goes back");

    let again = DeadLetter {
        attempts: 9,
        ..letter("chat", 7)
    };
    bury(&store, &again).await;
    let reopened = harness.reopen().await;
    let all = [
        letter("chat", 2),
        letter("chat", 5),
        letter("mail", 5),
        again.clone(),
    ];
    assert_eq!(letters(&reopened, None, 0, 9).await, all);
    dead_letters_are_found_page_by_page(&reopened, &again).await;

    let removals = [("chat", 5), ("chat", 5), ("mail", 2), ("unknown", 7)];
    for (sink, event) in removals {
        reopened
            .remove_dead_letter(sink, event)
            .await
            .expect("removing what is not there is no error");
    }
    let left = [letter("chat", 2), letter("mail", 5), again];
    assert_eq!(letters(&reopened, None, 0, 9).await, left);
    assert_eq!(cursors(&reopened).await, expected, "cursors stay");
}

async fn dead_letters_are_found_page_by_page(store: &Arc<dyn Store>, last: &DeadLetter) {
    let chat = Some("chat");
    let first_page = [letter("chat", 2), letter("chat", 5)];
    assert_eq!(letters(store, chat, 0, 2).await, first_page);
    assert_eq!(letters(store, chat, 5, 2).await, std::slice::from_ref(last));
    assert_eq!(letters(store, chat, 7, 2).await, []);
    assert_eq!(letters(store, chat, u64::MAX, 2).await, []);
    assert_eq!(letters(store, chat, 0, 0).await, []);
    assert_eq!(letters(store, Some("unknown"), 0, 9).await, []);
}

fn letter(sink: &str, event: u64) -> DeadLetter {
    DeadLetter {
        sink: sink.to_owned(),
        event,
        at: moment(8),
        attempts: 3,
        problem: HARD_WORDS.to_owned(),
    }
}

async fn bury(store: &Arc<dyn Store>, letter: &DeadLetter) {
    store
        .bury(letter)
        .await
        .expect("a store that is well keeps a dead letter");
}

async fn letters(
    store: &Arc<dyn Store>,
    sink: Option<&str>,
    after: u64,
    limit: u32,
) -> Vec<DeadLetter> {
    let query = DeadLetterQuery {
        sink: sink.map(str::to_owned),
        after,
        limit,
    };
    store
        .dead_letters(&query)
        .await
        .expect("a store that is well finds dead letters")
}
