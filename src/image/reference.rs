use std::fmt;
use std::str::FromStr;

use super::{Digest, ParseDigestError, ParseTagError, RegistryHost, Repository, Tag};

/// An image as people write it: a repository, perhaps a tag, perhaps a digest.
///
/// Parsed as Docker does (distribution/reference): the part before the first `/` is a registry only if it is `localhost`,
/// holds a `.` or a `:`, or holds an upper-case letter; everything else is on Docker Hub. The spelling of the repository
/// is kept beside its normal form, for writing back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageReference {
    repository: Repository,
    spelling: String,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

/// Why a string is not an [`ImageReference`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseReferenceError {
    /// The registry or the path breaks the grammar.
    #[error("`{found}` names no repository: {problem}")]
    Repository {
        /// What was given, without tag and digest.
        found: String,
        /// What is wrong with it and what to do.
        problem: &'static str,
    },
    /// The part after the last `:` is no tag.
    #[error("the tag of `{found}`: {source}")]
    Tag {
        /// What was given.
        found: String,
        /// What is wrong with the tag.
        source: ParseTagError,
    },
    /// The part after the `@` is no digest.
    #[error("the digest of `{found}`: {source}")]
    Digest {
        /// What was given.
        found: String,
        /// What is wrong with the digest.
        source: ParseDigestError,
    },
}

impl ImageReference {
    /// The normalised repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The repository as it was written, such as `nginx` for `docker.io/library/nginx`.
    pub fn spelling(&self) -> &str {
        &self.spelling
    }

    /// The tag, if one is written.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest, if one is written; it wins over the tag when pulling.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Drops tag and digest.
    pub fn into_repository(self) -> Repository {
        self.repository
    }

    /// The same repository in the same spelling, at `digest` and without a tag: the one form that every driver pulls by
    /// digest.
    #[must_use]
    pub fn at_digest(&self, digest: Digest) -> Self {
        Self {
            tag: None,
            digest: Some(digest),
            ..self.clone()
        }
    }

    /// The same repository in the same spelling, at `tag` and without a digest.
    #[must_use]
    pub fn at_tag(&self, tag: Tag) -> Self {
        Self {
            tag: Some(tag),
            digest: None,
            ..self.clone()
        }
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelling)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for ImageReference {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (named, digest) = match text.rsplit_once('@') {
            Some((named, digest)) => {
                let digest = digest
                    .parse()
                    .map_err(|source| ParseReferenceError::Digest {
                        found: text.to_owned(),
                        source,
                    })?;
                (named, Some(digest))
            }
            None => (text, None),
        };
        // A `:` before the last `/` belongs to a port.
        let after_slash = named.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match named[after_slash..].rfind(':') {
            Some(colon) => {
                let (name, tag) = named.split_at(after_slash + colon);
                let tag = tag[1..]
                    .parse()
                    .map_err(|source| ParseReferenceError::Tag {
                        found: text.to_owned(),
                        source,
                    })?;
                (name, Some(tag))
            }
            None => (named, None),
        };
        let repository =
            parse_repository(name).map_err(|problem| ParseReferenceError::Repository {
                found: name.to_owned(),
                problem,
            })?;
        Ok(Self {
            repository,
            spelling: name.to_owned(),
            tag,
            digest,
        })
    }
}

/// `len(host) + 1 + len(path)` at most, a limit that many clients share.
const MAX_REPOSITORY_LEN: usize = 255;

fn parse_repository(name: &str) -> Result<Repository, &'static str> {
    if name.is_empty() {
        return Err("it is empty");
    }
    if name.len() > MAX_REPOSITORY_LEN {
        return Err("it is longer than 255 characters");
    }
    if name.contains("://") {
        return Err("leave out the scheme");
    }
    if name.len() == 64 && name.bytes().all(|c| c.is_ascii_hexdigit()) {
        return Err("64 hexadecimal digits are an image id, not a repository");
    }
    let (host, path) = match name.split_once('/') {
        Some((first, rest)) if is_host(first) => {
            if !is_domain(first) {
                return Err("the registry is no host name, address, or `host:port`");
            }
            (RegistryHost::normalise(first), rest)
        }
        _ => (RegistryHost::normalise(RegistryHost::DOCKER_HUB), name),
    };
    if !path.split('/').all(is_path_component) {
        return Err(if path.bytes().any(|c| c.is_ascii_uppercase()) {
            "a repository's path is lower-case"
        } else {
            "a repository's path is lower-case letters and digits, joined by `.`, `_`, `__`, `-` or `/`"
        });
    }
    if host.is_docker_hub() && !path.contains('/') {
        return Ok(Repository::from_parts(host, &format!("library/{path}")));
    }
    Ok(Repository::from_parts(host, path))
}

fn is_host(component: &str) -> bool {
    component == "localhost"
        || component.contains(['.', ':'])
        || component.bytes().any(|c| c.is_ascii_uppercase())
}

/// `(component ("." component)* | "[" ipv6 "]") [":" port]`
fn is_domain(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            match rest.strip_prefix(':') {
                Some(port) => (None, Some(port)),
                None if rest.is_empty() => (None, None),
                None => return false,
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(text), None),
        },
    };
    let host_is_valid = host.is_none_or(|host| {
        host.split('.').all(|component| {
            !component.is_empty()
                && !component.starts_with('-')
                && !component.ends_with('-')
                && component
                    .bytes()
                    .all(|c| c.is_ascii_alphanumeric() || c == b'-')
        })
    });
    host_is_valid && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// `[a-z0-9]+ (("." | "_" | "__" | "-"+) [a-z0-9]+)*`
fn is_path_component(component: &str) -> bool {
    let is_alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut rest = component;
    loop {
        let word = rest.find(|c| !is_alphanumeric(c)).unwrap_or(rest.len());
        if word == 0 {
            return false;
        }
        rest = &rest[word..];
        if rest.is_empty() {
            return true;
        }
        let separator = rest.find(is_alphanumeric).unwrap_or(rest.len());
        let joins = &rest[..separator];
        if !(matches!(joins, "." | "_" | "__") || joins.bytes().all(|c| c == b'-')) {
            return false;
        }
        rest = &rest[separator..];
    }
}

crate::text::serde_as_text!(ImageReference);

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[track_caller]
    fn reads(input: &str, repository: &str, tag: Option<&str>, has_digest: bool) {
        let reference: ImageReference = input.parse().unwrap();
        assert_eq!(
            reference.repository().to_string(),
            repository,
            "parsing {input:?}"
        );
        assert_eq!(reference.tag().map(Tag::as_str), tag, "tag of {input:?}");
        assert_eq!(
            reference.digest().is_some(),
            has_digest,
            "digest of {input:?}"
        );
        assert_eq!(reference.to_string(), input, "the spelling is kept");
    }

    #[test]
    fn references_are_normalised_as_docker_does() {
        reads("nginx", "docker.io/library/nginx", None, false);
        reads("foo/bar:1", "docker.io/foo/bar", Some("1"), false);
        reads("docker.io/nginx", "docker.io/library/nginx", None, false);
        reads("index.docker.io/foo/bar", "docker.io/foo/bar", None, false);
        reads(
            "registry-1.docker.io/foo/bar",
            "docker.io/foo/bar",
            None,
            false,
        );
        reads("localhost/x", "localhost/x", None, false);
        reads("reg:5000/a/b", "reg:5000/a/b", None, false);
        reads("reg:5000/a/b:1", "reg:5000/a/b", Some("1"), false);
        reads(
            &format!("reg:5000/a/b:1@sha256:{HEX}"),
            "reg:5000/a/b",
            Some("1"),
            true,
        );
        reads(
            &format!("reg:5000/a/b@sha256:{HEX}"),
            "reg:5000/a/b",
            None,
            true,
        );
        reads("GHCR.io/x/y", "ghcr.io/x/y", None, false);
        reads("[::1]:5000/x", "[::1]:5000/x", None, false);
        reads("127.0.0.1:5000/x:v1", "127.0.0.1:5000/x", Some("v1"), false);
        // No slash at all: a name on Docker Hub and a tag, even where it looks like a host and a port.
        reads(
            "example.com:5000",
            "docker.io/library/example.com",
            Some("5000"),
            false,
        );
        reads(
            "acme/web__api--x.y",
            "docker.io/acme/web__api--x.y",
            None,
            false,
        );
    }

    #[track_caller]
    fn rejects(input: &str, message: &str) {
        assert_eq!(
            input.parse::<ImageReference>().unwrap_err().to_string(),
            message
        );
    }

    #[test]
    fn what_is_no_reference_is_refused_with_the_reason() {
        rejects("", "`` names no repository: it is empty");
        rejects(
            "acme/Web",
            "`acme/Web` names no repository: a repository's path is lower-case",
        );
        rejects(
            "https://ghcr.io/acme/web",
            "`https://ghcr.io/acme/web` names no repository: leave out the scheme",
        );
        rejects(
            HEX,
            &format!(
                "`{HEX}` names no repository: 64 hexadecimal digits are an image id, not a repository"
            ),
        );
        rejects("acme/web:", "the tag of `acme/web:`: a tag cannot be empty");
        rejects(
            "acme/web@sha256:12",
            "the digest of `acme/web@sha256:12`: a sha256 digest has 64 lower-case hexadecimal digits, found `12`",
        );
        rejects(
            "reg:x/a",
            "`reg:x/a` names no repository: the registry is no host name, address, or `host:port`",
        );
        assert!("acme//web".parse::<ImageReference>().is_err());
        assert!("acme/web/".parse::<ImageReference>().is_err());
        assert!("acme/we___b".parse::<ImageReference>().is_err());
    }

    #[test]
    fn an_image_is_written_back_in_the_users_spelling() {
        let reference: ImageReference = "nginx:1.25".parse().unwrap();
        let digest: Digest = format!("sha256:{HEX}").parse().unwrap();
        assert_eq!(
            reference.at_digest(digest).to_string(),
            format!("nginx@sha256:{HEX}")
        );
        assert_eq!(
            reference.at_tag("1.26".parse().unwrap()).to_string(),
            "nginx:1.26"
        );
    }
}
