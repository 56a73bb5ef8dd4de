use std::time::Duration;

use registrywatcher::intent::Author;
use registrywatcher::token::Reach;
use registrywatcher_memory::MemoryClock;

use super::*;

fn token(name: &str) -> Token {
    Token {
        name: Author::new(name),
        role: Role::Viewer,
        reach: Reach::Everything,
        expires_at: None,
        hash: TokenHash::new(Sha256::digest(name).into()),
    }
}

fn access(configured: &[&str], open_without_tokens: bool) -> (Access, MemoryClock) {
    let settings = AccessSettings {
        tokens: configured.iter().map(|name| token(name)).collect(),
        open_without_tokens,
        ..AccessSettings::default()
    };
    let clock = MemoryClock::new();
    (Access::new(settings, Arc::new(clock.clone())), clock)
}

fn admit(access: &Access, bearer: &str) -> Result<Caller, Kind> {
    let presented = Presented {
        bearer: Some(bearer).filter(|bearer| !bearer.is_empty()),
        from: None,
    };
    let admitted = access.admit(&presented, Role::Viewer);
    admitted.map_err(|fault| fault.kind)
}

#[test]
fn without_tokens_everybody_is_admitted_only_where_that_was_said() {
    let (open, _) = access(&[], true);
    let anyone = admit(&open, "").unwrap();
    assert_eq!(
        (anyone.author.as_str(), anyone.role()),
        ("anonymous", Role::Admin)
    );
    let (closed, _) = access(&[], false);
    assert_eq!(admit(&closed, ""), Err(Kind::Unauthenticated));
    let (configured, _) = access(&["ops"], true);
    assert_eq!(admit(&configured, ""), Err(Kind::Unauthenticated));
}

#[test]
fn the_first_token_closes_what_was_open_for_good() {
    let (access, _) = access(&[], true);
    let anyone = admit(&access, "").unwrap();
    assert!(access.still_valid(&anyone));
    access.update(vec![token("ci")]);
    assert!(!access.still_valid(&anyone));
    assert_eq!(admit(&access, ""), Err(Kind::Unauthenticated));
    assert!(admit(&access, "ci").is_ok());
    access.update(Vec::new());
    assert_eq!(admit(&access, ""), Err(Kind::Unauthenticated));
}

#[test]
fn a_stored_token_is_accepted_until_it_is_revoked_and_a_configured_one_always() {
    let (access, _) = access(&["ops"], false);
    assert_eq!(admit(&access, "ci"), Err(Kind::Unauthenticated));
    access.update(vec![token("ci")]);
    let (ci, ops) = (
        admit(&access, "ci").unwrap(),
        admit(&access, "ops").unwrap(),
    );
    assert!(access.still_valid(&ci) && access.still_valid(&ops));
    access.update(vec![token("other")]);
    assert!(!access.still_valid(&ci) && access.still_valid(&ops));
    assert_eq!(admit(&access, "ci"), Err(Kind::Unauthenticated));
}

#[test]
fn a_token_is_accepted_until_it_expires() {
    let (access, clock) = access(&[], true);
    let expiring = Token {
        expires_at: Some(clock.now() + Duration::from_secs(10)),
        ..token("ci")
    };
    access.update(vec![expiring]);
    let caller = admit(&access, "ci").unwrap();
    clock.advance(Duration::from_secs(9));
    assert!(access.still_valid(&caller) && admit(&access, "ci").is_ok());
    clock.advance(Duration::from_secs(1));
    assert!(!access.still_valid(&caller));
    assert_eq!(admit(&access, "ci"), Err(Kind::Unauthenticated));
    assert_eq!(
        admit(&access, ""),
        Err(Kind::Unauthenticated),
        "nothing opens"
    );
}

#[test]
fn a_stream_ends_where_its_token_allows_less_than_it_did() {
    let (access, _) = access(&[], false);
    access.update(vec![token("ci")]);
    let caller = admit(&access, "ci").unwrap();
    let limited = Token {
        reach: Reach::Only(Vec::new()),
        ..token("ci")
    };
    access.update(vec![limited]);
    assert!(!access.still_valid(&caller));
}

#[test]
fn only_the_uses_of_stored_tokens_are_noted() {
    let (access, clock) = access(&["ops"], false);
    access.update(vec![token("ci"), token("idle")]);
    for bearer in ["ops", "ci", "ci"] {
        admit(&access, bearer).unwrap();
    }
    assert_eq!(access.uses_to_note(), [(token("ci").hash, clock.now())]);
    assert_eq!(access.uses_to_note(), []);
}

#[test]
fn failed_logins_elsewhere_are_counted_with_those_of_the_interface() {
    let (access, _) = access(&["ops"], false);
    for _ in 0..5 {
        assert_eq!(admit(&access, "guess"), Err(Kind::Unauthenticated));
        let refused = access.log_in_elsewhere("guess", None);
        assert_eq!(refused, Err(LoginRefused::Unknown));
    }
    assert_eq!(admit(&access, "guess"), Err(Kind::TooManyFailedLogins));
    let refused = access.log_in_elsewhere("ops", None);
    assert!(
        matches!(
            refused,
            Err(LoginRefused::TooMany {
                retry_after: Some(_)
            })
        ),
        "{refused:?}"
    );
}

#[test]
fn a_token_is_found_by_its_hash_as_long_as_it_is_accepted() {
    let (access, clock) = access(&["ops"], false);
    let expiring = Token {
        expires_at: Some(clock.now() + Duration::from_secs(10)),
        ..token("ci")
    };
    access.update(vec![expiring.clone()]);
    let found = |name: &str| access.token(&token(name).hash);
    assert_eq!(found("ops").as_deref(), Some(&token("ops")));
    assert_eq!(found("ci").as_deref(), Some(&expiring));
    assert_eq!(found("other"), None);
    clock.advance(Duration::from_secs(10));
    assert_eq!(found("ci"), None);
    access.update(Vec::new());
    assert!(found("ops").is_some(), "that one is configured");
}

#[test]
fn a_request_without_a_token_is_no_failed_login() {
    let (access, _) = access(&["ops"], false);
    for _ in 0..20 {
        assert_eq!(admit(&access, ""), Err(Kind::Unauthenticated));
    }
    for _ in 0..10 {
        assert_eq!(admit(&access, "guess"), Err(Kind::Unauthenticated));
    }
    assert_eq!(admit(&access, "guess"), Err(Kind::TooManyFailedLogins));
    assert_eq!(admit(&access, "ops"), Err(Kind::TooManyFailedLogins));
    assert_eq!(admit(&access, ""), Err(Kind::Unauthenticated));
}

#[test]
fn nothing_shows_a_hash() {
    let (access, _) = access(&["ops"], false);
    admit(&access, "ops").unwrap();
    let shown = format!("{access:?}");
    let hash = token("ops").hash.to_string();
    assert!(shown.contains("ops"), "{shown}");
    assert!(!shown.contains(&hash[..8]), "{shown}");
}
