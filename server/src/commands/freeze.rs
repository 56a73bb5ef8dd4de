//! `freeze` and `unfreeze`: no deployments for a while.

use std::process::ExitCode;

use registrywatcher::ports::Clock;
use reqwest::Method;
use serde_json::json;

use super::remote::{Service, text};
use crate::cli::{Freeze, Unfreeze};
use crate::clock::SystemClock;
use crate::config::Environment;

/// Freezes one watch or all, and tells until when.
pub(crate) async fn freeze(args: &Freeze, environment: &Environment) -> anyhow::Result<ExitCode> {
    let lasting = args.end.lasting.unwrap_or_default();
    let until = match args.end.until {
        Some(until) => until,
        None => SystemClock::start().now() + lasting,
    };
    let body = json!({ "until": until, "reason": args.reason });
    let service = Service::of(&args.remote, environment)?;
    let path = path(args.watch.as_deref());
    let frozen = service.call(Method::PUT, &path, Some(&body)).await?;
    println!(
        "{} until {}: {}",
        match &args.watch {
            Some(watch) => format!("{watch} is frozen"),
            None => "all watches are frozen".to_owned(),
        },
        text(&frozen, "until"),
        text(&frozen, "reason")
    );
    Ok(ExitCode::SUCCESS)
}

/// Ends the freeze of one watch, or that of all.
pub(crate) async fn unfreeze(
    args: &Unfreeze,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let service = Service::of(&args.remote, environment)?;
    let path = path(args.watch.as_deref());
    service.ask(Method::DELETE, &path).await?;
    match &args.watch {
        Some(watch) => println!("{watch} has no freeze of its own any more"),
        None => println!("no freeze of all watches holds any more"),
    }
    Ok(ExitCode::SUCCESS)
}

fn path(watch: Option<&str>) -> Vec<&str> {
    match watch {
        Some(watch) => vec!["watches", watch, "freeze"],
        None => vec!["freeze"],
    }
}
