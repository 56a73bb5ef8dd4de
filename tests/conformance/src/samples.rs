//! Values that suites and tests share.

use chrono::{DateTime, Utc};
use registrywatcher::image::{Digest, Image, Tag};
use registrywatcher::watch::Workload;

/// A digest told apart by one number.
pub fn digest(n: u8) -> Digest {
    let text = format!("sha256:{}", format!("{n:02x}").repeat(32));
    text.parse().expect("64 hexadecimal digits")
}

/// An image of which only the digest is known.
pub fn image(n: u8) -> Image {
    Image::of_digest(digest(n))
}

/// A tag.
pub fn tag(text: &str) -> Tag {
    text.parse().expect("a tag of a test follows the grammar")
}

/// A moment, in seconds after an arbitrary start.
pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).expect("within the range of time stamps")
}

/// A workload by deployer and address.
pub fn workload(deployer: &str, address: &[(&str, &str)]) -> Workload {
    Workload {
        deployer: deployer.parse().expect("a deployer of a test has a name"),
        address: address.into(),
    }
}
