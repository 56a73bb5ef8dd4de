//! The Credentials port over configuration, docker config.json and credential helpers.
