use std::time::Duration;

use registrywatcher_docker_engine::ApiError;
use serde_json::json;

use crate::container::Container;
use crate::engine::Engine;
use crate::mark::Role;
use crate::scene::Made;

/// How long what was brought back is watched.
const LOOK: Duration = Duration::from_millis(500);

/// How a container is brought back that was replaced.
#[derive(Debug)]
pub(crate) struct Undo<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) name: &'a str,
}

impl Undo<'_> {
    /// Takes the name from `made`, which writes the decision down. It is stopped first: while its restart policy starts it again
    /// and again, Docker renames it or does not, as it happens.
    pub(crate) async fn decide(&self, made: &Made, role: Role) -> Result<(), ApiError> {
        self.engine.stop(&made.container).await?;
        let name = role.name(self.name, made.deployment);
        self.engine.rename(&made.container, &name).await
    }

    /// Stops what was `made`, and brings back what it had replaced; says what is wrong where that does not run then. Can be
    /// repeated.
    pub(crate) async fn bring_back(&self, made: &Made) -> Result<Result<(), String>, ApiError> {
        self.engine.stop(&made.container).await?;
        let off = json!({ "Name": "no" });
        self.engine
            .set_restart_policy(&made.container, &off)
            .await?;
        match &made.predecessor {
            Some(predecessor) => self.restart(predecessor, &made.restart_policy).await,
            None => Ok(Err("what ran before was removed by somebody".to_owned())),
        }
    }

    /// Gives a container its restart policy, its life and at last its name back, which writes down that it is back.
    pub(crate) async fn restart(
        &self,
        predecessor: &Container,
        policy: &serde_json::Value,
    ) -> Result<Result<(), String>, ApiError> {
        self.engine.set_restart_policy(predecessor, policy).await?;
        let started = match self.engine.start(predecessor).await {
            Err(error @ ApiError::Unavailable { .. }) => return Err(error),
            started => started,
        };
        if predecessor.name() != self.name {
            match self.engine.rename(predecessor, self.name).await {
                Ok(()) => {}
                Err(ApiError::Conflict(said)) => return Ok(Err(said)),
                Err(error) => return Err(error),
            }
        }
        if let Err(error) = started {
            let problem = format!("what ran before cannot be started again: {error}");
            return Ok(Err(problem));
        }
        tokio::time::sleep(LOOK).await;
        let again = self.engine.container(predecessor.id()).await?;
        let is_up = again.is_some_and(|it| it.is_up() && !it.state().restarting);
        Ok(is_up
            .then_some(())
            .ok_or_else(|| "what ran before does not run again".to_owned()))
    }

    /// Clears away what a deployment before left behind: one that was not decided is undone.
    pub(crate) async fn settle(&self, left: &Made) -> Result<(), ApiError> {
        let Some(role) = left.role else {
            return Ok(());
        };
        // What that one replaced is gone: it has the name for good.
        if role == Role::Holder && left.predecessor.is_none() {
            return Ok(());
        }
        tracing::info!(
            container = self.name, deployment.id = %left.deployment,
            "what deployment {} left of {} is cleared away", left.deployment, self.name
        );
        if role == Role::Holder {
            self.decide(left, Role::Undone).await?;
        }
        if left.is_unfinished()
            && let Err(problem) = self.bring_back(left).await?
        {
            tracing::warn!(container = self.name, "{problem}");
        }
        self.engine.remove(left.container.id()).await
    }
}
