//! Generates the client from the OpenAPI document.

use std::path::PathBuf;
use std::{env, fs};

use progenitor::{GenerationSettings, Generator, InterfaceStyle};

const DOCUMENT: &str = "openapi.json";

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    println!("cargo::rerun-if-changed={DOCUMENT}");
    let document = fs::read_to_string(DOCUMENT)?;
    // The generator reads errors only from what is called plain JSON.
    let document = document.replace("application/problem+json", "application/json");
    let mut settings = GenerationSettings::new();
    settings.with_interface(InterfaceStyle::Builder);
    let tokens = Generator::new(&settings).generate_tokens(&serde_json::from_str(&document)?)?;
    let code = prettyplease::unparse(&syn::parse2(tokens)?);
    let folder = env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?;
    let file = PathBuf::from(folder).join("client.rs");
    Ok(fs::write(file, code)?)
}
