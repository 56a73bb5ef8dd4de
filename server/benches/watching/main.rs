//! How fast and how small watching is: ratios of things that are measured side by side in one run.
//!
//! Absolute rates say more about the machine and its other work than about the code, so each goal is a ratio, a count or a
//! size. A goal that is missed is a measurement and no failure; only what cannot be measured is.
//!
//! `cargo bench --bench watching` measures all in about a minute; with `-- --quick` it only tries everything once, as
//! `cargo test --benches` does; with `-- --only=api` it measures only what reading over the API costs.

mod api;
mod fast_registry;
mod lists;
mod measure;
mod memory;
mod raw_loader;
mod report;
mod requests;
mod scale;
mod service;
mod speed;
mod statements;

use std::process::ExitCode;

use fast_registry::FastRegistry;
use report::Report;
use scale::Scale;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("it could not be measured: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    // One TLS provider for everything, as in the server; reqwest panics without one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some(fast_registry::ROLE) => fast_registry::serve(),
        Some(memory::ROLE) => memory::hold(&arguments[1..]),
        _ => runtime()?.block_on(measure_all(&Scale::of(&arguments))),
    }
}

/// One thread, as in the server. The raw loader and all clients share it, so that the ratios between them say something.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

async fn measure_all(scale: &Scale) -> anyhow::Result<()> {
    let mut report = Report::default();
    let fast = FastRegistry::start().await?;
    if !scale.only_api {
        requests::measure(scale, &mut report).await?;
        speed::against_fast_registry(scale, &fast, &mut report).await?;
        speed::against_distribution(scale, &mut report).await?;
        memory::measure(scale, &fast, &mut report).await?;
        lists::measure(scale, &fast, &mut report).await?;
        statements::measure(&fast, &mut report).await?;
    }
    api::measure(scale, &fast, &mut report).await?;
    scale.mention(&mut report);
    print!("{report}");
    Ok(())
}
