use reqwest::header::HeaderValue;

use super::*;

#[track_caller]
fn asks(headers: &[(HeaderName, &'static str)], body: &str, expected: Option<Duration>) {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
        .collect();
    assert_eq!(
        asked(&headers, body.as_bytes()),
        expected,
        "{headers:?}, {body:?}"
    );
}

#[test]
fn a_pause_is_given_in_seconds() {
    asks(&[(RETRY_AFTER, "120")], "", Some(Duration::from_mins(2)));
    asks(&[(RETRY_AFTER, " 0 ")], "", Some(Duration::ZERO));
    asks(
        &[(RETRY_AFTER, "0.5")],
        "",
        Some(Duration::from_millis(500)),
    );
}

#[test]
fn a_pause_until_a_moment_is_measured_by_the_sinks_own_clock() {
    let until = (RETRY_AFTER, "Wed, 21 Oct 2026 07:30:00 GMT");
    let before = (DATE, "Wed, 21 Oct 2026 07:28:00 GMT");
    let after = (DATE, "Wed, 21 Oct 2026 07:31:00 GMT");
    asks(&[until.clone(), before], "", Some(Duration::from_mins(2)));
    asks(&[until.clone(), after], "", Some(Duration::ZERO));
    asks(&[until], "", None);
}

#[test]
fn discord_gives_a_pause_in_a_header_of_its_own_and_in_the_body() {
    let body =
        r#"{"message": "You are being rate limited.", "retry_after": 1.25, "global": false}"#;
    let reset_after = (RESET_AFTER, "0.75");
    asks(&[], body, Some(Duration::from_millis(1250)));
    asks(
        std::slice::from_ref(&reset_after),
        body,
        Some(Duration::from_millis(750)),
    );
    asks(
        &[reset_after, (RETRY_AFTER, "2")],
        body,
        Some(Duration::from_secs(2)),
    );
}

#[test]
fn what_is_no_pause_is_no_wish() {
    for text in ["", "soon", "-1", "NaN", "inf"] {
        asks(&[(RETRY_AFTER, text)], "", None);
    }
    for body in [
        "",
        "[1]",
        r#"{"retry_after": -1}"#,
        r#"{"retry_after": "1"}"#,
    ] {
        asks(&[], body, None);
    }
}

#[test]
fn nobody_is_left_alone_for_more_than_a_day() {
    asks(&[(RETRY_AFTER, "18446744073709551615")], "", None);
    asks(&[(RETRY_AFTER, "100000000")], "", Some(LONGEST));
}
