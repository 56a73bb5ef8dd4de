//! The use cases over in-memory adapters: what a user would see happen.

mod use_cases {
    mod adoption;
    pub(crate) mod house;
    mod releases;
}
