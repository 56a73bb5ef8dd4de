//! `serve`: watches, deploys, and serves the API until stopped.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use registrywatcher::app::{App, Sharing};
use registrywatcher::ports::{Clock, Scope, Sessions, Snapshot, Store, Tokens};
use registrywatcher::watch::{DeployerName, LinkTemplate};
use registrywatcher_api_rest::{Access, AccessSettings, ServerInfo};
use registrywatcher_memory::MemoryStore;
use registrywatcher_store_sea_orm::FileLock;
use registrywatcher_ui_web as pages;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::cli::Serve;
use crate::clock::SystemClock;
use crate::commands::config::load;
use crate::commands::token::check_exposure;
use crate::config::{self, Config, Environment};
use crate::deployers::Catalogue;
use crate::measure::{self, Measurements};
use crate::runtime::TokenFollower;
use crate::serving;
use crate::shutdown;
use crate::site::{AccessDoor, Site};
use crate::telemetry;
use crate::wiring::{open_store, sharing, store_url, wire};

/// How long handing back leases may take where requests get no time at all.
const LEAST_GRACE: Duration = Duration::from_secs(2);

/// Runs until the process is asked to stop.
pub(crate) async fn run(
    args: &Serve,
    catalogue: &Catalogue,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let config::Loaded {
        mut config,
        warnings,
    } = load(&args.config, environment)?;
    check_exposure(&config).await?;
    telemetry::start(&config.log)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    if args.dry_run {
        tracing::info!("dry run: nothing is deployed");
        config.run_dry();
    }
    let kept = if args.dry_run {
        Kept::Nothing
    } else {
        Kept::Everything
    };
    serve(&config, catalogue, environment, kept, |_, _| {}).await?;
    Ok(ExitCode::SUCCESS)
}

/// What is kept of what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// All of it, in the store.
    Everything,
    /// Nothing: the store is only read, at the start, so that this can go on beside a service that deploys.
    Nothing,
}

/// Serves by `config`; `ready` is called once the address is bound.
pub(crate) async fn serve(
    config: &Config,
    catalogue: &Catalogue,
    environment: &Environment,
    kept: Kept,
    ready: impl FnOnce(SocketAddr, Arc<App>),
) -> anyhow::Result<()> {
    let listen = config.server.listen;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("server.listen: cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    let measurements = Arc::new(Measurements::start()?);
    let keeping = keep(config, kept).await?;
    let access = Arc::new(access(config, address));
    let tokens = TokenFollower::start(&access, keeping.tokens.as_ref()).await?;
    let (store, sharing) = (keeping.store, keeping.sharing);
    let wired = wire(config, catalogue, environment, store, sharing).await?;
    measure::begin(&wired.app, &wired.sinks);
    let (app, background) = wired.start(&config.poll);
    tracing::info!(
        "watching {} images; the page and the API are at http://{address}",
        config.watches.len()
    );
    ready(address, Arc::clone(&app));
    let grace = config.server.shutdown_grace;
    let (asked, stop) = oneshot::channel();
    let waiting = Arc::clone(&app);
    let signalled = async move {
        shutdown::signalled().await;
        // Streams of events would last as long as all of the grace.
        waiting.stop_waiting();
        let _ = asked.send(());
    };
    let api = endpoint(&app, &access, config, &measurements);
    let pages = pages(&app, &access, keeping.sessions, config, address);
    let endpoint = Site::new(pages, api);
    let served = serving::serve(listener, endpoint, signalled, grace);
    // Both at once: other replicas need not wait for the clients of this one.
    let stopped = async {
        let _ = stop.await;
        if timeout(grace.max(LEAST_GRACE), background.stop())
            .await
            .is_err()
        {
            tracing::warn!("stopping before everything is put away: it takes longer than allowed");
        }
    };
    let stopping = async { tokio::join!(served, stopped) };
    tokio::select! {
        ((), ()) = stopping => Ok(()),
        () = measurements.keep_up() => Ok(()),
        () = tokens.follow(kept == Kept::Everything) => Ok(()),
    }
}

/// Where what happens is kept.
struct Keeping {
    store: Arc<dyn Store>,
    tokens: Arc<dyn Tokens>,
    sessions: Arc<dyn Sessions>,
    /// What keeps others from the same file.
    _lock: Option<FileLock>,
    sharing: Option<Sharing>,
}

async fn keep(config: &Config, kept: Kept) -> anyhow::Result<Keeping> {
    if kept == Kept::Nothing {
        let store = open_store(config).await?;
        let stored = store.load(&Scope::Everything).await?;
        // What somebody else rolls out is left to them.
        let stored = Snapshot {
            open: Vec::new(),
            ..stored
        };
        let copy = Arc::new(MemoryStore::from_snapshot(stored));
        return Ok(Keeping {
            sessions: Arc::clone(&copy) as Arc<dyn Sessions>,
            store: copy,
            tokens: Arc::new(store),
            _lock: None,
            sharing: None,
        });
    }
    let lock = store_url(config)?.lock_file().context("store.url")?;
    let store = Arc::new(open_store(config).await?);
    Ok(Keeping {
        tokens: Arc::clone(&store) as Arc<dyn Tokens>,
        sessions: Arc::clone(&store) as Arc<dyn Sessions>,
        store,
        _lock: lock,
        sharing: sharing(config),
    })
}

/// Who may call at `address`, by the configuration alone.
fn access(config: &Config, address: SocketAddr) -> Access {
    let clock = SystemClock::start();
    let now = clock.now();
    let tokens = config.auth.tokens.iter().map(|known| known.token.clone());
    let tokens: Vec<_> = tokens.collect();
    for token in tokens.iter().filter(|token| token.is_expired(now)) {
        tracing::warn!(token.name = %token.name, "token `{}` of the configuration has expired", token.name);
    }
    let settings = AccessSettings {
        tokens,
        open_without_tokens: address.ip().to_canonical().is_loopback(),
        failed_logins_per_minute: config.auth.failed_logins_per_minute,
    };
    Access::new(settings, Arc::new(clock))
}

fn endpoint(
    app: &Arc<App>,
    access: &Arc<Access>,
    config: &Config,
    measurements: &Arc<Measurements>,
) -> impl poem::Endpoint + use<> {
    let info = ServerInfo {
        max_body_bytes: config.server.max_body_bytes as usize,
        request_timeout: config.server.request_timeout,
        max_event_streams: config.server.max_event_streams as usize,
        cors_origins: config.server.cors_origins.clone(),
    };
    let (measured, measurements) = (Arc::clone(app), Arc::clone(measurements));
    let metrics = Arc::new(move || measurements.render(&measured));
    registrywatcher_api_rest::endpoint(Arc::clone(app), Arc::clone(access), info, metrics)
}

fn pages(
    app: &Arc<App>,
    access: &Arc<Access>,
    sessions: Arc<dyn Sessions>,
    config: &Config,
    address: SocketAddr,
) -> impl poem::Endpoint + use<> {
    let parts = pages::Parts {
        app: Arc::clone(app),
        door: Arc::new(AccessDoor(Arc::clone(access))),
        sessions,
        clock: Arc::new(SystemClock::start()),
    };
    let settings = pages::Settings {
        secure_cookies: !address.ip().to_canonical().is_loopback(),
        request_timeout: config.server.request_timeout,
        max_body_bytes: config.server.max_body_bytes as usize,
        max_event_streams: config.server.max_event_streams as usize,
        links: links(config),
        ..pages::Settings::default()
    };
    pages::endpoint(parts, settings)
}

/// Where pages lead to for the workloads of each deployer.
fn links(config: &Config) -> BTreeMap<DeployerName, LinkTemplate> {
    let deployers = config.deployers.iter();
    deployers
        .filter_map(|(name, deployer)| Some((name.clone(), deployer.link.clone()?)))
        .collect()
}
