use chrono::{DateTime, Utc};
use registrywatcher::image::{Repository, Tag};
use registrywatcher::ports::{LoggedTag, TagChanges, TagLogQuery};

/// What repositories had, and when.
#[derive(Debug, Default)]
pub(super) struct TagLog {
    rows: Vec<(Repository, LoggedTag)>,
}

impl TagLog {
    pub(super) fn write(&mut self, changes: &TagChanges) {
        let at = changes.at;
        for tag in &changes.listed {
            self.see(changes, tag, None);
        }
        for (tag, image) in &changes.resolved {
            let is_other = |row: &LoggedTag| {
                let logged = row.image.as_ref();
                row.tag == *tag && logged.is_some_and(|logged| logged.digest != image.digest)
            };
            self.end(&changes.repository, at, is_other);
            self.see(changes, tag, Some(image));
        }
        for tag in &changes.gone {
            self.end(&changes.repository, at, |row| row.tag == *tag);
        }
    }

    fn see(
        &mut self,
        changes: &TagChanges,
        tag: &Tag,
        image: Option<&registrywatcher::image::Image>,
    ) {
        let digest = image.map(|image| &image.digest);
        let known = self.rows.iter_mut().find(|(repository, row)| {
            let logged = row.image.as_ref().map(|image| &image.digest);
            *repository == changes.repository && row.tag == *tag && logged == digest
        });
        if let Some((_, row)) = known {
            row.last_seen = None;
            return;
        }
        let row = LoggedTag {
            tag: tag.clone(),
            image: image.cloned(),
            first_seen: changes.at,
            last_seen: None,
        };
        self.rows.push((changes.repository.clone(), row));
    }

    fn end(
        &mut self,
        repository: &Repository,
        at: DateTime<Utc>,
        is_over: impl Fn(&LoggedTag) -> bool,
    ) {
        let of_repository = self.rows.iter_mut().filter(|(of, _)| of == repository);
        for (_, row) in of_repository.filter(|(_, row)| row.last_seen.is_none() && is_over(row)) {
            row.last_seen = Some(at);
        }
    }

    pub(super) fn read(&self, query: &TagLogQuery) -> Vec<LoggedTag> {
        let mut found: Vec<LoggedTag> = self
            .rows
            .iter()
            .filter(|(repository, _)| *repository == query.repository)
            .map(|(_, row)| row)
            .filter(|row| query.tag.as_ref().is_none_or(|tag| row.tag == *tag))
            .filter(|row| !query.current || row.last_seen.is_none())
            .filter(|row| query.after.as_ref().is_none_or(|after| row.tag > *after))
            .cloned()
            .collect();
        found.sort_by(|a, b| {
            let digest = |row: &LoggedTag| row.image.as_ref().map(|image| image.digest.clone());
            (&a.tag, a.first_seen, digest(a)).cmp(&(&b.tag, b.first_seen, digest(b)))
        });
        found.truncate(query.limit as usize);
        found
    }

    pub(super) fn prune(&mut self, before: DateTime<Utc>) -> u64 {
        let count = self.rows.len();
        let is_kept = |row: &LoggedTag| row.last_seen.is_none_or(|last| last >= before);
        self.rows.retain(|(_, row)| is_kept(row));
        (count - self.rows.len()) as u64
    }
}
