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
    let file = PathBuf::from(env::var("OUT_DIR")?).join("client.rs");
    Ok(fs::write(file, with_new_words(&code))?)
}

/// Adds `Unrecognized` to each enumeration of words: what a newer server says must not make an answer unreadable.
fn with_new_words(code: &str) -> String {
    let mut grown = String::new();
    let mut name = "";
    let mut lines = code.lines().peekable();
    while let Some(line) = lines.next() {
        grown.extend([line, "\n"]);
        let declared = line.trim_start().strip_prefix("pub enum ");
        if let Some(declared) = declared.and_then(|rest| rest.strip_suffix(" {")) {
            let variants: Vec<&str> = std::iter::from_fn(|| lines.next_if(|line| line.trim() != "}")).collect();
            grown.extend(variants.iter().flat_map(|line| [line, "\n"]));
            let is_word = |line: &&str| line.trim_start().starts_with("#[serde(rename = ");
            let is_unit = |line: &&str| line.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == ',');
            if variants.iter().any(is_word) && variants.iter().all(|line| is_word(&line) || is_unit(&line)) {
                name = declared;
                grown.push_str("///A word that this version does not know.\n#[serde(other)]\nUnrecognized,\n");
            }
        }
        let displays = line.trim() == format!("impl ::std::fmt::Display for {name} {{");
        if displays && !name.is_empty() {
            while let Some(line) = lines.next() {
                grown.extend([line, "\n"]);
                if line.trim() == "match *self {" {
                    grown.push_str("Self::Unrecognized => f.write_str(\"unrecognized\"),\n");
                    break;
                }
            }
        }
    }
    grown
}
