use std::{sync::LazyLock, time::Duration};

use reqwest::Client;

/// A client of its own for each test: a connection belongs to the runtime that opened it.
pub(crate) fn client() -> Client {
    static PROVIDER: LazyLock<()> = LazyLock::new(|| {
        rustls::crypto::ring::default_provider()
            .install_default()
            .expect("nobody else installs a provider here");
    });
    LazyLock::force(&PROVIDER);
    Client::builder()
        .tls_certs_only([]) // everything here is plain HTTP, and reading the system's roots is slow
        .timeout(Duration::from_secs(20))
        .build()
        .expect("a client with a time limit is valid")
}
