use std::collections::BTreeSet;

use registrywatcher::watch::WatchName;
use registrywatcher_client::types::{QuarantineList, QuarantinedImage};
use uuid::Uuid;

use super::fault::Fault;
use super::service::Service;
use super::show::{moment, plain};
use crate::cli::ctl::QuarantineRelease;
use crate::table::Table;

/// Prints a row for each image, those that failed first in front.
pub(super) async fn list(service: &Service, watch: &WatchName) -> Result<(), Fault> {
    let list = listed(service, watch).await?;
    service.output.answer(&list, |list| {
        if list.items.is_empty() {
            return format!("{watch} has no image in quarantine");
        }
        let mut table = Table::new(["DEPLOYMENT", "TAG", "DIGEST", "SINCE", "WHY"]);
        for image in &list.items {
            table.row([
                image.deployment.to_string(),
                plain(&image.tag),
                plain(&image.digest),
                moment(image.since),
                plain(&image.reason),
            ]);
        }
        table.to_string()
    })
}

/// Releases what a deployment failed with, or every image that failed under a tag.
pub(super) async fn release(service: &Service, args: &QuarantineRelease) -> Result<(), Fault> {
    let QuarantineRelease { watch, image } = args;
    let deployments = match image.parse::<Uuid>() {
        Ok(deployment) => vec![deployment],
        Err(_) => failed_under(image, &listed(service, watch).await?.items),
    };
    if deployments.is_empty() {
        let image = plain(image);
        return Err(Fault::Other(format!(
            "watch `{watch}` has no image in quarantine that failed as `{image}`"
        )));
    }
    let mut released = Vec::new();
    for deployment in deployments {
        let request = service.client.release_from_quarantine();
        let request = request.watch(watch.as_str()).deployment(deployment);
        released.push(request.send().await?.into_inner());
    }
    let released = QuarantineList { items: released };
    service.output.answer(&released, |released| {
        let told = released.items.iter().map(|image| {
            let (tag, digest) = (plain(&image.tag), plain(&image.digest));
            format!("{tag} ({digest}) may be deployed to {watch} again\n")
        });
        told.collect()
    })
}

async fn listed(service: &Service, watch: &WatchName) -> Result<QuarantineList, Fault> {
    let request = service.client.list_quarantine().watch(watch.as_str());
    Ok(request.send().await?.into_inner())
}

/// A deployment for each image that failed under `tag`: releasing it releases the image.
fn failed_under(tag: &str, images: &[QuarantinedImage]) -> Vec<Uuid> {
    let mut digests = BTreeSet::new();
    images
        .iter()
        .filter(|image| image.tag == tag && digests.insert(&image.digest))
        .map(|image| image.deployment)
        .collect()
}
