//! The suite of the Deployer port.
