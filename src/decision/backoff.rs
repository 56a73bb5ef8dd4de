use std::time::Duration;

use crate::deployment::DeploymentId;

/// How long after `consecutive` failures in a row a workload is left alone: 30 s, doubled by each, an hour at most, and up
/// to a quarter more, which `last`, the deployment that failed, decides. So workloads that failed together are not tried
/// together again.
pub fn back_off(consecutive: u32, last: DeploymentId) -> Duration {
    const FIRST: Duration = Duration::from_secs(30);
    const LONGEST: Duration = Duration::from_hours(1);
    let doublings = consecutive.saturating_sub(1).min(16);
    let pause = (FIRST * 2_u32.pow(doublings)).min(LONGEST);
    // The last bytes of an identity are random; where its making was not, nothing depends on chance either.
    let [.., high, low] = *last.0.as_bytes();
    pause + pause * u32::from(u16::from_be_bytes([high, low])) / (4 * 0x1_0000)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn seconds(consecutive: u32, random: u128) -> u64 {
        back_off(consecutive, DeploymentId(Uuid::from_u128(random))).as_secs()
    }

    #[test]
    fn waiting_doubles_up_to_an_hour() {
        let pauses = [1, 2, 3, 7, 8, 100].map(|n| seconds(n, 0));
        assert_eq!(pauses, [30, 60, 120, 1920, 3600, 3600]);
    }

    #[test]
    fn what_failed_together_is_tried_up_to_a_quarter_apart() {
        assert_eq!(seconds(8, 0x8000), 3600 + 450);
        assert_eq!(seconds(8, 0xffff), 3600 + 899);
    }
}
