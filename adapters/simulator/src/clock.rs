use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How Go writes a time that was never set.
pub(crate) const GO_ZERO_TIME: &str = "0001-01-01T00:00:00Z";

/// The wall clock of the simulated machines, in nanoseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "a simulated server is an outside machine, with a clock that no test of ours moves"
)]
pub(crate) fn unix_nanos() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

pub(crate) fn rfc3339(unix_nanos: u64) -> String {
    humantime::format_rfc3339_nanos(UNIX_EPOCH + Duration::from_nanos(unix_nanos)).to_string()
}

/// Reads a duration as Go writes it: `60s`, `1500ms`, `1m30s`, `1.5h`.
pub(crate) fn parse_go_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(unit_at);
        let unit_len = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, next) = tail.split_at(unit_len);
        let seconds = number.parse::<f64>().ok()? * unit_in_seconds(unit)?;
        total = total.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        rest = next;
    }
    (!text.is_empty()).then_some(total)
}

fn unit_in_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, expected: Option<Duration>) {
        assert_eq!(parse_go_duration(text), expected, "reading {text:?}");
    }

    #[test]
    fn go_durations_are_understood() {
        reads("60s", Some(Duration::from_mins(1)));
        reads("1500ms", Some(Duration::from_millis(1500)));
        reads("1m30s", Some(Duration::from_secs(90)));
        reads("1.5h", Some(Duration::from_mins(90)));
        reads("0", Some(Duration::ZERO));
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for text in ["", "60", "s", "1 m", "5d", "-1s"] {
            reads(text, None);
        }
    }
}
