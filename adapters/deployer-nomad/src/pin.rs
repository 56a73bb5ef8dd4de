//! In which form each driver, of each version of Nomad, pulls a digest.

use registrywatcher::image::ImageReference;
use semver::Version;

/// The drivers whose tasks run an OCI image named by `Config.image`.
pub(crate) const DRIVERS: [&str; 3] = ["docker", "podman", "containerd-driver"];

/// Whether `repository@digest` is broken: docker of Nomad 1.9.5 and 1.9.6 reads the port of the registry as a tag
/// (hashicorp/nomad#24913). The tag is deployed then, and pulled anew.
pub(crate) fn must_keep_tag(driver: &str, image: &ImageReference, nomad: Option<&Version>) -> bool {
    driver == "docker"
        && has_port(image)
        && nomad
            .is_some_and(|nomad| matches!((nomad.major, nomad.minor, nomad.patch), (1, 9, 5 | 6)))
}

/// Whether the digest of `repository:tag@digest` is dropped and the tag pulled: docker up to Nomad 1.9.6.
pub(crate) fn drops_digest(driver: &str, image: &ImageReference, nomad: Option<&Version>) -> bool {
    driver == "docker"
        && image.tag().is_some()
        && image.digest().is_some()
        && nomad.is_some_and(|nomad| (nomad.major, nomad.minor, nomad.patch) < (1, 9, 7))
}

/// Whether the version of Nomad matters to how `image` is written or read.
pub(crate) fn depends_on_version(driver: &str, image: &ImageReference) -> bool {
    driver == "docker" && (has_port(image) || (image.tag().is_some() && image.digest().is_some()))
}

fn has_port(image: &ImageReference) -> bool {
    image.spelling().split_once('/').is_some_and(|(host, _)| {
        host.rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &str) -> ImageReference {
        text.replace("DIGEST", &format!("sha256:{}", "ab".repeat(32)))
            .parse()
            .unwrap()
    }

    #[test]
    fn only_docker_of_two_versions_must_keep_the_tag() {
        for (driver, reference, nomad, expected) in [
            ("docker", "reg:5000/web:1", "1.9.5", true),
            ("docker", "reg:5000/web:1", "1.9.6+ent", true),
            ("docker", "reg:5000/web:1", "1.9.4", false),
            ("docker", "reg:5000/web:1", "1.9.7", false),
            ("docker", "ghcr.io/web:1", "1.9.5", false),
            ("docker", "[::1]/web:1", "1.9.5", false),
            ("docker", "[::1]:5000/web:1", "1.9.5", true),
            ("podman", "reg:5000/web:1", "1.9.5", false),
        ] {
            let nomad = nomad.parse().unwrap();
            assert_eq!(
                must_keep_tag(driver, &image(reference), Some(&nomad)),
                expected,
                "{driver} {reference} {nomad}"
            );
        }
        assert!(
            !must_keep_tag("docker", &image("reg:5000/web:1"), None),
            "an unknown version pins by digest"
        );
    }

    #[test]
    fn docker_up_to_1_9_6_pulls_the_tag_beside_a_digest() {
        for (reference, nomad, expected) in [
            ("web:1@DIGEST", "1.8.0", true),
            ("web:1@DIGEST", "1.9.7", false),
            ("web@DIGEST", "1.8.0", false),
        ] {
            let nomad = nomad.parse().unwrap();
            assert_eq!(
                drops_digest("docker", &image(reference), Some(&nomad)),
                expected,
                "{reference} {nomad}"
            );
        }
    }
}
