//! The suite of the Notifier port.
