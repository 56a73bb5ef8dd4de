use std::time::Duration;

use tokio::time::sleep;

use super::fault::Fault;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

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
        let pause = pause.min(LONGEST_PAUSE);
        self.failures += 1;
        eprintln!("{}; trying again", fault.message());
        sleep(pause).await;
        Ok(())
    }
}
