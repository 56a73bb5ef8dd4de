use std::fmt;

use super::Tag;

/// The complete tags of a repository at one moment: sorted, without repetitions, and small.
///
/// Ten thousand watches hold one each, so the tags stand in one string, a line each, instead of in a string each.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TagList {
    lines: Box<str>,
    count: usize,
    unusable: usize,
}

impl TagList {
    /// Collects tags from what a registry lists, in any order and with repetitions.
    ///
    /// A text outside the tag grammar is counted as [`unusable`](Self::unusable) and left out: no registry can serve a
    /// manifest under it.
    pub fn collect<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut unusable = 0;
        // With its first bytes beside it, most comparisons need no look at the text itself.
        let mut tags: Vec<(u128, &str)> = texts
            .into_iter()
            .filter(|text| {
                let usable = Tag::check(text).is_ok();
                unusable += usize::from(!usable);
                usable
            })
            .map(|text| (prefix(text), text))
            .collect();
        tags.sort_unstable();
        tags.dedup();
        let size = tags.iter().map(|(_, tag)| tag.len() + 1).sum();
        let mut lines = String::with_capacity(size);
        for (_, tag) in &tags {
            if !lines.is_empty() {
                lines.push('\n');
            }
            lines.push_str(tag);
        }
        Self {
            lines: lines.into_boxed_str(),
            count: tags.len(),
            unusable,
        }
    }

    /// The tags in byte order; each follows the tag grammar.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        // An empty list is an empty string, which `split` would give back as one empty tag.
        self.lines.split('\n').filter(|tag| !tag.is_empty())
    }

    /// The tags as values of their own.
    pub fn to_tags(&self) -> Vec<Tag> {
        self.iter().map(Tag::from_checked).collect()
    }

    /// Whether `tag` is listed.
    pub fn contains(&self, tag: &Tag) -> bool {
        self.iter().any(|listed| listed == tag.as_str())
    }

    /// How many tags are listed.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether the repository has no tags.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many listed texts were left out because they are not tags.
    pub fn unusable(&self) -> usize {
        self.unusable
    }
}

/// The first sixteen bytes as a number that orders as they do; equal prefixes say nothing.
fn prefix(text: &str) -> u128 {
    let mut bytes = [0; 16];
    let length = text.len().min(bytes.len());
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    u128::from_be_bytes(bytes)
}

impl fmt::Debug for TagList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> FromIterator<&'a str> for TagList {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        Self::collect(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_sorted_without_repetitions_and_counts_what_is_no_tag() {
        let list: TagList = ["v2", "v1", "v2", "a/b", ""].into_iter().collect();
        assert_eq!(list.iter().collect::<Vec<_>>(), ["v1", "v2"]);
        assert_eq!((list.len(), list.unusable()), (2, 2));
        assert!(list.contains(&"v1".parse().unwrap()) && !list.contains(&"v".parse().unwrap()));
    }

    #[test]
    fn tags_that_begin_alike_are_in_byte_order_too() {
        let texts = [
            "v1.10.10-20261124-b",
            "v1.10.1",
            "v1.10.10-20261124-a",
            "v1.10.10-20261124",
            "v",
            "v1.10.10-2026112",
            "v1.10.9",
        ];
        let mut sorted = texts;
        sorted.sort_unstable();
        assert!(TagList::collect(texts).iter().eq(sorted));
    }

    #[test]
    fn an_empty_list_has_no_tags() {
        let list = TagList::default();
        assert!(list.is_empty());
        assert_eq!(list.iter().count(), 0);
    }
}
