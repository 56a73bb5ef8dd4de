//! The suite of the Credentials port.
