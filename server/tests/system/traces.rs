//! The traces that a collector is sent.

use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::databases::Database;
use crate::service::Service;
use crate::site::Site;
use crate::wait::eventually;

const KEY: &str = "x-api-key: thecollectorskey";

/// A collector on loopback, which takes what presents [`KEY`] and keeps it.
struct Collector {
    url: String,
    taken: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    connections: Arc<Mutex<usize>>,
    server: JoinHandle<()>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let taken: Arc<Mutex<Vec<ExportTraceServiceRequest>>> = Arc::default();
        let connections: Arc<Mutex<usize>> = Arc::default();
        let (kept, counted) = (Arc::clone(&taken), Arc::clone(&connections));
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *counted.lock().unwrap() += 1;
                tokio::spawn(take(stream, Arc::clone(&kept)));
            }
        });
        Self {
            url,
            taken,
            connections,
            server,
        }
    }

    /// Waits for the first trace, and gives what sent it and its spans.
    async fn trace(&self) -> (Vec<KeyValue>, Vec<Span>) {
        let request = eventually("a trace was sent", async || {
            self.taken.lock().unwrap().first().cloned()
        });
        let request = request.await;
        let [sent] = &request.resource_spans[..] else {
            panic!("{request:?}");
        };
        let resource = sent.resource.clone().unwrap();
        let scopes = sent.scope_spans.iter();
        let spans = scopes.flat_map(|scope| scope.spans.clone()).collect();
        (resource.attributes, spans)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Takes one request, and closes the connection.
async fn take(stream: TcpStream, taken: Arc<Mutex<Vec<ExportTraceServiceRequest>>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let (mut length, mut is_known, mut is_for_traces) = (0, false, false);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        is_known |= line == KEY;
        is_for_traces |= line == "post /base/v1/traces http/1.1";
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    if is_known && is_for_traces {
        let request = ExportTraceServiceRequest::decode(&body[..]).ok()?;
        taken.lock().unwrap().push(request);
    }
    let answer = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    stream.write_all(answer.as_bytes()).await.ok()
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    let value = found.and_then(|found| found.value.clone()?.value);
    match value {
        Some(Value::StringValue(text)) => text,
        other => panic!("`{key}` is {other:?}"),
    }
}

fn section(url: &str) -> String {
    format!("\n[telemetry]\notlp_endpoint = \"{url}\"\notlp_headers = [\"{KEY}\"]\n")
}

async fn deploys(site: &Site, service: &Service, tag: &str) -> String {
    service.decides("web", "up_to_date").await;
    let digest = site.publish(tag);
    service.newest_deployment("web", tag, "succeeded").await;
    digest
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_is_sent_one_trace_from_the_sight_of_a_release_to_its_health() {
    let collector = Collector::start().await;
    let telemetry = section(&format!("{}/base/", collector.url));
    let site = Site::open_with(Database::sqlite(), &telemetry).await;
    let service = site.program.serve().await;
    let digest = deploys(&site, &service, "v1.1.0").await;
    let (resource, spans) = collector.trace().await;

    assert_eq!(text(&resource, "service.name"), "registrywatcher");
    assert_eq!(
        text(&resource, "service.version"),
        env!("CARGO_PKG_VERSION")
    );
    assert!(!text(&resource, "service.instance.id").is_empty());
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["deploy", "decide", "wait", "apply", "roll"]);
    let way = &spans[0];
    assert!(way.parent_span_id.is_empty());
    let mut at = way.start_time_unix_nano;
    for part in &spans[1..] {
        assert_eq!(part.trace_id, way.trace_id);
        assert_eq!(part.parent_span_id, way.span_id);
        assert_eq!(part.start_time_unix_nano, at, "{} follows", part.name);
        at = part.end_time_unix_nano;
    }
    assert_eq!(at, way.end_time_unix_nano);
    let decision = &spans[1].attributes;
    for (key, value) in [
        ("watch.name", "web"),
        ("image.tag", "v1.1.0"),
        ("image.digest", &digest),
        ("deployment.cause", "newer_version"),
        ("deployment.outcome", "succeeded"),
        ("decision.reason", "v1.1.0 is newer than v1.0.0"),
        ("decision.gates", "open"),
    ] {
        assert_eq!(text(decision, key), value);
    }
    let trace = Uuid::from_slice(&way.trace_id).unwrap().to_string();
    let id = text(decision, "deployment.id");
    assert_eq!(trace, id, "a trace is found by its deployment");
    assert!(!service.log().contains("thecollectorskey"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_unless_a_collector_is_named() {
    let collector = Collector::start().await;
    let mut site = Site::open(Database::sqlite()).await;
    // Only the configuration names one.
    let variable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    site.program.set(variable, &collector.url);
    let service = site.program.serve().await;
    deploys(&site, &service, "v1.1.0").await;
    service.stop().await;
    assert_eq!(*collector.connections.lock().unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_changes_nothing() {
    // It is connected to by the kernel, and nobody reads.
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let telemetry = section(&format!("http://{}", mute.local_addr().unwrap()));
    let site = Site::open_with(Database::sqlite(), &telemetry).await;
    let service = site.program.serve().await;
    for tag in ["v1.1.0", "v1.2.0", "v1.3.0"] {
        deploys(&site, &service, tag).await;
    }
    let stopped = service.stop().await;
    assert_eq!(stopped.code, Some(0), "{}", stopped.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_is_counted_and_told_once() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let telemetry = section(&format!("http://{}", gone.local_addr().unwrap()));
    drop(gone);
    let site = Site::open_with(Database::sqlite(), &telemetry).await;
    let service = site.program.serve().await;
    deploys(&site, &service, "v1.1.0").await;
    deploys(&site, &service, "v1.2.0").await;
    eventually("both traces are given up", async || {
        let (_, metrics) = service.get("/metrics").await;
        let line = "registrywatcher_traces_total{outcome=\"failed\"} 2";
        metrics.as_str()?.contains(line).then_some(())
    })
    .await;
    let log = service.stop().await.stderr;
    assert_eq!(log.matches("a trace could not be sent").count(), 1, "{log}");
    assert!(!log.contains("thecollectorskey"), "{log}");
}
