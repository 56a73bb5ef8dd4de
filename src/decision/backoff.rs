use std::time::Duration;

/// How long after `consecutive` failures in a row a workload is left alone: 30 s, doubled by each, an hour at most.
pub fn back_off(consecutive: u32) -> Duration {
    const FIRST: Duration = Duration::from_secs(30);
    const LONGEST: Duration = Duration::from_hours(1);
    let doublings = consecutive.saturating_sub(1).min(16);
    (FIRST * 2_u32.pow(doublings)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_up_to_an_hour() {
        let seconds: Vec<u64> = [1, 2, 3, 7, 8, 100].map(|n| back_off(n).as_secs()).to_vec();
        assert_eq!(seconds, [30, 60, 120, 1920, 3600, 3600]);
    }
}
