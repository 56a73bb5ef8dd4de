//! `rollback`: back to what ran well before.

use std::process::ExitCode;

use reqwest::Method;
use serde_json::{Map, Value};

use super::remote::{Service, text};
use crate::cli::Rollback;
use crate::config::Environment;

/// Asks for it, and tells by which request it is found in the deployments.
pub(crate) async fn run(args: &Rollback, environment: &Environment) -> anyhow::Result<ExitCode> {
    let mut body = Map::new();
    body.insert("override".to_owned(), Value::Bool(args.overrides_freeze));
    if let Some(workload) = &args.workload {
        body.insert("workload".to_owned(), Value::from(workload.as_str()));
    }
    let service = Service::of(&args.remote, environment)?;
    let path = ["watches", &args.watch, "rollback"];
    let asked = service.call(Method::POST, &path, Some(&body)).await?;
    println!(
        "{} goes back to the image that ran well before, by request {}, and stays there until something newer appears",
        args.watch,
        text(&asked, "request")
    );
    Ok(ExitCode::SUCCESS)
}
