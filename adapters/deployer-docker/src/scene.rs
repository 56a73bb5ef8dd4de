use registrywatcher::deployment::DeploymentId;
use registrywatcher_docker_engine::ApiError;
use serde_json::Value;

use crate::container::Container;
use crate::engine::Engine;
use crate::handle::Handle;
use crate::mark::{self, Role};

/// A container that a deployment made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) container: Container,
    pub(crate) deployment: DeploymentId,
    /// What its name tells; `None` where somebody has renamed it.
    pub(crate) role: Option<Role>,
    /// The container that it replaces, if that is still there.
    pub(crate) predecessor: Option<Container>,
    /// The restart policy which that one had.
    pub(crate) restart_policy: Value,
}

/// What a deployment would replace.
#[derive(Debug)]
pub(crate) struct Incumbent {
    pub(crate) container: Container,
    pub(crate) restart_policy: Value,
    /// Whether it waits for the end of another deployment, stopped.
    pub(crate) waits: bool,
}

impl Made {
    /// The container that deployment `id` made for the workload `name`, if it made one.
    pub(crate) async fn by(
        engine: &Engine,
        name: &str,
        id: DeploymentId,
    ) -> Result<Option<Self>, ApiError> {
        let deployment = format!("{}={id}", mark::DEPLOYMENT);
        let workload = format!("{}={name}", mark::NAME);
        Ok(Self::with(engine, &[&deployment, &workload]).await?.pop())
    }

    /// The containers that deployments of the workload `name` made and that are still there.
    pub(crate) async fn of(engine: &Engine, name: &str) -> Result<Vec<Self>, ApiError> {
        Self::with(engine, &[&format!("{}={name}", mark::NAME)]).await
    }

    async fn with(engine: &Engine, labels: &[&str]) -> Result<Vec<Self>, ApiError> {
        let mut found = Vec::new();
        for summary in engine.containers(labels).await? {
            // A copy that somebody made of it has its labels too, but not the names.
            let (Some(name), Some(id)) = (
                summary.label(mark::NAME),
                summary
                    .label(mark::DEPLOYMENT)
                    .and_then(|id| id.parse().ok()),
            ) else {
                continue;
            };
            let Some(container) = engine.container(&summary.id).await? else {
                continue;
            };
            let predecessor = match container.label(mark::REPLACES) {
                Some(replaced) => engine.container(replaced).await?,
                None => None,
            };
            let policy = container.label(mark::RESTART);
            found.push(Self {
                role: Role::read(container.name(), name, id),
                deployment: id,
                predecessor,
                restart_policy: policy
                    .and_then(|policy| serde_json::from_str(policy).ok())
                    .unwrap_or_else(|| container.restart_policy().clone()),
                container,
            });
        }
        Ok(found)
    }

    /// Whether it is not decided yet whether it stays, or what it replaced is not back yet.
    pub(crate) fn is_unfinished(&self) -> bool {
        let Some(predecessor) = &self.predecessor else {
            return false;
        };
        match self.role {
            Some(Role::New | Role::Holder) => true,
            Some(_) => self.container.label(mark::NAME) != Some(predecessor.name()),
            None => false,
        }
    }

    pub(crate) fn handle(&self) -> Handle {
        let replaces = self.container.label(mark::REPLACES);
        Handle {
            replaces: replaces.unwrap_or_default().to_owned(),
            restart_policy: self.restart_policy.clone(),
            unchanged: false,
        }
    }
}

impl Incumbent {
    /// What a deployment of the workload `name` would replace: where another one was left unfinished, what that one replaces.
    pub(crate) async fn find(engine: &Engine, name: &str) -> Result<Option<Self>, ApiError> {
        let made = Made::of(engine, name).await?;
        let left = made.into_iter().find(Made::is_unfinished);
        if let Some((predecessor, restart_policy)) =
            left.and_then(|left| Some((left.predecessor?, left.restart_policy)))
        {
            return Ok(Some(Self {
                container: predecessor,
                restart_policy,
                waits: true,
            }));
        }
        let named = engine.container(name).await?;
        // Docker finds a container by its id too, and by the start of one.
        let named = named.filter(|container| container.name() == name);
        Ok(named.map(|container| Self {
            restart_policy: container.restart_policy().clone(),
            container,
            waits: false,
        }))
    }
}
