//! `openapi`: the document that is the contract.

use std::process::ExitCode;

/// Prints the OpenAPI document; it needs neither configuration nor store.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    println!(
        "{}",
        serde_json::to_string_pretty(&registrywatcher_api_rest::openapi())?
    );
    Ok(ExitCode::SUCCESS)
}
