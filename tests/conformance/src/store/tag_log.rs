use std::sync::Arc;

use chrono::{DateTime, Utc};
use registrywatcher::image::{Image, Repository, Tag};
use registrywatcher::ports::{LoggedTag, Store, TagChanges, TagLogQuery};

use super::StoreHarness;
use super::samples::moment;
use crate::samples::{image, tag};

/// The log of tags tells what was listed and resolved, from when to when, and a sighting twice is one.
pub async fn the_log_of_tags_tells_what_was_listed_and_resolved_from_when_to_when(
    harness: &impl StoreHarness,
) {
    let (store, second) = (harness.store(), harness.second().await);
    write(&store, &seen(1, &["v2", "v1"], &[], &[("v1", &indexed())])).await;
    write(
        &second,
        &seen(2, &["v3"], &["v2"], &[("v1", &image(2)), ("v3", &image(3))]),
    )
    .await;
    let elsewhere = TagChanges {
        repository: repository("other"),
        ..seen(3, &["v1"], &["v3"], &[("v1", &image(9))])
    };
    write(&store, &elsewhere).await;
    let expected = [
        row("v1", None, 1, None),
        row("v1", Some(indexed()), 1, Some(2)),
        row("v1", Some(image(2)), 2, None),
        row("v2", None, 1, Some(2)),
        row("v3", None, 2, None),
        row("v3", Some(image(3)), 2, None),
    ];
    assert_eq!(read(&store, &all()).await, expected);
    let other = TagLogQuery {
        repository: repository("other"),
        ..all()
    };
    let there = [row("v1", None, 3, None), row("v1", Some(image(9)), 3, None)];
    assert_eq!(read(&second, &other).await, there);

    let twice = seen(4, &["v1", "v3"], &["v2", "never"], &[("v1", &image(2))]);
    write(&second, &twice).await;
    let reopened = harness.reopen().await;
    assert_eq!(read(&reopened, &all()).await, expected, "nothing changed");
    what_comes_back_is_still_so(&reopened).await;
    parts_of_the_log_are_found(&reopened).await;
}

async fn what_comes_back_is_still_so(store: &Arc<dyn Store>) {
    write(store, &seen(5, &["v2"], &["v3"], &[("v1", &indexed())])).await;
    let expected = [
        row("v1", None, 1, None),
        row("v1", Some(indexed()), 1, None),
        row("v1", Some(image(2)), 2, Some(5)),
        row("v2", None, 1, None),
        row("v3", None, 2, Some(5)),
        row("v3", Some(image(3)), 2, Some(5)),
    ];
    assert_eq!(read(store, &all()).await, expected);
}

async fn parts_of_the_log_are_found(store: &Arc<dyn Store>) {
    write(
        store,
        &seen(6, &["a", "B", "_", "1", "a-b", "a.b", "aa"], &[], &[]),
    )
    .await;
    let current = TagLogQuery {
        current: true,
        ..all()
    };
    let in_byte_order = ["1", "B", "_", "a", "a-b", "a.b", "aa", "v1", "v1", "v2"];
    assert_eq!(tags(&read(store, &current).await), in_byte_order);

    let mut pages: Vec<String> = Vec::new();
    let mut after = None;
    loop {
        let query = TagLogQuery {
            after: after.clone(),
            limit: 2,
            ..current.clone()
        };
        let page = read(store, &query).await;
        let Some(last) = page.last() else { break };
        after = Some(last.tag.clone());
        pages.extend(tags(&page).into_iter().map(str::to_owned));
    }
    assert_eq!(pages, in_byte_order);

    let of_v1 = TagLogQuery {
        tag: Some(tag("v1")),
        ..all()
    };
    assert_eq!(tags(&read(store, &of_v1).await), ["v1", "v1", "v1"]);
    let none = TagLogQuery { limit: 0, ..all() };
    assert_eq!(read(store, &none).await, []);
    let unknown = TagLogQuery {
        repository: repository("unknown"),
        ..all()
    };
    assert_eq!(read(store, &unknown).await, []);
}

/// Pruning the log of tags removes what ended before, and nothing that is still so.
pub async fn pruning_the_log_of_tags_removes_what_ended_before_and_nothing_that_is_still_so(
    harness: &impl StoreHarness,
) {
    let store = harness.store();
    write(&store, &seen(1, &["a", "b", "c"], &[], &[("a", &image(1))])).await;
    write(&store, &seen(3, &[], &["b"], &[("a", &image(2))])).await;
    write(&store, &seen(5, &[], &["c"], &[])).await;
    assert_eq!(
        prune(&store, moment(3)).await,
        0,
        "they ended then, not before"
    );
    assert_eq!(prune(&store, moment(4)).await, 2);
    let expected = [
        row("a", None, 1, None),
        row("a", Some(image(2)), 3, None),
        row("c", None, 1, Some(5)),
    ];
    assert_eq!(read(&store, &all()).await, expected);
    assert_eq!(prune(&store, moment(9_999)).await, 1);
    assert_eq!(read(&store, &all()).await, expected[..2]);
    assert_eq!(prune(&store, moment(9_999)).await, 0);
}

fn repository(name: &str) -> Repository {
    let text = format!("registry.example:5000/acme/{name}");
    text.parse().expect("a repository of a test is one")
}

fn indexed() -> Image {
    super::samples::deployment(1, "web", super::samples::applying())
        .candidate
        .image
}

fn seen(second: i64, listed: &[&str], gone: &[&str], resolved: &[(&str, &Image)]) -> TagChanges {
    let tags = |texts: &[&str]| texts.iter().map(|text| tag(text)).collect();
    TagChanges {
        repository: repository("web"),
        at: moment(second),
        listed: tags(listed),
        gone: tags(gone),
        resolved: resolved
            .iter()
            .map(|&(text, image)| (tag(text), image.clone()))
            .collect(),
    }
}

fn row(text: &str, image: Option<Image>, first: i64, last: Option<i64>) -> LoggedTag {
    LoggedTag {
        tag: tag(text),
        image,
        first_seen: moment(first),
        last_seen: last.map(moment),
    }
}

fn all() -> TagLogQuery {
    TagLogQuery {
        repository: repository("web"),
        tag: None,
        current: false,
        after: None,
        limit: 1000,
    }
}

fn tags(rows: &[LoggedTag]) -> Vec<&str> {
    rows.iter().map(|row| Tag::as_str(&row.tag)).collect()
}

async fn write(store: &Arc<dyn Store>, changes: &TagChanges) {
    store
        .log_tags(changes)
        .await
        .expect("a store that is well writes its log");
}

async fn read(store: &Arc<dyn Store>, query: &TagLogQuery) -> Vec<LoggedTag> {
    store
        .tag_log(query)
        .await
        .expect("a store that is well reads its log")
}

async fn prune(store: &Arc<dyn Store>, before: DateTime<Utc>) -> u64 {
    store
        .prune_tag_log(before)
        .await
        .expect("a store that is well prunes its log")
}
