use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use crate::image::Repository;
use crate::watch::{Watch, WatchName};

/// What is watched: replaced as a whole where it changes, so that whoever looks sees one state of it.
#[derive(Debug, Default)]
pub(super) struct Watched {
    watches: BTreeMap<WatchName, Arc<Watch>>,
    by_repository: BTreeMap<Repository, Vec<Arc<Watch>>>,
    /// Which of them no configuration names.
    discovered: BTreeSet<WatchName>,
}

impl Watched {
    /// The watches of the configuration.
    pub(super) fn configured(watches: impl IntoIterator<Item = Watch>) -> Self {
        let watches = watches.into_iter();
        Self::new(
            watches
                .map(|watch| (watch.name.clone(), Arc::new(watch)))
                .collect(),
            BTreeSet::new(),
        )
    }

    /// The same watches of the configuration, and these beside them.
    pub(super) fn with_discovered(&self, discovered: BTreeMap<WatchName, Arc<Watch>>) -> Self {
        let names = discovered.keys().cloned().collect();
        let configured = self.watches.iter();
        let configured = configured.filter(|(name, _)| !self.is_discovered(name));
        let configured = configured.map(|(name, watch)| (name.clone(), Arc::clone(watch)));
        Self::new(configured.chain(discovered).collect(), names)
    }

    fn new(watches: BTreeMap<WatchName, Arc<Watch>>, discovered: BTreeSet<WatchName>) -> Self {
        let mut by_repository: BTreeMap<_, Vec<Arc<Watch>>> = BTreeMap::new();
        for watch in watches.values() {
            let of_one = by_repository.entry(watch.repository().clone()).or_default();
            of_one.reserve_exact(1);
            of_one.push(Arc::clone(watch));
        }
        Self {
            watches,
            by_repository,
            discovered,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.watches.len()
    }

    pub(super) fn get(&self, name: &WatchName) -> Option<&Arc<Watch>> {
        self.watches.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &WatchName> {
        self.watches.keys()
    }

    /// All of them, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Watch>> {
        self.watches.values()
    }

    /// Those after a name, by name; all of them if none is given.
    pub(super) fn after(&self, name: Option<&WatchName>) -> impl Iterator<Item = &Arc<Watch>> {
        let after = name.map_or(Bound::Unbounded, Bound::Excluded);
        let range = self
            .watches
            .range::<WatchName, _>((after, Bound::Unbounded));
        range.map(|(_, watch)| watch)
    }

    pub(super) fn repositories(&self) -> impl Iterator<Item = (&Repository, &[Arc<Watch>])> {
        let all = self.by_repository.iter();
        all.map(|(repository, watches)| (repository, &**watches))
    }

    /// Those that follow `repository`.
    pub(super) fn of(&self, repository: &Repository) -> &[Arc<Watch>] {
        let watches = self.by_repository.get(repository);
        watches.map_or(&[], |watches| watches)
    }

    pub(super) fn is_configured(&self, name: &WatchName) -> bool {
        self.watches.contains_key(name) && !self.is_discovered(name)
    }

    pub(super) fn is_discovered(&self, name: &WatchName) -> bool {
        self.discovered.contains(name)
    }

    /// Whether these are the very same watches.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let mut pairs = self.watches.values().zip(other.watches.values());
        self.len() == other.len() && pairs.all(|(one, other)| Arc::ptr_eq(one, other))
    }

    /// Those that no configuration names, by name.
    pub(super) fn discovered(&self) -> impl Iterator<Item = &Arc<Watch>> {
        let names = self.discovered.iter();
        names.filter_map(|name| self.watches.get(name))
    }
}
