use super::*;

fn address() -> Address {
    Address::parse(&"https://hooks.io/services/T0000/B0000hunter2?sig=abcdefgh".into()).unwrap()
}

#[test]
fn a_text_with_a_part_of_the_address_names_it() {
    for text in [
        "cannot resolve hooks.io",
        "no /services/T0000/B0000hunter2 here",
        "B0000hunter2",
        "sig=abcdefgh",
        "`0000hunter`",
    ] {
        assert!(address().is_named_in(text), "{text}");
    }
}

#[test]
fn a_text_about_something_else_does_not() {
    for text in [
        "Name or service not known",
        "Connection refused (os error 111)",
        "invalid_payload",
        "no_service",
        "",
    ] {
        assert!(!address().is_named_in(text), "{text}");
    }
}

#[test]
fn a_part_is_added_to_the_query_once() {
    let waiting = address().with_query("wait", "true");
    let expected = "https://hooks.io/services/T0000/B0000hunter2?sig=abcdefgh&wait=true";
    assert_eq!(waiting.expose(), expected);
    assert_eq!(waiting.with_query("wait", "false").expose(), expected);
}
