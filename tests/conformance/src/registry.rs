//! The suite of the Registry port.
