use registrywatcher::deployment::DeploymentId;
use registrywatcher::image::{Digest, Tag};
use registrywatcher::ports::Apply;

use crate::container::Container;
use crate::handle::Handle;

/// The deployment that made the container.
pub(crate) const DEPLOYMENT: &str = "registrywatcher.deployment";
/// The tag that was deployed.
pub(crate) const TAG: &str = "registrywatcher.tag";
/// The digest that was deployed; where the container runs another image, the labels were copied by somebody.
pub(crate) const DIGEST: &str = "registrywatcher.digest";
/// The name that the container is to have.
pub(crate) const NAME: &str = "registrywatcher.container";
/// The id of the container that it replaces.
pub(crate) const REPLACES: &str = "registrywatcher.replaces";
/// The restart policy of that one, which is off while it waits.
pub(crate) const RESTART: &str = "registrywatcher.restart";

/// All of them; a container that is made again must not keep those of its predecessor.
pub(crate) const ALL: [&str; 6] = [DEPLOYMENT, TAG, DIGEST, NAME, REPLACES, RESTART];

/// The labels of a container that is made for a deployment.
pub(crate) fn labels(apply: &Apply, name: &str, handle: &Handle) -> [(&'static str, String); 6] {
    [
        (DEPLOYMENT, apply.id.to_string()),
        (TAG, apply.candidate.tag.to_string()),
        (DIGEST, apply.candidate.image.digest.to_string()),
        (NAME, name.to_owned()),
        (REPLACES, handle.replaces.clone()),
        (RESTART, handle.restart_policy.to_string()),
    ]
}

/// What we wrote beside the image of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) deployment: DeploymentId,
    pub(crate) tag: Option<Tag>,
    pub(crate) digest: Digest,
}

impl Mark {
    pub(crate) fn read(container: &Container) -> Option<Self> {
        Some(Self {
            deployment: container.label(DEPLOYMENT)?.parse().ok()?,
            tag: container.label(TAG).and_then(|tag| tag.parse().ok()),
            digest: container.label(DIGEST)?.parse().ok()?,
        })
    }
}

/// What a container is in a deployment, which its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It has the workload's name.
    Holder,
    /// Made, and about to take the name.
    New,
    /// It had the name, and waits.
    Old,
    /// Its image failed.
    Failed,
    /// It failed by no fault of its image.
    Undone,
}

impl Role {
    /// What a container in that role is called.
    pub(crate) fn name(self, container: &str, id: DeploymentId) -> String {
        let word = match self {
            Self::Holder => return container.to_owned(),
            Self::New => "new",
            Self::Old => "old",
            Self::Failed => "failed",
            Self::Undone => "undone",
        };
        // The end of an id is random; its beginning is the time.
        let id = id.0.simple().to_string();
        let end = id.get(20..).unwrap_or(&id);
        format!("{container}-rw-{word}-{end}")
    }

    /// What a name says where the container is not known: which one it stands beside, and as what. `None` for a name that was
    /// not given here.
    pub(crate) fn beside(name: &str) -> Option<(&str, Self)> {
        let (container, rest) = name.rsplit_once("-rw-")?;
        let (word, id) = rest.split_once('-')?;
        let is_id = id.len() == 12 && id.bytes().all(|c| c.is_ascii_hexdigit());
        let role = match word {
            "new" => Self::New,
            "old" => Self::Old,
            "failed" => Self::Failed,
            "undone" => Self::Undone,
            _ => return None,
        };
        is_id.then_some((container, role))
    }

    /// What a container of that name is; `None` where somebody else has renamed it.
    pub(crate) fn read(name: &str, container: &str, id: DeploymentId) -> Option<Self> {
        [
            Self::Holder,
            Self::New,
            Self::Old,
            Self::Failed,
            Self::Undone,
        ]
        .into_iter()
        .find(|role| role.name(container, id) == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_name_tells_what_a_container_is_in_a_deployment() {
        let id = DeploymentId(Uuid::from_u128(0x0192_0000_0000_7000_8000_00c0_ffee_0001));
        assert_eq!(Role::New.name("web", id), "web-rw-new-00c0ffee0001");
        for role in [
            Role::Holder,
            Role::New,
            Role::Old,
            Role::Failed,
            Role::Undone,
        ] {
            let name = role.name("web", id);
            assert_eq!(Role::read(&name, "web", id), Some(role));
            let beside = (role != Role::Holder).then_some(("web", role));
            assert_eq!(Role::beside(&name), beside);
        }
        assert_eq!(Role::beside("web-rw-new-version"), None);
        assert_eq!(Role::beside("web-rw-next-00c0ffee0001"), None);
        assert_eq!(Role::read("web-2", "web", id), None);
        let other = DeploymentId(Uuid::from_u128(7));
        assert_eq!(Role::read("web-rw-new-00c0ffee0001", "web", other), None);
    }
}
