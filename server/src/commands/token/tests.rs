use super::*;

fn asked(watches: &[&str], expires: Option<Duration>) -> TokenNew {
    TokenNew {
        name: "ci".parse().unwrap(),
        role: registrywatcher::token::Role::Deployer,
        watches: watches.iter().map(|text| text.parse().unwrap()).collect(),
        expires,
        config: ConfigFile {
            config: "registrywatcher.toml".into(),
        },
    }
}

#[test]
fn a_token_is_a_prefix_and_256_bits_that_differ_each_time() {
    let (one, two) = (secret().unwrap(), secret().unwrap());
    assert_ne!(one, two);
    let digits = one.strip_prefix("rw_").unwrap();
    assert_eq!(digits.len(), 64);
    assert!(digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
}

#[test]
fn a_row_tells_all_but_the_hash() {
    let now = DateTime::UNIX_EPOCH;
    let day = Duration::from_hours(24);
    let token = stored_token(&asked(&["web", "api-*"], Some(day)), "rw_secret", now).unwrap();
    assert_eq!(token.hash, token_hash("rw_secret"));
    let used = StoredToken {
        last_used_at: Some(now + day / 2),
        ..token
    };
    let expected = [
        "ci",
        "deployer",
        "web,api-*",
        "1970-01-01T00:00:00Z",
        "1970-01-02T00:00:00Z",
        "1970-01-01T12:00:00Z",
    ];
    assert_eq!(row(&used, now), expected);
    let expired = row(&used, now + day);
    assert_eq!(expired[4], "1970-01-02T00:00:00Z (expired)");
    let unlimited = stored_token(&asked(&[], None), "rw_secret", now).unwrap();
    let cells = row(&unlimited, now);
    assert_eq!(
        (&*cells[2], &*cells[4], &*cells[5]),
        ("all", "never", "never")
    );
}

#[test]
fn a_token_lasts_between_a_second_and_a_century() {
    let now = DateTime::UNIX_EPOCH;
    for wrong in [Duration::ZERO, Duration::MAX] {
        assert!(stored_token(&asked(&[], Some(wrong)), "rw_secret", now).is_err());
    }
}
