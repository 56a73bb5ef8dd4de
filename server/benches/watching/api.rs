//! The second half of goal 9: what reading one watch over the API costs, beside the HTTP library alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{Endpoint, IntoEndpoint, Response, Route, Server, get, handler, web::Data};
use poem::{EndpointExt, http::header::CONTENT_TYPE};
use registrywatcher::intent::Author;
use registrywatcher::token::{Reach, Role, Token, TokenHash};
use registrywatcher_api_rest::{Access, AccessSettings, ServerInfo, endpoint};
use registrywatcher_memory::{MemoryClock, MemoryStore};
use sha2::{Digest, Sha256};
use tokio::task::AbortHandle;

use crate::fast_registry::FastRegistry;
use crate::measure::{median, sample};
use crate::raw_loader::RawLoader;
use crate::report::{Bound, Report};
use crate::scale::Scale;
use crate::service::{Service, Wanted, orchestrator};

const CONNECTIONS: usize = 32;

const TOKEN: &str = "rw_0123456789abcdef0123456789abcdef";

const WATCHES: usize = 20;

/// One of the watches.
const PATH: &str = "/api/v1/watches/team-app-00007";

pub(crate) async fn measure(
    scale: &Scale,
    fast: &FastRegistry,
    report: &mut Report,
) -> anyhow::Result<()> {
    let content = fast.content(WATCHES);
    let (store, deployer) = (Arc::new(MemoryStore::new()), orchestrator(&content));
    let service = Service::start(&content, Wanted::Tracked, 8, store, deployer).await?;
    service.poll(WATCHES, 8).await?;
    let info = ServerInfo {
        max_body_bytes: 64 << 10,
        request_timeout: Duration::from_secs(10),
        max_event_streams: 0,
        cors_origins: Vec::new(),
    };
    let nothing = Arc::new(String::new);
    let api = Serving::start(endpoint(service.app(), access(), info, nothing)).await?;
    let over_api = RawLoader::of_document(api.address, PATH, TOKEN);
    // The same bytes, so that only the making of them differs.
    let body: Arc<[u8]> = over_api.body().await?.into();
    let length = body.len();
    let bare = Serving::start(Route::new().at("/*any", get(same_bytes)).data(body)).await?;
    let of_bare = RawLoader::of_document(bare.address, PATH, TOKEN);
    let requests = scale.raw_requests;
    let (mut ratios, mut rates) = (Vec::new(), Vec::new());
    for _ in 0..scale.rounds {
        let bare = sample(requests, of_bare.load(requests, CONNECTIONS)).await?;
        let api = sample(requests, over_api.load(requests, CONNECTIONS)).await?;
        ratios.push(api.rate / bare.rate);
        rates.push((bare.rate, api.rate));
    }
    report.row(
        9,
        "reads of one watch/s, of bare poem's",
        Bound::AtLeast(0.70),
        median(ratios),
    );
    report.note(format!(
        "9: a watch of {length} bytes: bare poem {:.0}/s, the API with a token {:.0}/s",
        median(rates.iter().map(|(bare, _)| *bare)),
        median(rates.iter().map(|(_, api)| *api)),
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

/// A server, as long as this value lives.
struct Serving {
    address: SocketAddr,
    task: AbortHandle,
}

impl Serving {
    async fn start<E: Endpoint + 'static>(
        endpoint: impl IntoEndpoint<Endpoint = E>,
    ) -> anyhow::Result<Self> {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
        let bound = acceptor.local_addr();
        let address = bound.iter().find_map(|address| address.as_socket_addr());
        let address = *anyhow::Context::context(address, "no address was bound")?;
        let endpoint = endpoint.into_endpoint();
        let served = tokio::spawn(Server::new_with_acceptor(acceptor).run(endpoint));
        Ok(Self {
            address,
            task: served.abort_handle(),
        })
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}
