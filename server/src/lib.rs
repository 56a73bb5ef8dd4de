//! The registrywatcher binary.
