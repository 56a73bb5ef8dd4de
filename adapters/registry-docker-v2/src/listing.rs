//! Listing tags.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use registrywatcher::image::TagList;
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::fault::Fault;
use crate::host::{Host, Question};
use crate::link::next_page;

/// The last listing of each repository of a registry.
#[derive(Debug, Default)]
pub(crate) struct Listings {
    by_repository: Mutex<HashMap<Box<str>, Listing>>,
    keys: RandomState,
}

/// A listing, and by what an equal one is told without being read.
///
/// The pages themselves would weigh more than all the rest. Two listings have one fingerprint by a chance of 1 to 2^64,
/// which nobody can better without knowing the keys of this process.
#[derive(Debug)]
struct Listing {
    fingerprint: u64,
    tags: Arc<TagList>,
}

/// A page; what is not here is not needed.
#[derive(Deserialize)]
struct Page<'a> {
    /// `null` for a repository whose tags were all deleted.
    #[serde(borrow, default)]
    tags: Option<Vec<Text<'a>>>,
    /// An error in the guise of a success, which must not be read as a repository without tags.
    errors: Option<IgnoredAny>,
}

/// A text that is copied only where it holds escapes; serde does not borrow through a bare `Vec<Cow>`.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// What a page's request came to.
enum Outcome {
    Complete(Vec<Vec<u8>>),
    /// A page that a link led to is gone: the tag it starts after was deleted meanwhile.
    Moved,
}

/// More pages are a loop.
const MAX_PAGES: usize = 2000;

impl Host {
    /// Lists all tags of `repository`; the same list as before while nothing changes.
    pub(crate) async fn tags(&self, repository: &str) -> Result<Arc<TagList>, Fault> {
        let mut outcome = self.pages(repository).await?;
        if matches!(outcome, Outcome::Moved) {
            outcome = self.pages(repository).await?;
        }
        let Outcome::Complete(pages) = outcome else {
            return Err(Fault::unavailable(
                "its listing changed twice while it was read",
            ));
        };
        self.listings.of_pages(repository, &pages)
    }

    async fn pages(&self, repository: &str) -> Result<Outcome, Fault> {
        let page_size = self.settings.page_size.clamp(1, 1000);
        let mut url = self.url(repository, &format!("tags/list?n={page_size}"))?;
        let mut left = self.settings.max_tags_bytes;
        let mut visited = HashSet::new();
        let mut pages = Vec::new();
        loop {
            let question = Question::get(repository, url.clone(), "application/json", left);
            let answer = self.ask(&question).await?;
            if answer.status == StatusCode::NOT_FOUND && !pages.is_empty() {
                return Ok(Outcome::Moved);
            }
            if !answer.status.is_success() {
                return Err(answer.fault());
            }
            left = left.saturating_sub(answer.body.len());
            let next = next_page(&answer.headers, &url)?;
            pages.push(answer.body);
            let Some(next) = next else {
                return Ok(Outcome::Complete(pages));
            };
            if pages.len() == MAX_PAGES {
                return Err(Fault::Invalid(format!(
                    "its listing has more than {MAX_PAGES} pages"
                )));
            }
            visited.insert(url);
            if visited.contains(&next) {
                return Err(Fault::Invalid(
                    "its listing leads back to a page already read".into(),
                ));
            }
            url = next;
        }
    }
}

impl Listings {
    fn of_pages(&self, repository: &str, pages: &[Vec<u8>]) -> Result<Arc<TagList>, Fault> {
        let fingerprint = self.keys.hash_one(pages);
        if let Some(last) = self.lock().get(repository)
            && last.fingerprint == fingerprint
        {
            return Ok(Arc::clone(&last.tags));
        }
        let tags = parse(pages)?;
        let mut listings = self.lock();
        if let Some(last) = listings.get_mut(repository) {
            last.fingerprint = fingerprint;
            // The same tags in another order, as some registries give them.
            if *last.tags != tags {
                last.tags = Arc::new(tags);
            }
            return Ok(Arc::clone(&last.tags));
        }
        let tags = Arc::new(tags);
        listings.insert(
            repository.into(),
            Listing {
                fingerprint,
                tags: Arc::clone(&tags),
            },
        );
        Ok(tags)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Listing>> {
        self.by_repository
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn parse(pages: &[Vec<u8>]) -> Result<TagList, Fault> {
    let mut texts = Vec::new();
    for page in pages {
        let page: Page<'_> = serde_json::from_slice(page)
            .map_err(|error| Fault::Invalid(format!("its listing cannot be read: {error}")))?;
        if page.errors.is_some() {
            return Err(Fault::Invalid(
                "its listing holds an error instead of tags".to_owned(),
            ));
        }
        texts.extend(page.tags.unwrap_or_default());
    }
    Ok(TagList::collect(texts.iter().map(|Text(text)| &**text)))
}
