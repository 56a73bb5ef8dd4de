use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::docker_config::DockerConfig;
use crate::fault::Fault;
use crate::watched_file::WatchedFile;

const DOCKER_AUTH_CONFIG: &str = "DOCKER_AUTH_CONFIG";

/// Where Docker's and Podman's configuration is looked for, in order.
#[derive(Debug, Default)]
pub struct DockerConfigSource {
    places: Vec<Place>,
}

/// One place that may hold a Docker configuration.
#[derive(Debug)]
pub(crate) enum Place {
    /// The content of `DOCKER_AUTH_CONFIG`.
    Variable(Result<Arc<DockerConfig>, String>),
    /// A file; one that somebody named must exist.
    File {
        file: WatchedFile<DockerConfig>,
        required: bool,
    },
}

impl DockerConfigSource {
    /// Nowhere: only what is configured counts.
    pub fn none() -> Self {
        Self::default()
    }

    /// The one file at `path`, which must exist by the time it is needed.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            places: vec![Place::File {
                file: WatchedFile::new(path.into()),
                required: true,
            }],
        }
    }

    /// Where `docker` and `podman` look, by the variables of an environment that `lookup` reads.
    ///
    /// In order: the JSON in `DOCKER_AUTH_CONFIG`, `$DOCKER_CONFIG/config.json`, `$REGISTRY_AUTH_FILE`,
    /// `~/.docker/config.json` (unless `DOCKER_CONFIG` is set), `$XDG_RUNTIME_DIR/containers/auth.json` and
    /// `~/.config/containers/auth.json`. A file that does not exist is passed over, also one that appears later.
    pub fn discover(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let folder =
            |name: &str, below: &str| set(name).map(|path| PathBuf::from(path).join(below));
        let docker_config = folder("DOCKER_CONFIG", "config.json");
        let docker_default = match docker_config {
            Some(_) => None,
            None => folder("HOME", ".docker/config.json"),
        };
        let files = [
            docker_config,
            set("REGISTRY_AUTH_FILE").map(PathBuf::from),
            docker_default,
            folder("XDG_RUNTIME_DIR", "containers/auth.json"),
            folder("HOME", ".config/containers/auth.json"),
        ];
        let variable = set(DOCKER_AUTH_CONFIG)
            .map(|json| Place::Variable(DockerConfig::parse(&json).map(Arc::new)));
        let files = files.into_iter().flatten().map(|path| Place::File {
            file: WatchedFile::new(path),
            required: false,
        });
        Self {
            places: variable.into_iter().chain(files).collect(),
        }
    }

    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }
}

impl Place {
    /// The configuration in this place, or `None` where there is none.
    pub(crate) async fn read(&self) -> Result<Option<Arc<DockerConfig>>, Fault> {
        let config = match self {
            Self::Variable(config) => config.clone().map(Some),
            Self::File { file, required } => match file.read(DockerConfig::parse).await {
                Ok(None) if *required => Err("there is no such file".to_owned()),
                config => config,
            },
        };
        config.map_err(|problem| Fault::Unreadable(problem).in_place(self))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(_) => write!(f, "the variable `{DOCKER_AUTH_CONFIG}`"),
            Self::File { file, .. } => write!(f, "the Docker config `{}`", file.path().display()),
        }
    }
}
