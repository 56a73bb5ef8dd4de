use poem_openapi::{Enum, Object};
use registrywatcher::app::{self, WatchView};
use registrywatcher::decision::HoldReason;
use registrywatcher::freeze;
use registrywatcher::intent::Request;
use registrywatcher::watch;
use serde::Serialize;
use uuid::Uuid;

use super::tags::Tags;
use super::workload::Workload;
use super::{Freeze, Intent, Timestamp};

/// A watch, and all that is known of it.
#[derive(Debug, Object, Serialize)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Watch {
    /// Its name.
    name: String,
    /// The repository it follows.
    repository: String,
    /// Which tag is wanted while it tracks, in words.
    policy: String,
    /// Whether it deploys.
    mode: Mode,
    /// Whether labels of its workloads ask for it, and not the configuration.
    discovered: bool,
    /// How it is, in one word.
    status: WatchStatus,
    /// What an operator wants.
    intent: Intent,
    /// The tag that is wanted, or why none is.
    wanted: Wanted,
    /// What the registry was last asked for.
    listing: Listing,
    /// What operators asked for and has not been served yet, oldest first.
    requests: Vec<PendingRequest>,
    /// What stops deployments of this watch alone, while it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    freeze: Option<Freeze>,
    /// What stops deployments of all watches, while it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    freeze_of_all: Option<Freeze>,
    /// Whether the replica that answers attends to the watch: polls it, decides and deploys. If it does not, another one does,
    /// and what that one sees and decides (`wanted`, `listing`, `tags`, and of each workload `running`, `decision` and
    /// `progress`) is not known here: it may be old or left out.
    attended: bool,
    /// How many images it does not deploy by itself because they failed; given when one watch is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    quarantined: Option<u64>,
    /// Its workloads, in the order in which they are deployed to.
    workloads: Vec<Workload>,
    /// The tags that were last listed, in byte order; given when one watch is read, and left out of the list of watches.
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Tags>,
}

/// How a watch is: the first that holds for any of its workloads, in this order. There may be new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(crate) enum WatchStatus {
    /// A deployment has not ended.
    Deploying,
    /// The last deployment failed, and none made up for it.
    Failed,
    /// Something stands in the way of what is wanted.
    Held,
    /// Nothing was decided on it yet, or another replica decides.
    Unknown,
    /// What is wanted runs.
    UpToDate,
}

/// Whether a watch deploys. There may be new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// It decides and deploys.
    Deploy,
    /// It decides and tells, and deploys nothing.
    Observe,
}

/// The tag that is wanted, or why none is.
#[derive(Debug, Object, Serialize)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Wanted {
    /// The tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    /// What it was last seen to point to.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// Why no tag is wanted, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

/// What came of listing a repository.
#[derive(Debug, Object, Serialize)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Listing {
    /// When it was last listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    /// How many tags there were.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}

/// What an operator asked for and has not been served yet.
#[derive(Debug, Object, Serialize)]
pub(crate) struct PendingRequest {
    /// Its identity.
    id: Uuid,
    /// Who asked.
    by: String,
    /// Which tag.
    tag: String,
    /// What it pointed to when it was asked for.
    digest: String,
    /// The workloads that have not been deployed to yet.
    workloads: Vec<String>,
    /// When it was asked for.
    created_at: Timestamp,
    /// When it is dropped if it could not be served.
    expires_at: Timestamp,
}

impl Watch {
    /// With its tags, which may be many, and how much is in its quarantine.
    pub(crate) fn in_full(
        view: WatchView,
        freeze_of_all: Option<&freeze::Freeze>,
        quarantined: usize,
    ) -> Self {
        let tags = view.tags.clone();
        Self {
            tags: Some(Tags(tags.unwrap_or_default())),
            quarantined: Some(quarantined as u64),
            ..Self::new(view, freeze_of_all)
        }
    }

    pub(crate) fn new(view: WatchView, freeze_of_all: Option<&freeze::Freeze>) -> Self {
        Self {
            name: view.watch.name.to_string(),
            repository: view.watch.repository().to_string(),
            policy: view.watch.policy.to_string(),
            mode: view.watch.mode.into(),
            discovered: view.discovered,
            status: view.status().into(),
            wanted: Wanted::from(&view),
            listing: Listing {
                at: view.listed_at.map(Timestamp::from),
                fault: view.fault,
                count: view.tags.map(|tags| tags.len() as u64),
            },
            intent: view.intent.into(),
            requests: view
                .requests
                .into_iter()
                .map(PendingRequest::from)
                .collect(),
            freeze: view.freeze.as_ref().map(Freeze::from),
            freeze_of_all: freeze_of_all.map(Freeze::from),
            attended: view.attended,
            quarantined: None,
            workloads: view.workloads.into_iter().map(Workload::from).collect(),
            tags: None,
        }
    }
}

impl From<&WatchView> for Wanted {
    fn from(view: &WatchView) -> Self {
        let unwanted = view.wanted.as_ref().err().cloned();
        Self {
            tag: view.wanted.as_ref().ok().map(|tag| tag.as_str().to_owned()),
            digest: view
                .wanted_image
                .as_ref()
                .map(|image| image.digest.as_str().to_owned()),
            fault: unwanted.map(|unwanted| HoldReason::from(unwanted).to_string()),
        }
    }
}

impl From<Request> for PendingRequest {
    fn from(request: Request) -> Self {
        Self {
            id: request.id.0,
            by: request.author.to_string(),
            tag: request.candidate.tag.to_string(),
            digest: request.candidate.image.digest.to_string(),
            workloads: request.pending.iter().map(ToString::to_string).collect(),
            created_at: request.created_at.into(),
            expires_at: request.expires_at.into(),
        }
    }
}

impl From<app::WatchStatus> for WatchStatus {
    fn from(status: app::WatchStatus) -> Self {
        match status {
            app::WatchStatus::Deploying => Self::Deploying,
            app::WatchStatus::Failed => Self::Failed,
            app::WatchStatus::Held => Self::Held,
            app::WatchStatus::Unknown => Self::Unknown,
            app::WatchStatus::UpToDate => Self::UpToDate,
        }
    }
}

impl From<WatchStatus> for app::WatchStatus {
    fn from(status: WatchStatus) -> Self {
        match status {
            WatchStatus::Deploying => Self::Deploying,
            WatchStatus::Failed => Self::Failed,
            WatchStatus::Held => Self::Held,
            WatchStatus::Unknown => Self::Unknown,
            WatchStatus::UpToDate => Self::UpToDate,
        }
    }
}

impl From<watch::Mode> for Mode {
    fn from(mode: watch::Mode) -> Self {
        match mode {
            watch::Mode::Deploy => Self::Deploy,
            watch::Mode::Observe => Self::Observe,
        }
    }
}
