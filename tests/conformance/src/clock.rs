//! The suite of the Clock port.
