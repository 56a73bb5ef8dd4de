//! Writes the manual pages and the shell completions into a folder. A program of its own, which only packaging builds, so that
//! nobody else carries what it takes.

use std::env;
use std::path::PathBuf;

use anyhow::Context;

fn main() -> anyhow::Result<()> {
    let folder = env::args_os()
        .nth(1)
        .context("usage: registrywatcher-manual FOLDER")?;
    registrywatcher_server::manual::write(&PathBuf::from(folder))?;
    Ok(())
}
