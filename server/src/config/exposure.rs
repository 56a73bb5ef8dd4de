use std::net::SocketAddr;

use super::Config;

/// The service would be open to a network, and nobody would be asked for a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\
server.listen: with no token configured only a loopback address such as 127.0.0.1:8080 is served, found `{listen}`

Make a token, which stays in the file `token`, and its hash:

    openssl rand -hex 32 | tee token | tr -d '\\n' | sha256sum

and add these lines to the configuration:

    [[auth.tokens]]
    name = \"operator\"
    role = \"admin\"
    sha256 = \"<sha-256 of the token>\""
)]
pub struct ExposureError {
    /// The address that would be bound.
    pub listen: SocketAddr,
}

impl Config {
    /// Refuses to serve a network without asking for tokens; said before anything is bound.
    pub fn check_exposure(&self) -> Result<(), ExposureError> {
        let listen = self.server.listen;
        if self.auth.tokens.is_empty() && !listen.ip().to_canonical().is_loopback() {
            return Err(ExposureError { listen });
        }
        Ok(())
    }
}
