//! The older templates that controllers keep, looked through for our mark.

use registrywatcher::deployment::DeploymentId;
use serde_json::Value;

use crate::address::Address;
use crate::client::Client;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::mark::Mark;
use crate::object::Object;
use crate::selector::selector;

/// Whether a template that `object` has left carries the mark of that deployment. Where we may not look, it does not: the
/// object's own annotation tells the same unless somebody set it back as well.
pub(crate) async fn carries(
    client: &Client,
    address: &Address,
    object: &Object,
    container: &str,
    id: DeploymentId,
) -> Result<bool, ApiError> {
    let Some(plural) = object.kind.history() else {
        return Ok(false);
    };
    let of_pods = selector(&object.spec()["selector"]);
    let kept = match client.list(&address.collection(plural), &of_pods).await {
        Err(ApiError::Denied(said)) => {
            tracing::debug!(object = object.name(), "its history cannot be read: {said}");
            return Ok(false);
        }
        kept => kept?,
    };
    Ok(kept
        .iter()
        .map(|revision| template(object.kind, revision))
        .any(|template| Mark::of(&template["metadata"], container).deployment() == Some(id)))
}

/// A controller revision keeps the template as data, a replica set as its own.
fn template(kind: Kind, revision: &Value) -> &Value {
    match kind {
        Kind::Deployment => &revision["spec"]["template"],
        _ => &revision["data"]["spec"]["template"],
    }
}
