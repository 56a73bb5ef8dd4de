use std::ops::ControlFlow;

use registrywatcher::deployment::Failure;
use registrywatcher::ports::Progress;
use registrywatcher_docker_engine::ApiError;
use serde_json::json;

use super::{Drive, Halt, Step, failed_before_any_change};
use crate::container::Container;
use crate::mark::Role;
use crate::recreation::missing_networks;
use crate::scene::Made;

impl Drive {
    /// Stops the old container, and gives its name to the new one.
    pub(super) async fn take_over(&self, made: &Made) -> Step {
        let holder = self.engine.container(&self.name).await?;
        let holder = holder.filter(|holder| holder.name() == self.name);
        let old = made.predecessor.as_ref();
        let is_old = |holder: &Container| old.is_some_and(|old| old.id() == holder.id());
        if holder.is_some_and(|holder| !is_old(&holder)) {
            self.engine.remove(made.container.id()).await?;
            return Ok(ControlFlow::Break(Progress::Superseded));
        }
        if let Some(old) = old {
            if self.line.is_stopped() && old.is_up() {
                return Err(Halt::Stopped);
            }
            if let Err(error) = self.connect(old, made).await {
                return self.give_up(made, error).await;
            }
            self.line.say("the old container is stopped");
            self.engine.stop(old).await?;
            // Or it would come back with Docker's next start.
            let off = json!({ "Name": "no" });
            self.engine.set_restart_policy(old, &off).await?;
            if old.name() == self.name {
                let name = Role::Old.name(&self.name, self.apply.id);
                self.engine.rename(old, &name).await?;
            }
        }
        self.engine.rename(&made.container, &self.name).await?;
        Ok(ControlFlow::Continue(()))
    }

    async fn connect(&self, old: &Container, made: &Made) -> Result<(), ApiError> {
        let version = self.engine.version().await?;
        for (network, endpoint) in missing_networks(old, &made.container, version) {
            self.engine
                .connect(&made.container, &network, &endpoint)
                .await?;
        }
        Ok(())
    }

    /// The new container cannot be in all the networks of the old one, which still runs.
    async fn give_up(&self, made: &Made, error: ApiError) -> Step {
        if let ApiError::Unavailable { .. } = error {
            return Err(error.into());
        }
        self.engine.remove(made.container.id()).await?;
        let message = format!("the new container cannot be connected as the old one: {error}");
        Ok(failed_before_any_change(Failure::Workload { message }))
    }
}
