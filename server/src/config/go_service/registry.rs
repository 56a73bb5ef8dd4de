use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use registrywatcher::image::RegistryHost;
use registrywatcher::text::suggest;
use secrecy::{ExposeSecret, SecretString};
use toml::Table;

use super::is_placeholder;
use super::translator::table;
use super::wire::Registry;
use crate::config::fault::Findings;
use crate::config::key::Key;

/// The registries of `registry_map` that watched repositories name, each translated once.
pub(super) struct Registries<'a> {
    map: &'a BTreeMap<String, Registry>,
    translated: BTreeMap<&'a str, Option<Translated>>,
}

/// One entry of `registry_map`.
#[derive(Clone)]
pub(super) struct Translated {
    pub(super) host: RegistryHost,
    pub(super) prefix: String,
    section: Table,
}

impl<'a> Registries<'a> {
    pub(super) fn new(map: &'a BTreeMap<String, Registry>) -> Self {
        Self {
            map,
            translated: BTreeMap::new(),
        }
    }

    /// The registry that a repository names at `key`.
    ///
    /// The service's own sample names one that its map does not hold. Where the map holds a single registry, that is meant;
    /// with several, nobody can tell, and the image must not be guessed.
    pub(super) fn named(
        &mut self,
        name: Option<&str>,
        key: &Key,
        findings: &mut Findings<'_>,
    ) -> Option<Translated> {
        let given = name.and_then(|name| self.map.get_key_value(name));
        let (name, registry) = match (given, name, only(self.map)) {
            (Some(entry), ..) | (None, None, Some(entry)) => entry,
            (None, Some(name), Some((only, registry))) => {
                findings.warn(
                    key,
                    format!("`{name}` is not in `registry_map`; its only entry `{only}` is used"),
                );
                (only, registry)
            }
            (None, Some(name), None) => {
                let known = suggest(name, self.map.keys().map(String::as_str));
                findings.fault(key, format!("`{name}` is not in `registry_map`; {known}"));
                return None;
            }
            (None, None, None) => {
                return findings.require(key, None, "missing; name an entry of `registry_map`");
            }
        };
        if let Some(translated) = self.translated.get(name.as_str()) {
            return translated.clone();
        }
        let key = Key::root().child("registry_map").child(name);
        let translated = translate(registry, &key, findings);
        if let Some(translated) = &translated {
            self.refuse_second_login(translated, &key, findings);
        }
        self.translated.insert(name, translated.clone());
        translated
    }

    /// The sections, by host.
    pub(super) fn into_sections(self) -> BTreeMap<String, Table> {
        let translated = self.translated.into_values().flatten();
        translated
            .map(|registry| (registry.host.to_string(), registry.section))
            .collect()
    }

    fn refuse_second_login(&self, new: &Translated, key: &Key, findings: &mut Findings<'_>) {
        let other = self.translated.iter().find(|(_, known)| {
            known
                .as_ref()
                .is_some_and(|known| known.host == new.host && known.section != new.section)
        });
        if let Some((other, _)) = other {
            findings.fault(
                key,
                format!(
                    "is {} as `{other}` is, but differs from it; a registry has one login",
                    new.host
                ),
            );
        }
    }
}

fn only(map: &BTreeMap<String, Registry>) -> Option<(&String, &Registry)> {
    map.first_key_value().filter(|_| map.len() == 1)
}

fn translate(registry: &Registry, at: &Key, findings: &mut Findings<'_>) -> Option<Translated> {
    let key = at.child("registry_domain");
    let domain = findings.require(&key, registry.domain.as_deref(), "missing");
    let host = domain
        .and_then(|domain| findings.parse::<RegistryHost>(&key, domain.trim_end_matches('/')));
    let mut section = login(registry.auth.as_ref(), &at.child("registry_auth"), findings);
    match registry.scheme.as_deref() {
        None | Some("" | "https") => {}
        Some("http") => {
            section.insert("plain_http".to_owned(), true.into());
        }
        Some(scheme) => findings.fault(
            &at.child("registry_scheme"),
            format!("expected `https` or `http`, found `{scheme}`"),
        ),
    }
    let prefix = registry.prefix.clone().unwrap_or_default();
    Some(Translated {
        host: host?,
        prefix,
        section,
    })
}

/// The login in `registry_auth`; the password may hold colons, which the Go service could not cope with.
fn login(auth: Option<&SecretString>, key: &Key, findings: &mut Findings<'_>) -> Table {
    let encoded = auth.map(ExposeSecret::expose_secret).unwrap_or_default();
    if is_placeholder(encoded) {
        if auth.is_some() {
            findings.warn(
                key,
                "was never filled in; the registry is asked without a login",
            );
        }
        return Table::new();
    }
    let decoded = STANDARD
        .decode(encoded.trim())
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let login = decoded
        .as_deref()
        .map(|text| text.trim_end_matches(['\r', '\n']));
    let Some((username, password)) = login.and_then(|login| login.split_once(':')) else {
        findings.fault(
            key,
            "expected base64 of `user:password`; `printf %s 'user:password' | base64` makes it",
        );
        return Table::new();
    };
    table([("username", username), ("password", password)])
}
