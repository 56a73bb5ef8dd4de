use serde::{Deserialize, Serialize};

use super::{Digest, Platform};

/// One entry of an image index that runs somewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlatformManifest {
    /// What it runs on; `None` where the index does not say.
    pub platform: Option<Platform>,
    /// The digest of this platform's manifest.
    pub digest: Digest,
}

/// What a tag pointed to when it was resolved: the digest of record, and what the index under it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The top-level digest, which is what is deployed.
    pub digest: Digest,
    /// The entries of the index but attestations, in a fixed order; empty when the digest is not an index's, or its
    /// manifest was not read.
    #[serde(default)]
    platforms: Vec<PlatformManifest>,
}

impl Image {
    /// An image of which only the digest of record is known.
    pub fn of_digest(digest: Digest) -> Self {
        Self {
            digest,
            platforms: Vec::new(),
        }
    }

    /// An image whose index was read; `platforms` without attestations, in any order.
    pub fn of_index(digest: Digest, mut platforms: Vec<PlatformManifest>) -> Self {
        platforms.sort();
        platforms.dedup();
        Self { digest, platforms }
    }

    /// The entries of the index but attestations; empty when there is no index.
    pub fn platforms(&self) -> &[PlatformManifest] {
        &self.platforms
    }

    /// Whether `digest` is this image's own or that of one of its platforms (of `platform`, where that is known).
    pub fn has_digest(&self, digest: &Digest, platform: Option<&Platform>) -> bool {
        self.digest == *digest
            || self.platforms.iter().any(|entry| {
                entry.digest == *digest
                    && match (platform, &entry.platform) {
                        (Some(wanted), Some(found)) => wanted == found,
                        _ => true,
                    }
            })
    }

    fn digest_for(&self, platform: &Platform) -> Option<&Digest> {
        self.platforms
            .iter()
            .find(|entry| entry.platform.as_ref() == Some(platform))
            .map(|entry| &entry.digest)
    }
}

/// Whether two images are one and the same to the workload that runs them: the only equality that rules use.
///
/// True for equal digests of record; for a digest of record that is the other's platform manifest; for equal platform
/// manifests where `platform` is known; and, where it is not, for indexes whose entries are equal apart from attestations.
/// So a re-push that only re-signs is no update.
pub fn same_image(a: &Image, b: &Image, platform: Option<&Platform>) -> bool {
    if a.has_digest(&b.digest, platform) || b.has_digest(&a.digest, platform) {
        return true;
    }
    match platform {
        Some(platform) => match (a.digest_for(platform), b.digest_for(platform)) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        },
        None => !a.platforms.is_empty() && a.platforms == b.platforms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(n: u8) -> Digest {
        format!("sha256:{}", format!("{n:02x}").repeat(32))
            .parse()
            .unwrap()
    }

    fn entry(platform: &str, n: u8) -> PlatformManifest {
        PlatformManifest {
            platform: platform.parse().ok(),
            digest: digest(n),
        }
    }

    fn index(n: u8, entries: &[(&str, u8)]) -> Image {
        Image::of_index(
            digest(n),
            entries.iter().map(|&(p, n)| entry(p, n)).collect(),
        )
    }

    #[track_caller]
    fn case(name: &str, a: &Image, b: &Image, platform: Option<&str>, expected: bool) {
        let platform = platform.map(|text| text.parse::<Platform>().unwrap());
        assert_eq!(same_image(a, b, platform.as_ref()), expected, "{name}");
        assert_eq!(
            same_image(b, a, platform.as_ref()),
            expected,
            "{name}, the other way round"
        );
    }

    #[test]
    fn images_are_the_same_by_what_a_workload_would_run() {
        let both = [("linux/amd64", 10), ("linux/arm64", 11)];
        let pushed = index(1, &both);
        let resigned = index(2, &both);
        let arm_rebuilt = index(3, &[("linux/amd64", 10), ("linux/arm64", 12)]);
        let plain = Image::of_digest(digest(4));

        case("equal digests", &plain, &plain.clone(), None, true);
        case(
            "other digests, nothing known of either",
            &plain,
            &Image::of_digest(digest(5)),
            None,
            false,
        );
        case(
            "re-signed, platform unknown",
            &pushed,
            &resigned,
            None,
            true,
        );
        case(
            "re-signed, platform known",
            &pushed,
            &resigned,
            Some("linux/amd64"),
            true,
        );
        case(
            "another platform rebuilt",
            &pushed,
            &arm_rebuilt,
            Some("linux/amd64"),
            true,
        );
        case(
            "this platform rebuilt",
            &pushed,
            &arm_rebuilt,
            Some("linux/arm64"),
            false,
        );
        case(
            "some platform rebuilt, ours unknown",
            &pushed,
            &arm_rebuilt,
            None,
            false,
        );
        case(
            "a platform that neither has",
            &pushed,
            &resigned,
            Some("windows/amd64"),
            false,
        );
        case(
            "index and its own child",
            &pushed,
            &Image::of_digest(digest(10)),
            None,
            true,
        );
        case(
            "index and another platform's child",
            &pushed,
            &Image::of_digest(digest(11)),
            Some("linux/amd64"),
            false,
        );
    }
}
