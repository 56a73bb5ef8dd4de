//! An OCI registry and a Nomad API in this process, over real HTTP, with fault switches.
//!
//! Both speak the wire format of the real thing, field by field, so that an adapter which works here works there:
//! [`SimulatedRegistry`] the pull side of the OCI distribution API, [`SimulatedNomad`] the part of Nomad's HTTP API
//! that deploys a job, with a scheduler behind it. Pushes, outside edits and faults are Rust methods.
//!
//! Nothing here depends on the core: a simulator that shared its types would share its mistakes.

mod clock;
mod connections;
mod countdown;
mod nomad;
mod registry;
mod server;

pub use countdown::ALWAYS;
pub use nomad::{NomadFaults, NomadSettings, SimulatedNomad};
pub use registry::{
    Authentication, LinkStyle, Quota, RegistryFaults, RegistryRequests, RegistrySettings,
    SimulatedRegistry, TokenMembers,
};
