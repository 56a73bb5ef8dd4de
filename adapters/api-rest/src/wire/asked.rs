use poem_openapi::Object;
use registrywatcher::app::{Asked, Served};
use uuid::Uuid;

use super::Deployment;

/// A demand that was taken on.
#[derive(Debug, Object)]
pub(crate) struct DeploymentAsked {
    /// The request, by which deployments and events tell of it.
    pub(super) request: Uuid,
    /// The deployments that it led to so far, oldest first: one for each workload, in their order.
    pub(super) deployments: Vec<Deployment>,
    /// Whether nothing more comes of it: all of `deployments` have ended, and no workload is left to be deployed to.
    pub(super) ended: bool,
}

impl DeploymentAsked {
    pub(crate) fn new(asked: &Asked, served: Served) -> Self {
        let ended = served.is_over();
        let deployments = served.deployments.into_iter();
        Self {
            request: asked.request.0,
            deployments: deployments.map(Deployment::from).collect(),
            ended,
        }
    }
}
