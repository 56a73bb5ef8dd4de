use reqwest::header::HeaderValue;

use super::*;

fn demand(lines: &[&str]) -> Demand {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(line).unwrap());
    }
    Demand::of(&headers)
}

#[track_caller]
fn bearer(lines: &[&str], realm: &str, service: Option<&str>) {
    let expected = Challenge::Bearer {
        realm: realm.to_owned(),
        service: service.map(str::to_owned),
    };
    assert_eq!(demand(lines).challenge, Some(expected), "{lines:?}");
}

#[test]
fn commas_and_spaces_inside_quotes_are_data() {
    bearer(
        &[
            r#"Bearer scope="repository:a/b:pull,push repository:c:pull",realm="https://auth.example/t?a=1,2",service="reg""#,
        ],
        "https://auth.example/t?a=1,2",
        Some("reg"),
    );
}

#[test]
fn a_backslash_escapes_one_character() {
    bearer(
        &[r#"Bearer realm="https://auth.example/\"x\\y",service="a\,b""#],
        r#"https://auth.example/"x\y"#,
        Some("a,b"),
    );
}

#[test]
fn bearer_is_chosen_wherever_it_stands() {
    let bearer_line = r#"Bearer realm="https://auth.example/token""#;
    bearer(
        &[r#"Basic realm="x""#, bearer_line],
        "https://auth.example/token",
        None,
    );
    bearer(
        &[bearer_line, r#"Basic realm="x""#],
        "https://auth.example/token",
        None,
    );
    bearer(
        &[r#"Negotiate, Basic realm="x", Bearer realm="https://auth.example/token", service=reg"#],
        "https://auth.example/token",
        Some("reg"),
    );
}

#[test]
fn schemes_and_parameters_are_named_in_any_case_and_spaced_in_any_way() {
    bearer(
        &[r#"bEARER  Realm = "https://auth.example/token" , SERVICE= reg"#],
        "https://auth.example/token",
        Some("reg"),
    );
    assert_eq!(demand(&[r"BASIC"]).challenge, Some(Challenge::Basic));
}

#[test]
fn an_empty_parameter_is_none() {
    bearer(
        &[r#"Bearer realm="https://auth.example/token",service="",scope="""#],
        "https://auth.example/token",
        None,
    );
}

#[test]
fn what_is_not_known_is_named() {
    let demand = demand(&["Negotiate YIIabc==, NTLM"]);
    assert_eq!(demand.challenge, None);
    assert!(
        demand.schemes.contains(&"Negotiate".to_owned()),
        "{demand:?}"
    );
    assert!(demand.schemes.contains(&"NTLM".to_owned()), "{demand:?}");
}

#[test]
fn the_reason_of_a_refusal_is_kept() {
    let line = r#"Bearer realm="https://a.example/",error="insufficient_scope""#;
    assert_eq!(demand(&[line]).error.as_deref(), Some("insufficient_scope"));
}

#[test]
fn nonsense_ends() {
    for line in [
        "",
        ",,,",
        "=",
        "= =\"",
        "Bearer realm=\"never closed",
        "\"",
        "a=b",
    ] {
        demand(&[line]);
    }
}
