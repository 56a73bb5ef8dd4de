/// What of Kubernetes can be deployed to: whatever has a template of pods that a controller rolls out, or runs at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Deployment,
    StatefulSet,
    DaemonSet,
    CronJob,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::CronJob,
    ];

    /// As an address spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::StatefulSet => "statefulset",
            Self::DaemonSet => "daemonset",
            Self::CronJob => "cronjob",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The group and version of the API that has it.
    pub(crate) fn api(self) -> &'static str {
        match self {
            Self::CronJob => "apis/batch/v1",
            _ => "apis/apps/v1",
        }
    }

    /// The name of its collection there.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
            Self::CronJob => "cronjobs",
        }
    }

    /// As rights name it.
    pub(crate) fn resource(self) -> String {
        let group = match self {
            Self::CronJob => "batch",
            _ => "apps",
        };
        format!("{}.{group}", self.plural())
    }

    /// Where its template of pods is.
    pub(crate) fn template(self) -> &'static [&'static str] {
        match self {
            Self::CronJob => &["spec", "jobTemplate", "spec", "template"],
            _ => &["spec", "template"],
        }
    }

    /// The collection that keeps its older templates, if there is one.
    pub(crate) fn history(self) -> Option<&'static str> {
        match self {
            Self::Deployment => Some("replicasets"),
            Self::StatefulSet | Self::DaemonSet => Some("controllerrevisions"),
            Self::CronJob => None,
        }
    }
}
