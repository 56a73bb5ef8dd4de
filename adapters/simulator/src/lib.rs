//! An OCI registry and a Nomad API in this process, over real HTTP, with fault switches.
