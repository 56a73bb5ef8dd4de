use std::net::SocketAddr;

use super::Config;

/// The service would be open to a network, and nobody would be asked for a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\
server.listen: without any token only a loopback address such as 127.0.0.1:8080 is served, found `{listen}`

Make a token that is kept in the store, which may be done again at any time:

    registrywatcher migrate
    registrywatcher token new --name operator --role admin

or make one, which stays in the file `token`, and its hash:

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
    /// Refuses to serve a network without asking for tokens, by the configuration alone; there may be tokens in the store.
    pub fn check_exposure(&self) -> Result<(), ExposureError> {
        let listen = self.server.listen;
        if self.auth.tokens.is_empty() && !listen.ip().to_canonical().is_loopback() {
            return Err(ExposureError { listen });
        }
        Ok(())
    }
}
