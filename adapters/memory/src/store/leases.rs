use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use registrywatcher::ports::{LeaseClaim, ReplicaId, Resource};

/// Who attends to what, and until when.
#[derive(Debug, Default)]
pub(super) struct Leases {
    replicas: BTreeMap<ReplicaId, Replica>,
    held: BTreeMap<Resource, Lease>,
}

#[derive(Debug)]
struct Replica {
    generation: u64,
    until: DateTime<Utc>,
}

#[derive(Debug)]
struct Lease {
    replica: ReplicaId,
    until: DateTime<Utc>,
}

impl Leases {
    pub(super) fn is_held_by(
        &self,
        resource: &Resource,
        replica: ReplicaId,
        now: DateTime<Utc>,
    ) -> bool {
        let lease = self.held.get(resource);
        lease.is_some_and(|lease| lease.replica == replica && lease.until > now)
    }

    /// What a replica holds beyond its share, or does not ask for any more, it keeps until that runs out: until it has got this
    /// answer it may still work on it.
    pub(super) fn claim(&mut self, claim: &LeaseClaim, now: DateTime<Utc>) -> BTreeSet<Resource> {
        let until = now + claim.ttl;
        let replica = Replica {
            generation: claim.generation,
            until,
        };
        self.replicas.insert(claim.replica, replica);
        self.replicas.retain(|_, replica| replica.until > now);
        self.held.retain(|_, lease| lease.until > now);
        let asked: BTreeSet<&Resource> = claim.resources.iter().collect();
        let share = self.share(claim, asked.len());
        let free = |resource: &&Resource| !self.held.contains_key(*resource);
        let free = asked.iter().copied().filter(free);
        let mine = self.latest_of(claim.replica).into_iter();
        let mine = mine.filter(|resource| asked.contains(resource));
        // What it has it keeps, rather than change it for something else.
        let kept: BTreeSet<Resource> = mine.chain(free).take(share).cloned().collect();
        self.held.extend(kept.iter().map(|resource| {
            let replica = claim.replica;
            (resource.clone(), Lease { replica, until })
        }));
        kept
    }

    /// What a replica holds, that which it renewed last first.
    fn latest_of(&self, replica: ReplicaId) -> Vec<&Resource> {
        let mine = self
            .held
            .iter()
            .filter(|(_, lease)| lease.replica == replica);
        let mut mine: Vec<(&Resource, &Lease)> = mine.collect();
        mine.sort_by_key(|(_, lease)| Reverse(lease.until));
        mine.into_iter().map(|(resource, _)| resource).collect()
    }

    /// How many of what it asks for a replica may hold: an equal part among those of the newest generation.
    fn share(&self, claim: &LeaseClaim, asked: usize) -> usize {
        let newest = self.replicas.values().map(|r| r.generation).max();
        if newest.is_some_and(|newest| newest > claim.generation) {
            return 0;
        }
        let equals = self
            .replicas
            .values()
            .filter(|r| Some(r.generation) == newest);
        asked.div_ceil(equals.count().max(1))
    }

    pub(super) fn release(&mut self, replica: ReplicaId) {
        self.replicas.remove(&replica);
        self.held.retain(|_, lease| lease.replica != replica);
    }
}
