//! `quarantine`: the images that failed, and are not deployed by themselves.

use std::collections::BTreeSet;
use std::process::ExitCode;

use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::remote::{Service, text};
use crate::cli::{QuarantineList, QuarantineRelease};
use crate::config::Environment;
use crate::table::Table;

/// Prints a row for each image, those that failed first in front.
pub(crate) async fn list(
    args: &QuarantineList,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let service = Service::of(&args.remote, environment)?;
    let entries = entries(&service, &args.watch).await?;
    if entries.is_empty() {
        println!("{} has no image in quarantine", args.watch);
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(["DEPLOYMENT", "TAG", "DIGEST", "SINCE", "WHY"]);
    for entry in &entries {
        let columns = ["deployment", "tag", "digest", "since", "reason"];
        table.row(columns.map(|column| text(entry, column).replace('\n', " ")));
    }
    print!("{table}");
    Ok(ExitCode::SUCCESS)
}

/// Releases what a deployment failed with, or every image that failed under a tag.
pub(crate) async fn release(
    args: &QuarantineRelease,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let service = Service::of(&args.remote, environment)?;
    let deployments = if args.image.parse::<Uuid>().is_ok() {
        vec![args.image.clone()]
    } else {
        failed_under(&args.image, &entries(&service, &args.watch).await?)
    };
    anyhow::ensure!(
        !deployments.is_empty(),
        "watch `{}` has no image in quarantine that failed as `{}`",
        args.watch,
        args.image
    );
    for deployment in deployments {
        let path = ["watches", &args.watch, "quarantine", &deployment];
        let released = service.ask(Method::DELETE, &path).await?;
        println!(
            "{} ({}) may be deployed to {} again",
            text(&released, "tag"),
            text(&released, "digest"),
            args.watch
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn entries(service: &Service, watch: &str) -> anyhow::Result<Vec<Value>> {
    let path = ["watches", watch, "quarantine"];
    let mut answer = service.ask(Method::GET, &path).await?;
    Ok(match answer["items"].take() {
        Value::Array(entries) => entries,
        _ => Vec::new(),
    })
}

/// A deployment for each image that failed under `tag`: releasing it releases the image.
fn failed_under(tag: &str, entries: &[Value]) -> Vec<String> {
    let mut digests = BTreeSet::new();
    entries
        .iter()
        .filter(|entry| text(entry, "tag") == tag && digests.insert(text(entry, "digest")))
        .map(|entry| text(entry, "deployment").to_owned())
        .collect()
}
