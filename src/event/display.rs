use std::fmt;

use super::{EventKind, Subject};
use crate::intent::Target;

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WatchAdded { repository } => write!(f, "watching {repository}"),
            Self::WatchRetired => f.write_str("no longer in the configuration"),
            Self::RepositoryChanged { from, to } => write!(f, "follows {to} instead of {from}"),
            Self::IntentChanged {
                by,
                target,
                auto_deploy,
                hold,
            } => {
                match target {
                    Target::Track => write!(f, "{by} lets it track")?,
                    Target::Pin(tag) => write!(f, "{by} pins it to {tag}")?,
                }
                write!(
                    f,
                    ", auto-deploy {}",
                    if *auto_deploy { "on" } else { "off" }
                )?;
                match hold {
                    Some(reason) => write!(f, ", held: {reason}"),
                    None => Ok(()),
                }
            }
            Self::DeploymentAsked { by, tag, .. } => write!(f, "{by} asks for {tag}"),
            Self::RequestDropped { reason, .. } => write!(f, "a request was dropped: {reason}"),
            Self::WorkloadAdopted {
                workload,
                tag,
                digest,
            } => {
                write!(f, "{workload} runs {tag}, taken to be {}", digest.short())
            }
            Self::DeploymentCreated { subject, cause } => {
                write!(f, "{subject}: wanted, for {cause}")
            }
            Self::DeploymentStarted { subject } => write!(f, "{subject}: deploying"),
            Self::DeploymentAccepted { subject } => write!(f, "{subject}: rolling out"),
            Self::DeploymentAwaitsPromotion { subject } => {
                write!(f, "{subject}: canaries are healthy and wait to be promoted")
            }
            Self::PromotionAsked { subject, by } => {
                write!(f, "{subject}: {by} promotes its canaries")
            }
            Self::DeploymentSucceeded { subject } => write!(f, "{subject}: runs and is healthy"),
            Self::DeploymentFailed {
                subject,
                reason,
                restored,
            } => {
                let outcome = if *restored {
                    "; what ran before runs again"
                } else {
                    ""
                };
                write!(f, "{subject}: failed, {reason}{outcome}")
            }
            Self::DeploymentSuperseded { subject, .. } => write!(f, "{subject}: superseded"),
            Self::DeploymentAbandoned {
                subject,
                reason,
                by,
            } => {
                write!(f, "{subject}: abandoned")?;
                if let Some(by) = by {
                    write!(f, " by {by}")?;
                }
                write!(f, ", {reason}")
            }
            Self::ImageQuarantined {
                tag,
                digest,
                reason,
            } => {
                write!(f, "{tag} ({}) is quarantined: {reason}", digest.short())
            }
            Self::QuarantineReleased {
                by, tag, digest, ..
            } => {
                write!(f, "{by} releases {tag} ({})", digest.short())
            }
            Self::TokenCreated { name, role, by } => {
                write!(f, "{by} made token {name}, {role}")
            }
            Self::TokenRevoked { name, by } => write!(f, "{by} revoked token {name}"),
            Self::DeadLetterReplayed { by, sink, event } => {
                write!(f, "{by} has sink {sink} told event {event}")
            }
            Self::Frozen {
                by, until, reason, ..
            } => {
                let until = until.format("%Y-%m-%d %H:%M:%SZ");
                write!(f, "{by} freezes deployments until {until}: {reason}")
            }
            Self::Unfrozen { by, .. } => write!(f, "{by} ends the freeze"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}) on {}",
            self.tag,
            self.digest.short(),
            self.workload
        )
    }
}
