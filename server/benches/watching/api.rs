//! What reading one watch over the API costs, beside the HTTP library alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{Endpoint, IntoEndpoint, Response, Route, Server, get, handler, web::Data};
use poem::{EndpointExt, http::header::CONTENT_TYPE};
use registrywatcher::intent::Author;
use registrywatcher::token::{Reach, Role, Token, TokenHash};
use registrywatcher_api_rest::{Access, AccessSettings, ServerInfo, endpoint};
use registrywatcher_memory::{MemoryClock, MemoryStore};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

use crate::fast_registry::FastRegistry;
use crate::measure::{count, median, sample, thread_cpu_time};
use crate::raw_loader::RawLoader;
use crate::report::{Bound, Report};
use crate::scale::Scale;
use crate::service::{Service, Wanted, orchestrator};

const CONNECTIONS: usize = 32;

const TOKEN: &str = "rw_0123456789abcdef0123456789abcdef";

/// All watches are read in turn: what one of them costs alone, the caches of the processor would pay for.
pub(crate) async fn measure(
    scale: &Scale,
    fast: &FastRegistry,
    report: &mut Report,
) -> anyhow::Result<()> {
    let content = fast.content(scale.watches);
    let (store, deployer) = (Arc::new(MemoryStore::new()), orchestrator(&content));
    let service = Service::start(&content, Wanted::Tracked, 8, store, deployer).await?;
    service.poll(scale.watches, 8).await?;
    let info = ServerInfo {
        max_body_bytes: 64 << 10,
        request_timeout: Duration::from_secs(10),
        max_event_streams: 0,
        cors_origins: Vec::new(),
    };
    let nothing = Arc::new(String::new);
    let servers = Servers::start()?;
    let reads_from = |address| {
        let names = content
            .images
            .iter()
            .map(|image| image.path.replace('/', "-"));
        let paths = names.map(|name| format!("/api/v1/watches/{name}"));
        RawLoader::of_documents(address, paths, TOKEN)
    };
    let api = endpoint(service.app(), access(), info, nothing);
    let over_api = reads_from(servers.serve(api).await?);
    // The same bytes, so that only the making of them differs.
    let body: Arc<[u8]> = over_api.body().await?.into();
    let length = body.len();
    let bare = Route::new().at("/*any", get(same_bytes)).data(body);
    let of_bare = reads_from(servers.serve(bare).await?);
    let mut reads = Vec::new();
    for _ in 0..scale.rounds {
        reads.push((
            servers.read(&of_bare, scale.reads).await?,
            servers.read(&over_api, scale.reads).await?,
        ));
    }
    let middle = |of: fn(&(Read, Read)) -> f64| median(reads.iter().map(of));
    report.row(
        9,
        "processor time of the server per read of one watch, of a bare route's",
        Bound::AtMost(1.5),
        middle(|(bare, api)| api.server / bare.server),
    );
    report.row(
        9,
        "the same with what the client takes",
        Bound::AtMost(1.5),
        middle(|(bare, api)| api.both / bare.both),
    );
    report.note(format!(
        "9: {} watches of {length} bytes: bare poem {:.1} us ({:.1} with the client), the API with a token {:.1} us ({:.1})",
        scale.watches,
        middle(|(bare, _)| bare.server),
        middle(|(bare, _)| bare.both),
        middle(|(_, api)| api.server),
        middle(|(_, api)| api.both),
    ));
    Ok(())
}

fn access() -> Arc<Access> {
    let reader = Token {
        name: Author::new("reader"),
        role: Role::Viewer,
        reach: Reach::Everything,
        expires_at: None,
        hash: TokenHash::new(Sha256::digest(TOKEN).into()),
    };
    let settings = AccessSettings {
        tokens: vec![reader],
        ..AccessSettings::default()
    };
    Arc::new(Access::new(settings, Arc::new(MemoryClock::new())))
}

#[handler]
fn same_bytes(Data(body): Data<&Arc<[u8]>>) -> Response {
    Response::builder()
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        .body(body.to_vec())
}

/// The processor time per request that one round of reading took, in microseconds.
struct Read {
    /// Of the server.
    server: f64,
    /// Of the server and the client.
    both: f64,
}

/// A thread that serves and does nothing else, so that its processor time is the cost of serving; it ends with this value.
struct Servers {
    runtime: Handle,
    _stop: oneshot::Sender<()>,
}

impl Servers {
    /// Logs as the server does.
    fn start() -> anyhow::Result<Self> {
        let runtime = crate::runtime()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("servers".to_owned());
        thread.spawn(move || {
            let log = tracing_subscriber::fmt()
                .with_env_filter(EnvFilter::new("info"))
                .with_ansi(false)
                .with_writer(std::io::stderr)
                .finish();
            tracing::subscriber::with_default(log, || runtime.block_on(stopped))
        })?;
        Ok(Self {
            runtime: handle,
            _stop: stop,
        })
    }

    async fn serve<E: Endpoint + 'static>(
        &self,
        endpoint: impl IntoEndpoint<Endpoint = E> + Send + 'static,
    ) -> anyhow::Result<SocketAddr> {
        let served = self.runtime.spawn(async {
            let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
            let bound = acceptor.local_addr();
            let address = bound.iter().find_map(|address| address.as_socket_addr());
            let address = *address.context("no address was bound")?;
            let endpoint = endpoint.into_endpoint();
            tokio::spawn(Server::new_with_acceptor(acceptor).run(endpoint));
            anyhow::Ok(address)
        });
        served.await?
    }

    async fn read(&self, loader: &RawLoader, requests: usize) -> anyhow::Result<Read> {
        let before = self.cpu_time().await?;
        let sample = sample(requests, loader.load(requests, CONNECTIONS)).await?;
        let cpu = self.cpu_time().await?.saturating_sub(before);
        Ok(Read {
            server: cpu.as_secs_f64() * 1e6 / count(requests),
            both: sample.cpu,
        })
    }

    async fn cpu_time(&self) -> anyhow::Result<Duration> {
        Ok(self.runtime.spawn(async { thread_cpu_time() }).await?)
    }
}
