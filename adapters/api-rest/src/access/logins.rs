use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use chrono::{DateTime, Utc};
use registrywatcher::token::TokenHash;

use crate::problem::{Fault, Kind};

/// Within which time failed logins are counted together.
const WINDOW: Duration = Duration::from_mins(1);

/// How often the last use of a token is written down at most.
const NOTE_EVERY: Duration = Duration::from_mins(1);

/// How many addresses are remembered. Whoever has more at hand than this gets more attempts, which is no way to guess 256 bits.
const MOST_ADDRESSES: usize = 4096;

/// Where logins come from: an address, or the network of one that has 64 bits to choose for itself.
type Origin = Option<IpAddr>;

/// Which logins failed, and which tokens were used.
#[derive(Debug)]
pub(super) struct Logins {
    /// How many may fail within a window.
    limit: u32,
    failures: BTreeMap<Origin, Failures>,
    uses: BTreeMap<TokenHash, Use>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    since: Duration,
    count: u32,
}

/// The last time that a token was accepted.
#[derive(Debug, Clone, Copy)]
struct Use {
    at: DateTime<Utc>,
    from: Origin,
    /// Whether it has been given to be written down.
    is_noted: bool,
    /// When that was done for the last time.
    noted: Option<Duration>,
}

impl Logins {
    pub(super) fn new(limit: u32) -> Self {
        Self {
            limit,
            failures: BTreeMap::new(),
            uses: BTreeMap::new(),
        }
    }

    /// Refuses a login from an address with too many failed ones, whether or not it would succeed: guessing must not go on.
    ///
    /// A token that was accepted from there before is not refused, or one client with an old token would lock out all others
    /// behind the same proxy.
    pub(super) fn check(
        &self,
        token: Option<&TokenHash>,
        from: Option<IpAddr>,
        now: Duration,
    ) -> Result<(), Fault> {
        let origin = origin(from);
        let Some(failures) = self.failures.get(&origin) else {
            return Ok(());
        };
        let ends = failures.since + WINDOW;
        let is_at_home = || {
            let used = token.and_then(|hash| self.uses.get(hash));
            used.is_some_and(|used| used.from == origin)
        };
        if failures.count < self.limit || now >= ends || is_at_home() {
            return Ok(());
        }
        let detail = "too many logins from this address failed; try again later";
        let left = ends.saturating_sub(now);
        // Rounded up: one who comes a moment too early is refused once more.
        let wait = Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0));
        Err(Fault {
            retry_after: Some(wait),
            ..Fault::new(Kind::TooManyFailedLogins, detail)
        })
    }

    pub(super) fn failed(&mut self, from: Option<IpAddr>, now: Duration) {
        let origin = origin(from);
        if self.failures.len() >= MOST_ADDRESSES && !self.failures.contains_key(&origin) {
            self.make_room(now);
        }
        let fresh = Failures {
            since: now,
            count: 0,
        };
        let failures = self.failures.entry(origin).or_insert(fresh);
        if now >= failures.since + WINDOW {
            *failures = fresh;
        }
        failures.count += 1;
        if failures.count == self.limit {
            let from = origin.map_or_else(|| "an unknown address".to_owned(), |ip| ip.to_string());
            tracing::warn!(
                client.address = from,
                "{} logins from {from} failed within a minute; more are refused for now",
                self.limit
            );
        }
    }

    pub(super) fn succeeded(&mut self, token: TokenHash, from: Option<IpAddr>, at: DateTime<Utc>) {
        let noted = self.uses.get(&token).and_then(|used| used.noted);
        let used = Use {
            at,
            from: origin(from),
            is_noted: false,
            noted,
        };
        self.uses.insert(token, used);
    }

    /// Forgets tokens that are known no more.
    pub(super) fn forget_tokens(&mut self, is_known: impl Fn(&TokenHash) -> bool) {
        self.uses.retain(|hash, _| is_known(hash));
    }

    /// Which of `tokens` were used since their last use was written down, and this long ago enough.
    pub(super) fn uses_to_note(
        &mut self,
        tokens: impl Iterator<Item = TokenHash>,
        now: Duration,
    ) -> Vec<(TokenHash, DateTime<Utc>)> {
        let mut due = Vec::new();
        for hash in tokens {
            let Some(used) = self.uses.get_mut(&hash) else {
                continue;
            };
            let is_due = used.noted.is_none_or(|noted| now >= noted + NOTE_EVERY);
            if is_due && !used.is_noted {
                used.is_noted = true;
                used.noted = Some(now);
                due.push((hash, used.at));
            }
        }
        due
    }

    /// Forgets what is over, or else the failures that began first.
    fn make_room(&mut self, now: Duration) {
        self.failures
            .retain(|_, failures| now < failures.since + WINDOW);
        if self.failures.len() < MOST_ADDRESSES {
            return;
        }
        let first = self.failures.iter().min_by_key(|(_, old)| old.since);
        if let Some(first) = first.map(|(origin, _)| *origin) {
            self.failures.remove(&first);
        }
    }
}

fn origin(from: Option<IpAddr>) -> Origin {
    from.map(|address| match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            // The loopback address is no network.
            let is_loopback = address.is_loopback();
            IpAddr::V6(if is_loopback {
                address
            } else {
                Ipv6Addr::from(network)
            })
        }
        address @ IpAddr::V4(_) => address,
    })
}

#[cfg(test)]
mod tests;
