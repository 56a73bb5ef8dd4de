use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::DeploymentId;
use crate::image::{Image, ImageReference, Platform, Tag, same_image};
use crate::intent::Candidate;

/// What a deployer says a workload runs now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The image as the orchestrator has it: by digest (of an index or of a platform's manifest), or only by tag.
    pub image: ImageReference,
    /// The tag that we kept beside a digest, where the orchestrator has room for it and it still belongs to `image`.
    pub tag: Option<Tag>,
    /// The platform it runs on, where that is known.
    pub platform: Option<Platform>,
    /// The deployment of ours that brought it there, by the mark beside the image.
    pub mark: Option<DeploymentId>,
}

/// A deployment of a workload that succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Success {
    /// Which deployment.
    pub deployment: DeploymentId,
    /// What it deployed.
    pub candidate: Candidate,
    /// When it succeeded.
    pub at: DateTime<Utc>,
}

/// The digest which the tag of an unpinned workload had when it was first seen, taken for what runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// The tag that runs, and what it pointed to.
    pub candidate: Candidate,
    /// When it was first seen.
    pub at: DateTime<Utc>,
}

/// What a workload runs, as the rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runs {
    /// It could not be asked for.
    Unknown {
        /// Why not.
        why: String,
    },
    /// No image.
    Nothing,
    /// An image.
    Something {
        /// Its tag, where one is known.
        tag: Option<Tag>,
        /// What it is; `None` where only a tag runs whose digest nobody knows.
        image: Option<Image>,
        /// Who brought it there.
        origin: Origin,
        /// The platform it runs on, where that is known.
        platform: Option<Platform>,
    },
}

/// Who brought an image to a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// We did: it carries our mark, or is what we last deployed.
    Ours,
    /// It ran before us; its digest is assumed from its tag.
    Assumed,
    /// Somebody else did.
    Outside,
}

impl Runs {
    /// Judges what a deployer reports by what is stored of the workload.
    ///
    /// A deployer that cannot see what runs passes `None` for `running` and the last success stands in.
    pub fn judge(
        running: Option<&Running>,
        sees_running: bool,
        success: Option<&Success>,
        adopted: Option<&Adopted>,
    ) -> Self {
        let Some(running) = running else {
            return match success {
                Some(success) if !sees_running => Self::Something {
                    tag: Some(success.candidate.tag.clone()),
                    image: Some(success.candidate.image.clone()),
                    origin: Origin::Ours,
                    platform: None,
                },
                _ => Self::Nothing,
            };
        };
        let platform = running.platform.clone();
        let Some(digest) = running.image.digest() else {
            // Once we deployed, an unpinned tag is somebody else's doing.
            return Self::by_tag(running, adopted.filter(|_| success.is_none()), platform);
        };
        let bare = Image::of_digest(digest.clone());
        // What we deployed is known better (by its index) than what the orchestrator reports (by one digest).
        let deployed = success
            .map(|success| &success.candidate)
            .filter(|deployed| same_image(&deployed.image, &bare, platform.as_ref()));
        // An older mark than that of the last success was brought back by somebody: ids are in the order of their making.
        let carries_our_mark = running
            .mark
            .is_some_and(|mark| success.is_none_or(|success| mark >= success.deployment));
        let origin = if deployed.is_some() || carries_our_mark {
            Origin::Ours
        } else {
            Origin::Outside
        };
        let tag = running
            .tag
            .clone()
            .or_else(|| deployed.map(|deployed| deployed.tag.clone()))
            .or_else(|| running.image.tag().cloned());
        let image = deployed.map_or(bare, |deployed| deployed.image.clone());
        Self::Something {
            tag,
            image: Some(image),
            origin,
            platform,
        }
    }

    fn by_tag(running: &Running, adopted: Option<&Adopted>, platform: Option<Platform>) -> Self {
        let tag = running.image.tag().cloned().unwrap_or_else(latest);
        let adopted = adopted.filter(|adopted| adopted.candidate.tag == tag);
        Self::Something {
            image: adopted.map(|adopted| adopted.candidate.image.clone()),
            origin: if adopted.is_some() {
                Origin::Assumed
            } else {
                Origin::Outside
            },
            tag: Some(tag),
            platform,
        }
    }

    /// The tag of what runs, where one is known.
    pub fn tag(&self) -> Option<&Tag> {
        match self {
            Self::Something { tag, .. } => tag.as_ref(),
            _ => None,
        }
    }

    /// The image that runs, where it is known.
    pub fn image(&self) -> Option<&Image> {
        match self {
            Self::Something { image, .. } => image.as_ref(),
            _ => None,
        }
    }

    /// The platform of what runs, where it is known.
    pub fn platform(&self) -> Option<&Platform> {
        match self {
            Self::Something { platform, .. } => platform.as_ref(),
            _ => None,
        }
    }

    /// Whether `image` runs.
    pub fn is_running(&self, image: &Image) -> bool {
        self.image()
            .is_some_and(|running| same_image(running, image, self.platform()))
    }

    /// Who brought it there; `None` where nothing is known to run.
    pub fn origin(&self) -> Option<Origin> {
        match self {
            Self::Something { origin, .. } => Some(*origin),
            _ => None,
        }
    }
}

/// What an image without tag and digest means.
fn latest() -> Tag {
    Tag::from_checked("latest")
}

#[cfg(test)]
mod tests;
