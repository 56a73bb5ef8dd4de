//! The use cases over in-memory adapters: what a user would see happen.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod use_cases {
    mod abandoning;
    mod adoption;
    mod bad_images;
    mod commands;
    mod configuration;
    mod crashes;
    mod demands;
    mod discovery;
    mod freezes;
    mod house;
    mod late_answers;
    mod notifications;
    mod observations;
    mod order;
    mod overdue;
    mod promotion;
    mod questions;
    mod releases;
    mod replicas;
    mod tag_log;
    mod waiting;
    mod withdrawn;
}
