//! The suite of the Ids port.
