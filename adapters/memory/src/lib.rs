//! Working in-memory fakes of every port.
//!
//! They behave as real adapters do (the conformance suites prove it) and have switches for faults. State is shared by
//! clones, so that a test keeps one end and the application the other.

mod clock;
mod credentials;
mod deployer;
mod ids;
mod notifier;
mod registry;
mod store;

pub use clock::MemoryClock;
pub use credentials::MemoryCredentials;
pub use deployer::MemoryDeployer;
pub use ids::SequentialIds;
pub use notifier::MemoryNotifier;
pub use registry::{MemoryRegistry, RegistryFault, RegistryRequests};
pub use store::MemoryStore;
