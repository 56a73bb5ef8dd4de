//! Text that comes from outside, made fit for a chat.

#[cfg(test)]
mod tests;

/// Names that notify a whole channel when they follow an `@`, whatever stands before it.
const MASS_MENTIONS: [&str; 4] = ["all", "channel", "everyone", "here"];

/// Writes at most `limit` characters of `text`, each as `escape` writes it, and ends in `…` where something is left out.
///
/// What `escape` writes is never cut in two. No `@` mentions anybody any more, and control characters are left out.
pub(crate) fn write(text: &str, limit: usize, escape: impl Fn(char) -> String) -> String {
    let is_shown = |c: char| !c.is_control() || c == '\n';
    let units = text
        .char_indices()
        .filter(|&(_, character)| is_shown(character))
        .map(|(index, character)| match character {
            '@' if is_mention(&text[..index], &text[index + 1..]) => "@\u{200b}".to_owned(),
            other => escape(other),
        });
    fit(units, limit)
}

/// Writes `character` with a backslash before it if it is one of `special`.
pub(crate) fn backslashed(character: char, special: &str) -> String {
    if special.contains(character) {
        format!("\\{character}")
    } else {
        character.to_string()
    }
}

/// Writes `&`, `<` and `>` as entities.
pub(crate) fn with_entities(character: char) -> String {
    match character {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        other => other.to_string(),
    }
}

/// Whether the `@` between the two would mention somebody; that of `web@sha256:…` does not.
fn is_mention(before: &str, after: &str) -> bool {
    let is_mass = MASS_MENTIONS.iter().any(|name| {
        after
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    });
    is_mass || !before.ends_with(char::is_alphanumeric) && after.starts_with(char::is_alphanumeric)
}

/// Takes at most `limit` characters of what `units` yield, whole units only, and ends in `…` where something is left out.
fn fit(units: impl Iterator<Item = String>, limit: usize) -> String {
    let mut fitting = String::new();
    let mut len = 0;
    // Where to cut if it turns out not to fit: the last place that leaves room for the `…`.
    let mut cut = 0;
    for unit in units {
        len += unit.chars().count();
        if len > limit {
            fitting.truncate(cut);
            fitting.push('…');
            return fitting;
        }
        fitting.push_str(&unit);
        if len < limit {
            cut = fitting.len();
        }
    }
    fitting
}
