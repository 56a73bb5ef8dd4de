#![doc = include_str!("../README.md")]
#![expect(
    clippy::allow_attributes,
    clippy::pedantic,
    reason = "how generated code is written is the generator's choice, and it has allowances of its own"
)]
#![expect(
    clippy::unwrap_used,
    reason = "the patterns of the document are known when this is generated; a client that cannot be built stops `Client::new`"
)]

include!(concat!(env!("OUT_DIR"), "/client.rs"));
