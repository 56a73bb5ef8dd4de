//! Pages to look at.

pub(crate) mod overview;
pub(crate) mod sign_in;
