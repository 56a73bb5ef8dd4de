use std::time::Duration;

use tokio::time::sleep;

use super::fault::Fault;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The longest that the service may ask to be left alone.
const LONGEST_ASKED: Duration = Duration::from_mins(1);

/// How often a request is sent again: a minute in all, in which a service is restarted.
const RETRIES: u32 = 10;

/// How much longer it is waited for a service that was heard of before, each time a little longer, and not for ever.
#[derive(Debug, Default)]
pub(super) struct Patience {
    failures: u32,
}

impl Patience {
    /// The service answered: from now on it is waited for anew.
    pub(super) fn renew(&mut self) {
        self.failures = 0;
    }

    /// Tells the fault and waits, or gives it back if it will not pass or has lasted too long.
    pub(super) async fn bear(&mut self, fault: Fault) -> Result<(), Fault> {
        if !fault.is_transient() || self.failures >= RETRIES {
            return Err(fault);
        }
        let pause = FIRST_PAUSE * 2_u32.pow(self.failures);
        let asked = fault.retry_after().unwrap_or_default();
        let pause = pause.min(LONGEST_PAUSE).max(asked.min(LONGEST_ASKED));
        self.failures += 1;
        eprintln!("{}; trying again", fault.message());
        sleep(pause).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use registrywatcher_client::types::Problem;
    use tokio::time::Instant;

    use super::*;

    fn refused(status: i32, retry_after: Option<Duration>) -> Fault {
        let problem = Problem::builder()
            .type_("about:blank")
            .title("No")
            .status(status)
            .detail("not now")
            .request_id("r");
        Fault::Refused(Box::new(problem.try_into().unwrap()), retry_after)
    }

    fn unreachable() -> Fault {
        Fault::Unreachable("http://127.0.0.1:1 does not answer".to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_does_not_come_back_is_given_up_after_a_minute() {
        let (mut patience, began) = (Patience::default(), Instant::now());
        while patience.bear(unreachable()).await.is_ok() {}
        let lasted = began.elapsed();
        let expected = Duration::from_secs(45)..Duration::from_secs(90);
        assert!(expected.contains(&lasted), "{lasted:?}");
        patience.renew();
        assert!(patience.bear(unreachable()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_asks_for_a_while_has_it() {
        let began = Instant::now();
        let busy = refused(503, Some(Duration::from_secs(15)));
        assert!(Patience::default().bear(busy).await.is_ok());
        assert_eq!(began.elapsed(), Duration::from_secs(15));
    }

    #[tokio::test(start_paused = true)]
    async fn what_will_not_pass_is_not_waited_for() {
        for fault in [refused(403, None), Fault::Unread] {
            assert!(Patience::default().bear(fault).await.is_err());
        }
    }
}
