//! What an image is called and what it is: references, tags, digests, platforms.

mod digest;
mod manifest;
mod platform;
mod reference;
mod repository;
mod tag;
mod tag_list;

pub use digest::{Digest, ParseDigestError};
pub use manifest::{Image, PlatformManifest, same_image};
pub use platform::{ParsePlatformError, Platform};
pub use reference::{ImageReference, ParseReferenceError};
pub use repository::{ParseRepositoryError, RegistryHost, Repository};
pub use tag::{ParseTagError, Tag};
pub use tag_list::TagList;
