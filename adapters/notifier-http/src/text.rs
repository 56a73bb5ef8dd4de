//! Text that comes from outside, made fit for a chat.

/// Takes at most `limit` characters of what `units` yield, whole units only, and ends in `…` where something is left out.
pub(crate) fn fit(units: impl Iterator<Item = String>, limit: usize) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fits(units: &[&str], limit: usize, expected: &str) {
        let fitted = fit(units.iter().map(|&unit| unit.to_owned()), limit);
        assert_eq!(fitted, expected);
        assert!(fitted.chars().count() <= limit);
    }

    #[test]
    fn a_text_is_cut_by_whole_units_and_says_so() {
        fits(&["a", "b", "c"], 3, "abc");
        fits(&["a", "b", "c", "d"], 3, "ab…");
        fits(&["ä", "€", "😀", "ß"], 3, "ä€…");
        fits(&["a", "&amp;", "b"], 7, "a&amp;b");
        fits(&["a", "&amp;", "b"], 6, "a…");
        fits(&["&amp;"], 1, "…");
        fits(&[], 1, "");
    }
}
