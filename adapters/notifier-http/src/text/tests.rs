use super::*;

#[track_caller]
fn writes(text: &str, limit: usize, expected: &str) {
    let written = write(text, limit, with_entities);
    assert_eq!(written, expected, "writing {text:?}");
    assert!(written.chars().count() <= limit);
}

#[test]
fn a_text_is_cut_by_characters_and_says_so() {
    writes("abc", 3, "abc");
    writes("abcd", 3, "ab…");
    writes("ä€😀ß", 3, "ä€…");
    writes("", 1, "");
}

#[test]
fn an_escaped_character_is_never_cut_in_two() {
    writes("a&b", 7, "a&amp;b");
    writes("a&b", 6, "a…");
    writes("&", 1, "…");
}

#[test]
fn nobody_is_mentioned() {
    writes("@channel", 99, "@\u{200b}channel");
    writes("a@Channel", 99, "a@\u{200b}Channel");
    writes("(@alice)", 99, "(@\u{200b}alice)");
    writes("_@team", 99, "_@\u{200b}team");
}

#[test]
fn an_address_and_a_digest_stay_as_they_are() {
    writes("me@example.com", 99, "me@example.com");
    writes("web@sha256:ab", 99, "web@sha256:ab");
    writes("at @ once", 99, "at @ once");
}

#[test]
fn control_characters_are_left_out_but_for_line_breaks() {
    writes("\u{1b}[31mred\u{1b}[0m\r\nnext\0", 99, "[31mred[0m\nnext");
}

#[test]
fn a_backslash_stands_before_what_is_special() {
    let written: String = "a*b\\".chars().map(|c| backslashed(c, "*\\")).collect();
    assert_eq!(written, "a\\*b\\\\");
}
