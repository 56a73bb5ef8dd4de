use chrono::TimeDelta;

use super::*;

#[test]
fn a_role_is_read_as_it_is_written() {
    for role in Role::ALL {
        assert_eq!(role.to_string().parse(), Ok(role));
    }
    let refused = "root".parse::<Role>().unwrap_err().to_string();
    assert_eq!(
        refused,
        "`root` is no role; choose `viewer`, `deployer` or `admin`"
    );
    assert!(Role::ALL.is_sorted());
}

#[test]
fn a_hash_is_read_in_either_case_and_never_shown_by_accident() {
    let text = "00ff".repeat(16);
    let hash: TokenHash = text.to_uppercase().parse().unwrap();
    assert_eq!(hash.to_string(), text);
    assert_eq!(format!("{hash:?}"), "TokenHash(..)");
    for wrong in [
        "",
        "00",
        &"é".repeat(32),
        &"g0".repeat(32),
        &"00".repeat(33),
    ] {
        assert_eq!(
            wrong.parse::<TokenHash>(),
            Err(ParseTokenHashError),
            "{wrong}"
        );
    }
}

#[test]
fn a_limited_reach_includes_what_fits_a_pattern() {
    let patterns = ["web", "api-*"].map(|text| text.parse().unwrap());
    let reach = Reach::Only(patterns.to_vec());
    for (watch, is_included) in [
        ("web", true),
        ("website", false),
        ("api-users", true),
        ("api", false),
    ] {
        let watch = watch.parse().unwrap();
        assert_eq!(reach.includes(&watch), is_included, "{watch}");
        assert!(Reach::Everything.includes(&watch));
        assert!(!Reach::Only(Vec::new()).includes(&watch));
    }
}

#[test]
fn a_token_expires_at_its_moment_and_not_before() {
    let at = DateTime::UNIX_EPOCH;
    let token = |expires_at| Token {
        name: Author::new("ci"),
        role: Role::Viewer,
        reach: Reach::Everything,
        expires_at,
        hash: TokenHash::new([0; 32]),
    };
    assert!(token(Some(at)).is_expired(at));
    assert!(!token(Some(at)).is_expired(at - TimeDelta::microseconds(1)));
    assert!(!token(None).is_expired(DateTime::<Utc>::MAX_UTC));
}
