use std::ops::ControlFlow;

use registrywatcher::deployment::Failure;
use registrywatcher::ports::Progress;
use registrywatcher_docker_engine::ApiError;

use super::{Drive, Halt, Step, failed, failed_before_any_change};
use crate::container::Container;
use crate::handle::Handle;
use crate::image::Image;
use crate::mark::{self, Role};
use crate::pull::{self, PullError};
use crate::recreation::Recreation;
use crate::scene::Made;

impl Drive {
    /// Pulls the image, and makes the new container beside the old one.
    pub(super) async fn prepare(&self) -> Step {
        for left in Made::of(&self.engine, &self.name).await? {
            if left.deployment != self.apply.id {
                self.undo().settle(&left).await?;
            }
        }
        let Some(old) = self.engine.container(&self.handle.replaces).await? else {
            return self.without_predecessor().await;
        };
        if old.name() != self.name {
            return self.renamed(&old).await;
        }

        self.line.say(format!("{} is pulled", self.apply.pinned()));
        let image = tokio::select! {
            biased;
            () = self.line.stopped() => return Err(Halt::Stopped),
            image = pull::image(&self.engine, &*self.credentials, &self.apply) => image,
        };
        match image {
            Ok(image) => match self.engine.container(old.id()).await? {
                // As it is by now: a pull takes long.
                Some(old) if old.name() == self.name => self.make(&old, &image).await,
                _ => Ok(ControlFlow::Continue(())),
            },
            Err(PullError::Engine(error)) => Err(error.into()),
            Err(PullError::Failed(reason)) => Ok(failed_before_any_change(reason)),
        }
    }

    async fn make(&self, old: &Container, image: &Image) -> Step {
        let reference = self.apply.pinned().to_string();
        let old_image = self.engine.image(old.image_id()).await?;
        let recreation = Recreation {
            container: old,
            old_image: old_image.as_ref(),
            new_image: image,
            reference: &reference,
            labels: &mark::labels(&self.apply, &self.name, &self.handle_of(old)),
            version: self.engine.version().await?,
        };
        let name = Role::New.name(&self.name, self.apply.id);
        match self.engine.create(&name, &recreation.body()).await {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(error @ ApiError::Unavailable { .. }) => Err(error.into()),
            Err(error) => Ok(failed_before_any_change(refused(&error))),
        }
    }

    /// The restart policy may have been changed since it was accepted; that of a container which does not run may be ours.
    fn handle_of(&self, old: &Container) -> Handle {
        let mut handle = self.handle.clone();
        if old.is_up() {
            handle.restart_policy = old.restart_policy().clone();
        }
        handle
    }

    /// What was to be replaced is gone.
    async fn without_predecessor(&self) -> Step {
        if self.engine.container(&self.name).await?.is_some() {
            return Ok(ControlFlow::Break(Progress::Superseded));
        }
        let message = format!("the container `{}` was removed by somebody", self.name);
        Ok(failed(Failure::Workload { message }, false))
    }

    /// What was to be replaced has another name: ours, where the new one was removed on trial, or somebody else's.
    async fn renamed(&self, old: &Container) -> Step {
        if Role::read(old.name(), &self.name, self.apply.id) != Some(Role::Old) {
            return Ok(ControlFlow::Break(Progress::Superseded));
        }
        if self.engine.container(&self.name).await?.is_some() {
            return Ok(ControlFlow::Break(Progress::Superseded));
        }
        let policy = &self.handle.restart_policy;
        let brought_back = self.undo().restart(old, policy).await?;
        let message = "the new container was removed by somebody".to_owned();
        Ok(failed(
            Failure::Orchestrator { message },
            brought_back.is_ok(),
        ))
    }
}

fn refused(error: &ApiError) -> Failure {
    let message = format!("the container cannot be made again: {error}");
    if message.contains("no command specified") {
        Failure::Image { message }
    } else {
        Failure::Workload { message }
    }
}
