use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use registrywatcher::image::{Digest, Image, Repository, Tag};
use registrywatcher::ports::{LoggedTag, TagChanges, TagLogQuery};

/// What repositories had, and when.
#[derive(Debug, Default)]
pub(super) struct TagLog {
    repositories: BTreeMap<Repository, Rows>,
}

/// By tag and what it pointed to, which is nothing where it was listed.
type Rows = BTreeMap<(Tag, Option<Digest>), LoggedTag>;

impl TagLog {
    pub(super) fn write(&mut self, changes: &TagChanges) {
        let at = changes.at;
        let rows = self
            .repositories
            .entry(changes.repository.clone())
            .or_default();
        for tag in &changes.listed {
            see(rows, tag, None, at);
        }
        for (tag, image) in &changes.resolved {
            end(rows, tag, at, |row| {
                let logged = row.image.as_ref();
                logged.is_some_and(|logged| logged.digest != image.digest)
            });
            see(rows, tag, Some(image), at);
        }
        for tag in &changes.gone {
            end(rows, tag, at, |_| true);
        }
    }

    pub(super) fn read(&self, query: &TagLogQuery) -> Vec<LoggedTag> {
        let rows = self.repositories.get(&query.repository).into_iter();
        let mut found: Vec<LoggedTag> = rows
            .flat_map(BTreeMap::values)
            .filter(|row| query.tag.as_ref().is_none_or(|tag| row.tag == *tag))
            .filter(|row| !query.current || row.last_seen.is_none())
            .filter(|row| query.after.as_ref().is_none_or(|after| row.tag > *after))
            .cloned()
            .collect();
        // Rows of one tag and one time stay in the order of their digests.
        found.sort_by(|a, b| (&a.tag, a.first_seen).cmp(&(&b.tag, b.first_seen)));
        let mut tags: Vec<Tag> = found.iter().map(|row| row.tag.clone()).collect();
        tags.dedup();
        tags.truncate(query.limit as usize);
        found.retain(|row| tags.binary_search(&row.tag).is_ok());
        found
    }

    pub(super) fn prune(&mut self, before: DateTime<Utc>) -> u64 {
        let mut count = 0;
        for rows in self.repositories.values_mut() {
            let all = rows.len();
            rows.retain(|_, row| row.last_seen.is_none_or(|last| last >= before));
            count += all - rows.len();
        }
        count as u64
    }
}

fn see(rows: &mut Rows, tag: &Tag, image: Option<&Image>, at: DateTime<Utc>) {
    let digest = image.map(|image| image.digest.clone());
    let row = rows.entry((tag.clone(), digest));
    let row = row.or_insert_with(|| LoggedTag {
        tag: tag.clone(),
        image: image.cloned(),
        first_seen: at,
        last_seen: None,
    });
    row.last_seen = None;
}

fn end(rows: &mut Rows, tag: &Tag, at: DateTime<Utc>, is_over: impl Fn(&LoggedTag) -> bool) {
    let of_tag = rows.range_mut((tag.clone(), None)..);
    let of_tag = of_tag.take_while(|((of, _), _)| of == tag);
    let current = of_tag.filter(|(_, row)| row.last_seen.is_none() && is_over(row));
    for (_, row) in current {
        row.last_seen = Some(at);
    }
}
