//! Joins the adapters to the core: the only place that names concrete ones.

mod deployers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use registrywatcher::app::{App, Discovery, Ports, Settings, Sharing, Sink};
use registrywatcher::discovery::Rules;
use registrywatcher::ports::{Clock, Credentials, DeploymentQuery, Ids, Notifier, Store};
use registrywatcher::watch::{DeployerName, Mode};
use registrywatcher_credentials_docker::{
    ConfiguredCredential, DockerConfigSource, DockerCredentials, SecretSource,
};
use registrywatcher_notifier_http::{
    CloudEventsNotifier, CloudEventsSettings, DiscordNotifier, DiscordSettings, MattermostNotifier,
    MattermostSettings, SinkError, SlackNotifier, SlackSettings, TeamsNotifier, TeamsSettings,
};
use registrywatcher_registry_docker_v2::{DockerRegistry, RegistrySettings};
use registrywatcher_store_sea_orm::{SeaOrmStore, StoreOptions, StoreUrl};
use uuid::Uuid;

use crate::clock::SystemClock;
use crate::config::{
    Channel, Config, DockerConfig, Environment, Login, MIN_INTERVAL, PollConfig, RegistryConfig,
    Secret, SinkConfig,
};
use crate::deployers::Catalogue;
use crate::ids::TimeOrderedIds;
use crate::measure::{MeasuredNotifier, MeasuredStore};
use crate::runtime::{Announcements, Background, Pace, announcements};
use crate::traces::Traces;
use deployers::Tools;

pub(crate) use deployers::check_discovery;

/// The application, and what it announces to the runtime around it.
pub(crate) struct Wired {
    /// The application.
    pub app: Arc<App>,
    /// What it asks to be attended to.
    pub announcements: Announcements,
    /// The names of the sinks.
    pub sinks: Vec<String>,
}

impl Wired {
    /// Starts what goes on beside the API.
    pub(crate) fn start(self, poll: &PollConfig) -> (Arc<App>, Background) {
        let pace = Pace {
            jitter: f64::from(poll.jitter_percent) / 100.0,
            concurrency: poll.concurrency as usize,
            timeout: poll.timeout,
        };
        let app = Arc::clone(&self.app);
        let background = Background::start(self.app, self.sinks, self.announcements, pace);
        (app, background)
    }
}

/// Starts the application over `store` and the adapters that `config` names; `sharing` is how others on the same store
/// share the work.
pub(crate) async fn wire(
    config: &Config,
    catalogue: &Catalogue,
    environment: &Environment,
    store: Arc<dyn Store>,
    sharing: Option<Sharing>,
) -> anyhow::Result<Wired> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let ids: Arc<dyn Ids> = Arc::new(TimeOrderedIds::after(newest_id(&*store).await?));
    let credentials = credentials(config, environment);
    let registry = DockerRegistry::new(
        registry_settings(config),
        Arc::clone(&credentials),
        Arc::clone(&clock),
    )
    .context("registries")?;
    let tools = Tools {
        credentials,
        clock: Arc::clone(&clock),
        ids: Arc::clone(&ids),
        environment,
    };
    let deployers = deployers::build(config, catalogue, &tools).await?;
    let traces = config.telemetry.as_ref();
    let traces = traces.map(|telemetry| Traces::start(telemetry, Arc::clone(&store)));
    let traces = traces.transpose()?;
    let ports = Ports {
        registry: Arc::new(registry),
        store: Arc::new(MeasuredStore::new(store, traces)),
        deployers,
        sinks: sinks(config, &clock)?,
        clock,
        ids,
    };
    let sinks = ports.sinks.keys().cloned().collect();
    let watches = config.watches.values().cloned().collect();
    let (waker, announcements) = announcements();
    let app = App::start(ports, settings(config, sharing), watches, waker).await?;
    Ok(Wired {
        app: Arc::new(app),
        announcements,
        sinks,
    })
}

/// The identity of the deployment that was recorded last; what is made from now on must order after it.
async fn newest_id(store: &dyn Store) -> anyhow::Result<Uuid> {
    let newest = DeploymentQuery {
        limit: 1,
        ..DeploymentQuery::default()
    };
    let newest = store.deployments(&newest).await?.pop();
    Ok(newest.map_or(Uuid::nil(), |deployment| deployment.id.0))
}

/// Opens the store that `config` names and brings its schema up to date.
pub(crate) async fn open_store(config: &Config) -> anyhow::Result<SeaOrmStore> {
    let store = connect_store(config).await?;
    store
        .migrate()
        .await
        .context("cannot bring the store's schema up to date")?;
    Ok(store)
}

/// Opens the store that `config` names, whatever its schema.
pub(crate) async fn connect_store(config: &Config) -> anyhow::Result<SeaOrmStore> {
    let store = SeaOrmStore::connect(&store_url(config)?, &StoreOptions::default()).await;
    store.context("store.url")
}

/// Where the store is.
pub(crate) fn store_url(config: &Config) -> anyhow::Result<StoreUrl> {
    config.store.url.expose().parse().context("store.url")
}

/// How replicas share the work on the store that `config` names; there is only one on SQLite.
pub(crate) fn sharing(config: &Config) -> Option<Sharing> {
    config.store.is_shared().then(|| Sharing {
        lease: config.replicas.lease,
        fingerprint: config.fingerprint(),
    })
}

fn settings(config: &Config, sharing: Option<Sharing>) -> Settings {
    Settings {
        drift_interval: config.poll.drift_interval,
        listing_interval: config.poll.listing_interval,
        digest_every: config.poll.digest_every,
        rollout_deadline: config.rollout.deadline,
        delivery_deadline: config.delivery.deadline,
        tag_log_retention: config.tag_log.retention,
        breaker: config.breaker,
        sharing,
        discovery: discovery(config),
        ..Settings::default()
    }
}

/// Where workloads are looked for, and what they may ask for.
fn discovery(config: &Config) -> Option<Discovery> {
    let deployers = config.deployers.iter().filter_map(|(name, section)| {
        let discover = section.discover.as_ref()?;
        Some((name.clone(), discover.interval))
    });
    let deployers: BTreeMap<DeployerName, Duration> = deployers.collect();
    let watched = config.watches.values();
    let watched = watched.map(|watch| watch.repository().registry().clone());
    let rules = Rules {
        registries: config.registries.keys().cloned().chain(watched).collect(),
        interval: config.poll.interval,
        min_interval: MIN_INTERVAL,
        mode: if config.dry_run {
            Mode::Observe
        } else {
            Mode::Deploy
        },
    };
    (!deployers.is_empty()).then_some(Discovery { deployers, rules })
}

fn credentials(config: &Config, environment: &Environment) -> Arc<dyn Credentials> {
    let configured = config
        .registries
        .iter()
        .filter_map(|(host, registry)| Some((host.clone(), configured(registry)?)))
        .collect();
    let source = match &config.docker_config {
        DockerConfig::Off => DockerConfigSource::none(),
        DockerConfig::File(path) => DockerConfigSource::file(path),
        DockerConfig::Standard => {
            DockerConfigSource::discover(|variable| environment.get(variable).map(str::to_owned))
        }
    };
    Arc::new(DockerCredentials::new(configured, source))
}

fn configured(registry: &RegistryConfig) -> Option<ConfiguredCredential> {
    Some(match registry.login.as_ref()? {
        Login::Password { username, password } => ConfiguredCredential::Basic {
            username: username.clone(),
            password: source(password),
        },
        Login::IdentityToken(token) => ConfiguredCredential::IdentityToken(source(token)),
    })
}

/// A secret from a file stays in its file, which may be replaced while the service runs.
fn source(secret: &Secret) -> SecretSource {
    match secret.file() {
        Some(path) => SecretSource::File(path.to_owned()),
        None => SecretSource::Value(secret.value().clone()),
    }
}

fn registry_settings(config: &Config) -> registrywatcher_registry_docker_v2::Settings {
    let settings_of = |registry: &RegistryConfig| RegistrySettings {
        base_url: registry.address.clone(),
        plain_http: registry.plain_http,
        ca_file: registry.ca_file.clone(),
        concurrency: registry.concurrency as usize,
        timeout: registry.timeout,
        ..RegistrySettings::default()
    };
    registrywatcher_registry_docker_v2::Settings {
        defaults: settings_of(&RegistryConfig::default()),
        registries: config
            .registries
            .iter()
            .map(|(host, registry)| (host.clone(), settings_of(registry)))
            .collect(),
    }
}

fn sinks(config: &Config, clock: &Arc<dyn Clock>) -> anyhow::Result<BTreeMap<String, Sink>> {
    let build = |(name, sink): (&String, &SinkConfig)| {
        let notifier = notifier(&sink.channel, clock);
        let notifier = notifier.with_context(|| format!("notifications.{name}"))?;
        let sink = Sink {
            notifier: Arc::new(MeasuredNotifier::new(name, notifier)),
            route: sink.route.clone(),
        };
        Ok((name.clone(), sink))
    };
    config.notifications.iter().map(build).collect()
}

fn notifier(channel: &Channel, clock: &Arc<dyn Clock>) -> Result<Arc<dyn Notifier>, SinkError> {
    Ok(match channel {
        Channel::Slack { webhook_url } => {
            let webhook_url = webhook_url.value().clone();
            Arc::new(SlackNotifier::new(SlackSettings { webhook_url })?)
        }
        Channel::Teams { webhook_url } => {
            let webhook_url = webhook_url.value().clone();
            Arc::new(TeamsNotifier::new(TeamsSettings { webhook_url })?)
        }
        Channel::Discord { webhook_url } => {
            let webhook_url = webhook_url.value().clone();
            Arc::new(DiscordNotifier::new(DiscordSettings { webhook_url })?)
        }
        Channel::Mattermost {
            webhook_url,
            channel,
        } => Arc::new(MattermostNotifier::new(MattermostSettings {
            webhook_url: webhook_url.value().clone(),
            channel: channel.clone(),
        })?),
        Channel::Http {
            url,
            secrets,
            instance,
        } => {
            let settings = CloudEventsSettings {
                url: url.value().clone(),
                secrets: Channel::signing_secrets(secrets),
                instance: instance.clone(),
            };
            Arc::new(CloudEventsNotifier::new(&settings, Arc::clone(clock))?)
        }
    })
}
