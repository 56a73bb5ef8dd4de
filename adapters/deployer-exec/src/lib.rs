//! The Deployer port over a command of your own.
