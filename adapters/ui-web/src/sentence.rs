use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{DateTime, Utc};
use registrywatcher::app::WorkloadView;
use registrywatcher::decision::{Decision, Hold, HoldReason};
use registrywatcher::deployment::{Deployment, DeploymentId, State};
use registrywatcher::image::Tag;

use crate::moment::{OnTheClock, When};

/// What is the matter with one workload, in one plain sentence.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(
    source = r#"
    {%- for part in parts -%}
    {%- match part -%}
    {%- when Part::Words(words) -%}{{ words }}
    {%- when Part::Tag(tag) -%}<code class="tag">{{ tag }}</code>
    {%- when Part::Until(at) -%}{{ self.clock(at) }}
    {%- when Part::Deployment(id) -%}<a href="/deployments/{{ id }}">an earlier deployment</a>
    {%- endmatch -%}
    {%- endfor -%}"#,
    ext = "html"
)]
pub(crate) struct Sentence {
    parts: Vec<Part>,
    now: DateTime<Utc>,
}

impl HtmlSafe for Sentence {}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Words(String),
    Tag(Tag),
    Until(DateTime<Utc>),
    Deployment(DeploymentId),
}

impl Sentence {
    /// What happens with a workload now, or why nothing does.
    pub(crate) fn of_workload(workload: &WorkloadView, now: DateTime<Utc>) -> Self {
        if let Some(deployment) = &workload.in_flight {
            return Self::of_deployment(deployment, workload.progress.as_deref(), now);
        }
        match &workload.decided {
            Some(decided) => Self::of_decision(&decided.decision, now),
            None => {
                Self::begin(now).words("Nothing is decided on it yet, or another replica decides.")
            }
        }
    }

    /// What was decided, and why.
    pub(crate) fn of_decision(decision: &Decision, now: DateTime<Utc>) -> Self {
        let sentence = Self::begin(now);
        match decision {
            Decision::UpToDate { candidate } => sentence
                .words("Up to date with ")
                .tag(&candidate.tag)
                .words("."),
            Decision::Deploy(deploy) => sentence
                .words("Deploying ")
                .tag(&deploy.candidate.tag)
                .words(format!(": {}.", deploy.cause)),
            Decision::Hold(hold) => sentence.hold(hold),
        }
    }

    /// One reason alone.
    pub(crate) fn of_reason(reason: &HoldReason, now: DateTime<Utc>) -> Self {
        Self::begin(now).reason(reason)
    }

    fn of_deployment(deployment: &Deployment, progress: Option<&str>, now: DateTime<Utc>) -> Self {
        let (before, after) = match deployment.state {
            State::Requested => ("", " waits for its turn"),
            State::Applying { .. } => ("The orchestrator is asked for ", ""),
            State::AwaitingPromotion { .. } => {
                ("", " is healthy on its canaries and waits to be promoted")
            }
            _ => ("Rolling out ", ""),
        };
        let sentence = Self::begin(now)
            .words(before)
            .tag(deployment.tag())
            .words(after);
        match progress {
            Some(progress) => sentence.words(format!(": {progress}.")),
            None => sentence.words("."),
        }
    }

    fn begin(now: DateTime<Utc>) -> Self {
        let parts = Vec::new();
        Self { parts, now }
    }

    fn hold(self, hold: &Hold) -> Self {
        let mut sentence = match &hold.candidate {
            Some(candidate) => self.words("Holding ").tag(&candidate.tag).words(": "),
            None => self.words("Holding: "),
        };
        for (index, reason) in hold.reasons.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            sentence = sentence.words(separator).reason(reason);
        }
        let last = sentence.parts.last();
        let goes_on = matches!(last, Some(Part::Words(words)) if words.ends_with('…'));
        sentence.words(if goes_on { "" } else { "." })
    }

    /// In the core's words, but for what can be told better where there are links and a clock.
    fn reason(self, reason: &HoldReason) -> Self {
        match reason {
            HoldReason::WouldDowngrade { from, .. } => self
                .words("it is lower than ")
                .tag(from)
                .words(", which runs"),
            HoldReason::Quarantined { deployment, reason } => self
                .words("this image failed in ")
                .deployment(*deployment)
                .words(format!(": {}", shorten(reason))),
            HoldReason::RolledBack { deployment, tag } => self
                .tag(tag)
                .words(" was rolled back after ")
                .deployment(*deployment)
                .words("; something newer ends that"),
            HoldReason::Frozen { until, by, reason } => self
                .words("frozen until ")
                .until(*until)
                .words(format!(" by {by} ({reason})")),
            HoldReason::BackingOff { until, failures: 0 } => self
                .words("the last deployment was only just now, the next is at ")
                .until(*until),
            HoldReason::BackingOff { until, failures } => self
                .words(match failures {
                    1 => "the last try failed, the next is at ".to_owned(),
                    _ => format!("the last {failures} tries failed, the next is at "),
                })
                .until(*until),
            HoldReason::WaitsFor { workload } => self.words(format!("waits for {workload}")),
            HoldReason::InFlight { deployment } => self
                .words("waits for ")
                .deployment(*deployment)
                .words(" to end"),
            told_well => self.words(told_well.to_string()),
        }
    }

    fn words(mut self, words: impl Into<String>) -> Self {
        self.parts.push(Part::Words(words.into()));
        self
    }

    fn tag(mut self, tag: &Tag) -> Self {
        self.parts.push(Part::Tag(tag.clone()));
        self
    }

    fn until(mut self, at: DateTime<Utc>) -> Self {
        self.parts.push(Part::Until(at));
        self
    }

    fn deployment(mut self, id: DeploymentId) -> Self {
        self.parts.push(Part::Deployment(id));
        self
    }

    fn clock(&self, at: &DateTime<Utc>) -> OnTheClock {
        let (at, now) = (*at, self.now);
        OnTheClock(When { at, now })
    }
}

/// The beginning of what an orchestrator said; all of it stands beside the deployment.
fn shorten(text: &str) -> String {
    const MOST: usize = 90;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let begin: String = text.chars().take(MOST).collect();
    let end = begin.rfind(' ').unwrap_or(begin.len());
    format!("{} …", &begin[..end])
}

#[cfg(test)]
mod tests;
