use std::net::Ipv4Addr;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[expect(clippy::unnecessary_wraps, reason = "a request may have no address")]
fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

fn hash(n: u8) -> TokenHash {
    TokenHash::new([n; 32])
}

/// How long a login without a known token has to wait, if it has to.
fn wait(logins: &Logins, from: &str, now: Duration) -> Option<Duration> {
    let refused = logins.check(None, address(from), now).err()?;
    assert_eq!(refused.kind, Kind::TooManyFailedLogins);
    refused.retry_after
}

fn fail(logins: &mut Logins, from: &str, times: u32, now: Duration) {
    for _ in 0..times {
        logins.failed(address(from), now);
    }
}

#[test]
fn an_address_with_too_many_failures_waits_until_its_minute_is_over() {
    let mut logins = Logins::new(3);
    fail(&mut logins, "10.0.0.1", 2, SECOND);
    assert_eq!(wait(&logins, "10.0.0.1", SECOND), None);
    fail(&mut logins, "10.0.0.1", 1, SECOND * 31);
    assert_eq!(wait(&logins, "10.0.0.1", SECOND * 31), Some(SECOND * 30));
    let almost = Duration::from_millis(60_999);
    assert_eq!(wait(&logins, "10.0.0.1", almost), Some(SECOND));
    assert_eq!(wait(&logins, "10.0.0.1", SECOND * 61), None);
    fail(&mut logins, "10.0.0.1", 2, SECOND * 61);
    assert_eq!(
        wait(&logins, "10.0.0.1", SECOND * 61),
        None,
        "a new minute starts at nothing"
    );
}

#[test]
fn one_address_does_not_pay_for_another() {
    let mut logins = Logins::new(1);
    for (guesses, waits, waits_not) in [
        ("10.0.0.1", "::ffff:10.0.0.1", "10.0.0.2"),
        ("127.0.0.1", "127.0.0.1", "::1"),
        ("2001:db8::1", "2001:db8::ffff:0:1", "2001:db8:0:1::1"),
        ("::1", "::1", "::2"),
    ] {
        fail(&mut logins, guesses, 1, SECOND);
        assert!(wait(&logins, waits, SECOND).is_some(), "{waits}");
        assert_eq!(wait(&logins, waits_not, SECOND), None, "{waits_not}");
    }
}

#[test]
fn a_token_that_was_accepted_from_an_address_is_not_locked_out_by_its_neighbours() {
    let mut logins = Logins::new(1);
    logins.succeeded(hash(1), address("10.0.0.1"), DateTime::UNIX_EPOCH);
    logins.succeeded(hash(2), address("10.0.0.2"), DateTime::UNIX_EPOCH);
    fail(&mut logins, "10.0.0.1", 1, SECOND);
    let is_refused = |token: Option<TokenHash>| {
        let checked = logins.check(token.as_ref(), address("10.0.0.1"), SECOND);
        checked.is_err()
    };
    assert!(!is_refused(Some(hash(1))));
    assert!(is_refused(Some(hash(2))), "it may be a guess");
    assert!(is_refused(Some(hash(3))), "it may be a guess");
    assert!(is_refused(None));
}

#[test]
fn what_is_remembered_has_bounds() {
    let mut logins = Logins::new(1);
    let count = u32::try_from(MOST_ADDRESSES).unwrap() + 10;
    for n in 0..count {
        let from = IpAddr::V4(Ipv4Addr::from(n));
        logins.failed(Some(from), Duration::from_millis(n.into()));
    }
    assert_eq!(logins.failures.len(), MOST_ADDRESSES);
    let now = Duration::from_millis(count.into());
    let first = Some(IpAddr::V4(Ipv4Addr::from(0)));
    assert!(
        logins.check(None, first, now).is_ok(),
        "the first is forgotten"
    );
    let last = Some(IpAddr::V4(Ipv4Addr::from(count - 1)));
    assert!(logins.check(None, last, now).is_err());
    logins.failed(address("10.0.0.1"), now + WINDOW);
    assert_eq!(logins.failures.len(), 1, "all others are over");
}

#[test]
fn the_last_use_is_noted_at_once_and_then_once_a_minute() {
    let mut logins = Logins::new(1);
    let nothing = Vec::<DateTime<Utc>>::new();
    let at = |seconds| DateTime::UNIX_EPOCH + SECOND * seconds;
    let mut note = |used: Option<u32>, now: u32| -> Vec<DateTime<Utc>> {
        if let Some(used) = used {
            logins.succeeded(hash(1), None, at(used));
        }
        let due = logins.uses_to_note([hash(1), hash(2)].into_iter(), SECOND * now);
        due.into_iter().map(|(_, at)| at).collect()
    };
    assert_eq!(note(None, 0), nothing);
    assert_eq!(note(Some(1), 1), [at(1)]);
    assert_eq!(note(None, 2), nothing);
    assert_eq!(note(Some(3), 3), nothing);
    assert_eq!(note(Some(4), 60), nothing);
    assert_eq!(note(None, 61), [at(4)]);
    assert_eq!(note(None, 200), nothing);
    assert_eq!(note(Some(201), 201), [at(201)]);
}

#[test]
fn a_token_that_is_gone_is_forgotten() {
    let mut logins = Logins::new(1);
    logins.succeeded(hash(1), None, DateTime::UNIX_EPOCH);
    logins.forget_tokens(|_| false);
    assert_eq!(logins.uses_to_note([hash(1)].into_iter(), SECOND), []);
}
