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

    pub(super) fn claim(&mut self, claim: &LeaseClaim, now: DateTime<Utc>) -> BTreeSet<Resource> {
        let until = now + claim.ttl;
        let replica = Replica {
            generation: claim.generation,
            until,
        };
        self.replicas.insert(claim.replica, replica);
        self.replicas.retain(|_, replica| replica.until > now);
        self.held.retain(|_, lease| lease.until > now);
        let share = self.share(claim);
        let mine = |lease: &Lease| lease.replica == claim.replica;
        // What it has it keeps, rather than change it for something else.
        let (held, others): (Vec<&Resource>, Vec<&Resource>) = claim
            .resources
            .iter()
            .partition(|resource| self.held.get(resource).is_some_and(mine));
        let free = others.into_iter().filter(|resource| !self.held.contains_key(resource));
        let kept: BTreeSet<Resource> = held.into_iter().chain(free).take(share).cloned().collect();
        self.held.retain(|_, lease| !mine(lease));
        self.held.extend(kept.iter().map(|resource| {
            let replica = claim.replica;
            (resource.clone(), Lease { replica, until })
        }));
        kept
    }

    /// How many of the resources a replica may hold: an equal part among those of the newest generation.
    fn share(&self, claim: &LeaseClaim) -> usize {
        let newest = self.replicas.values().map(|r| r.generation).max();
        if newest.is_some_and(|newest| newest > claim.generation) {
            return 0;
        }
        let equals = self.replicas.values().filter(|r| Some(r.generation) == newest);
        claim.resources.len().div_ceil(equals.count().max(1))
    }

    pub(super) fn release(&mut self, replica: ReplicaId) {
        self.replicas.remove(&replica);
        self.held.retain(|_, lease| lease.replica != replica);
    }
}
