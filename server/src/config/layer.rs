//! The layers of a configuration, from the defaults up to the environment.

use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::key::Key;

/// How strong a layer is; stronger ones win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// `config/default.toml`, embedded.
    Default,
    /// A given file; later ones are stronger.
    File(usize),
    /// `DATABASE_URL`.
    DatabaseUrl,
    /// A `REGISTRYWATCHER_…` variable.
    Variable,
}

/// What one source says.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) source: String,
    pub(super) rank: Rank,
    pub(super) values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.source.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// All layers merged, and which value came from where.
#[derive(Debug)]
pub(super) struct Layers {
    figment: Figment,
    root: Value,
    /// The last file: where what is missing would have to be added.
    last_file: String,
}

impl Layers {
    /// Merges layers that are in the order of their ranks.
    pub(super) fn merge(mut layers: Vec<Layer>) -> Self {
        for stronger in 1..layers.len() {
            let (weaker, rest) = layers.split_at_mut(stronger);
            for weaker in weaker.iter_mut().filter(|layer| layer.rank < rest[0].rank) {
                drop_twins(&mut weaker.values, &rest[0].values);
            }
        }
        let last_file = layers
            .iter()
            .rfind(|layer| matches!(layer.rank, Rank::Default | Rank::File(_)));
        let last_file = last_file
            .map(|layer| layer.source.clone())
            .unwrap_or_default();
        let figment = layers.into_iter().fold(Figment::new(), Figment::merge);
        let root = figment
            .find_value("")
            .unwrap_or_else(|_| Value::from(Dict::new()));
        Self {
            figment,
            root,
            last_file,
        }
    }

    pub(super) fn root(&self) -> &Value {
        &self.root
    }

    /// Where the value at `key`, or else what encloses it, was read.
    pub(super) fn source_of(&self, key: &Key) -> String {
        let mut value = &self.root;
        for segment in key.segments() {
            let inner = match value {
                Value::Dict(_, dict) => dict.get(segment),
                Value::Array(_, list) => segment
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| list.get(index)),
                _ => None,
            };
            let Some(inner) = inner else { break };
            value = inner;
        }
        let metadata = self.figment.get_metadata(value.tag());
        metadata.map_or_else(
            || self.last_file.clone(),
            |metadata| metadata.name.to_string(),
        )
    }
}

/// Lets `password_file` of a stronger layer replace `password` of a weaker one, and the other way round.
fn drop_twins(weaker: &mut Dict, stronger: &Dict) {
    for (key, value) in stronger {
        if let (Some(Value::Dict(_, inner)), Value::Dict(_, value)) = (weaker.get_mut(key), value) {
            drop_twins(inner, value);
            continue;
        }
        let twin = match key.strip_suffix("_file") {
            Some(stem) => stem.to_owned(),
            None => format!("{key}_file"),
        };
        if !stronger.contains_key(&twin) {
            weaker.remove(&twin);
        }
    }
}
