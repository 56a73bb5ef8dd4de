//! The use cases over in-memory adapters: what a user would see happen.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod use_cases {
    mod adoption;
    mod commands;
    mod configuration;
    mod crashes;
    mod house;
    mod notifications;
    mod observations;
    mod order;
    mod releases;
}
