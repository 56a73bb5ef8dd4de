use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use registrywatcher::ports::Clock;

use crate::credential::CredentialId;
use crate::fault::Fault;

/// How the credentials for one registry have fared.
pub(crate) struct Standings {
    clock: Arc<dyn Clock>,
    by_credential: Mutex<HashMap<CredentialId, Standing>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Accepted,
    /// Until then (monotonic) it is not tried again.
    Rejected(Duration),
}

/// A rejected credential is tried again after this: too seldom to lock an account, often enough to survive a registry
/// that was mistaken.
const REJECTED_FOR: Duration = Duration::from_hours(1);

impl Standings {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            by_credential: Mutex::default(),
        }
    }

    /// Refuses a credential that the registry has refused.
    pub(crate) fn check(&self, credential: CredentialId) -> Result<(), Fault> {
        match self.lock().get(&credential) {
            Some(Standing::Rejected(until)) if self.clock.monotonic() < *until => {
                Err(Fault::Unauthorized(
                    "the credentials of this registry were refused; correct them".to_owned(),
                ))
            }
            _ => Ok(()),
        }
    }

    /// The registry took the credential.
    pub(crate) fn accept(&self, credential: CredentialId) {
        self.lock().insert(credential, Standing::Accepted);
    }

    /// The registry refused the credential itself.
    pub(crate) fn reject(&self, credential: CredentialId) {
        let until = self.clock.monotonic() + REJECTED_FOR;
        self.lock().insert(credential, Standing::Rejected(until));
    }

    /// The registry refused the credential for one repository. After a success, that may be about the repository; a second
    /// time without a success between, it is about the credential.
    pub(crate) fn doubt(&self, credential: CredentialId) {
        let was_accepted = self.lock().remove(&credential) == Some(Standing::Accepted);
        if !was_accepted {
            self.reject(credential);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CredentialId, Standing>> {
        self.by_credential
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
