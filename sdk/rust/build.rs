//! Generates the client from the OpenAPI document.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{env, fs};

use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use syn::{Expr, Fields, Ident, ImplItem, Item, ItemEnum, ItemImpl, Stmt, Type, parse_quote};

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
    let mut code = syn::parse2(tokens)?;
    let syn::File { items, .. } = &mut code;
    admit_new_words(items);
    let folder = env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?;
    let file = PathBuf::from(folder).join("client.rs");
    Ok(fs::write(file, prettyplease::unparse(&code))?)
}

/// Adds `Unrecognized` to each enumeration of words: what a newer server says must not make an answer unreadable.
fn admit_new_words(items: &mut [Item]) {
    let mut grown: BTreeSet<Ident> = BTreeSet::new();
    for item in items {
        match item {
            Item::Mod(module) => {
                if let Some((_, items)) = &mut module.content {
                    admit_new_words(items);
                }
            }
            Item::Enum(words) if is_of_words(words) => {
                words.variants.push(parse_quote! {
                    /// A word that this version does not know.
                    #[serde(other)]
                    Unrecognized
                });
                grown.insert(words.ident.clone());
            }
            Item::Impl(implementation) if displays_one_of(&grown, implementation) => {
                display_new_words(implementation);
            }
            _ => {}
        }
    }
}

fn is_of_words(item: &ItemEnum) -> bool {
    let is_unit = |fields: &Fields| matches!(fields, Fields::Unit);
    let mut attributes = item.variants.iter().flat_map(|variant| &variant.attrs);
    item.variants.iter().all(|variant| is_unit(&variant.fields))
        && attributes.any(|attribute| attribute.path().is_ident("serde"))
}

fn displays_one_of(names: &BTreeSet<Ident>, implementation: &ItemImpl) -> bool {
    let is_display = implementation.trait_.as_ref().is_some_and(|(_, path, _)| {
        let last = path.segments.last();
        last.is_some_and(|segment| segment.ident == "Display")
    });
    let Type::Path(of) = &*implementation.self_ty else {
        return false;
    };
    is_display && of.path.get_ident().is_some_and(|name| names.contains(name))
}

fn display_new_words(implementation: &mut ItemImpl) {
    for item in &mut implementation.items {
        if let ImplItem::Fn(function) = item
            && let [Stmt::Expr(Expr::Match(words), _)] = function.block.stmts.as_mut_slice()
        {
            words.arms.push(parse_quote! {
                Self::Unrecognized => f.write_str("unrecognized"),
            });
        }
    }
}
