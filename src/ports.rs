//! The core's doors to the world: one trait each, with the contract that every adapter keeps.

pub mod clock;
pub mod credentials;
pub mod deployer;
pub mod ids;
pub mod notifier;
pub mod registry;
pub mod sessions;
pub mod store;
pub mod tokens;

pub use clock::Clock;
pub use credentials::{Credential, Credentials, CredentialsError};
pub use deployer::{
    Accepted, Apply, BuildError, Capabilities, DeployError, Deployer, DeployerContext,
    DeployerPlugin, DiscoverError, Discovered, Environment, LABEL_PREFIX, POLICY_LABEL, Progress,
    Rollout,
};
pub use ids::Ids;
pub use notifier::{Notifier, NotifyError};
pub use registry::{ImageMetadata, Quota, Registry, RegistryError};
pub use sessions::Sessions;
pub use store::{
    Committed, DeadLetter, DeadLetterQuery, DeploymentQuery, EventQuery, EventRange, LeaseClaim,
    LoggedTag, ReplicaId, Resource, RestraintChange, Restraints, Scope, Snapshot, Step, Store,
    StoreError, TagChanges, TagLogQuery, WatchState, WorkloadState,
};
pub use tokens::Tokens;

/// The cause of an error of the world, kept for its words; never a secret.
pub type Source = Box<dyn std::error::Error + Send + Sync>;
