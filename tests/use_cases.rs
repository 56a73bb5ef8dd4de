//! The use cases over in-memory adapters: what a user would see happen.

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
