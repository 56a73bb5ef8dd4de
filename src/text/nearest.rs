use std::fmt::Write as _;

/// What to do about an unknown `name`: the known name that was probably meant, or else all of them.
pub fn suggest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    if let Some(nearest) = nearest(name, &known) {
        return format!("did you mean `{nearest}`?");
    }
    let mut text = match known.len() {
        0 => return "none is known".to_owned(),
        1 => "known is".to_owned(),
        _ => "known are".to_owned(),
    };
    for (index, name) in known.iter().enumerate() {
        let _ = write!(text, "{} `{name}`", if index == 0 { "" } else { "," });
    }
    text
}

/// The known name that is a few slips of the keyboard away from `name`.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| {
            (
                distance(&name.to_lowercase(), &candidate.to_lowercase()),
                *candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().div_ceil(3))
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many characters must be inserted, dropped, replaced, or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut slips = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                slips = slips.min(before_last[j - 2] + 1);
            }
            row.push(slips);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_slips_of_the_keyboard() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("interval", "interval", 0),
            ("intervall", "interval", 1),
            ("itnerval", "interval", 1),
            ("imgae", "image", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a:?} to {b:?}");
            assert_eq!(distance(b, a), expected, "{b:?} to {a:?}");
        }
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_known_one_or_all_of_them() {
        assert_eq!(
            suggest("usrname", ["username", "timeout"]),
            "did you mean `username`?"
        );
        assert_eq!(suggest("Image", ["image"]), "did you mean `image`?");
        assert_eq!(
            suggest("cors", ["timeout", "listen"]),
            "known are `listen`, `timeout`"
        );
        assert_eq!(suggest("cors", ["listen"]), "known is `listen`");
        assert_eq!(suggest("cors", []), "none is known");
    }
}
