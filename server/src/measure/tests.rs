//! The table, and the whole composition measured over a simulated registry and a simulated Nomad.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusRecorder;
use registrywatcher::app::Sharing;
use registrywatcher_memory::MemoryStore;
use registrywatcher_simulator::{Quota, SimulatedNomad, SimulatedRegistry};
use tokio::time::{Instant, sleep, timeout};

use super::catalogue::{CATALOGUE, Kind};
use super::{Measurements, begin, builder, catalogue};
use crate::config::{Config, Environment, PollConfig, Sources};
use crate::wiring::{Wired, wire};

const TABLE: &str = include_str!("../../METRICS.md");
const REPOSITORY: &str = "acme/web";

/// A line of the table.
#[derive(Debug, PartialEq)]
struct Row<'a> {
    name: &'a str,
    kind: &'a str,
    labels: BTreeSet<&'a str>,
    tells: &'a str,
}

fn table() -> Vec<Row<'static>> {
    let cells = |line: &'static str| -> Vec<&str> { line.split('|').map(str::trim).collect() };
    let rows = TABLE
        .lines()
        .map(cells)
        .filter_map(|cells| match cells[..] {
            ["", name, kind, labels, tells, ""] => Some(Row {
                name: name.strip_prefix('`')?.trim_end_matches('`'),
                kind,
                labels: labels.split('`').skip(1).step_by(2).collect(),
                tells,
            }),
            _ => None,
        });
    rows.collect()
}

/// By name: the kind, and the labels of all its series.
type Exposed<'a> = BTreeMap<&'a str, (&'a str, BTreeSet<&'a str>)>;

fn exposed(text: &str) -> Exposed<'_> {
    let mut found = Exposed::new();
    let mut last = "";
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(
                found.insert(name, (kind, BTreeSet::new())).is_none(),
                "{name} twice"
            );
            last = name;
        } else if !line.starts_with('#') {
            let end = line.find(['{', ' ']).unwrap();
            let name = &line[..end];
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|part| name.strip_suffix(part));
            assert!(name == last || family == Some(last), "{line}");
            let labels = line[end..]
                .split('}')
                .next()
                .unwrap()
                .trim_start_matches('{');
            let labels = labels
                .split("\",")
                .filter_map(|label| Some(label.split_once('=')?.0));
            let known = &mut found.get_mut(last).unwrap().1;
            known.extend(labels.filter(|label| *label != "le"));
        }
    }
    found
}

#[test]
fn the_table_says_of_each_metric_what_the_scrape_says() {
    let told: Vec<_> = table()
        .iter()
        .map(|row| (row.name, row.kind, row.tells))
        .collect();
    let known = CATALOGUE.iter().map(|metric| {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        (metric.name, kind, metric.tells)
    });
    assert_eq!(told, known.collect::<Vec<_>>());
}

#[test]
fn names_follow_the_rules_of_prometheus() {
    for metric in &CATALOGUE {
        let name = metric.name;
        assert!(name.starts_with("registrywatcher_"), "{name}");
        assert_eq!(
            name.ends_with("_total"),
            metric.kind == Kind::Counter,
            "{name}"
        );
        assert!(
            metric.kind != Kind::Histogram || name.ends_with("_seconds"),
            "{name}"
        );
    }
}

#[test]
fn every_metric_has_an_alert_and_no_alert_another_metric() {
    let (_, alerts) = TABLE.split_once("## Alerts").unwrap();
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let words = alerts.split(|c: char| !is_name(c));
    let alerted: BTreeSet<&str> = words
        .filter(|word| word.starts_with("registrywatcher_"))
        .map(|word| word.trim_end_matches("_bucket"))
        .collect();
    let known: BTreeSet<&str> = CATALOGUE.iter().map(|metric| metric.name).collect();
    assert_eq!(alerted, known);
}

/// The service, measured by a recorder of its own.
struct Service {
    registry: SimulatedRegistry,
    _nomad: SimulatedNomad,
    polls: PollConfig,
    wired: Wired,
    measurements: Measurements,
}

impl Service {
    async fn start(recorder: &PrometheusRecorder) -> Self {
        catalogue::describe();
        let registry = SimulatedRegistry::start().await.unwrap();
        registry.configure(|settings| {
            settings.quota = Some(Quota {
                limit: 1000,
                window: Duration::from_hours(6),
            });
        });
        registry.publish(REPOSITORY, "v1.0.0");
        let nomad = SimulatedNomad::start().await.unwrap();
        nomad.configure(|settings| settings.health_delay = Duration::from_millis(10));
        let image = format!("{}/{REPOSITORY}:v1.0.0", registry.host());
        for job in ["web", "api"] {
            nomad.service_job(job, job, "server", "docker", &image);
        }
        let config = config(&registry, &nomad);
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sharing = Sharing {
            lease: Duration::from_secs(15),
            fingerprint: "one".to_owned(),
        };
        let environment = Environment::default();
        let store = Arc::new(MemoryStore::new());
        let catalogue = crate::catalogue();
        let wired = wire(&config, &catalogue, &environment, store, Some(sharing)).await;
        let wired = wired.unwrap();
        begin(&wired.app, &wired.sinks);
        Self {
            registry,
            _nomad: nomad,
            polls: config.poll,
            wired,
            measurements: Measurements {
                counted: recorder.handle(),
                began: Instant::now(),
            },
        }
    }
}

fn config(registry: &SimulatedRegistry, nomad: &SimulatedNomad) -> Config {
    let (host, nomad) = (registry.host(), nomad.url());
    let text = format!(
        r#"
        docker_config = false

        [poll]
        interval = "1s"

        [deployers.nomad]
        kind = "nomad"
        address = "{nomad}"
        discover = true

        [notifications.nobody]
        kind = "discord"
        webhook_url = "http://{host}/nobody"

        [watches.web]
        image = "{host}/{REPOSITORY}"
        min_interval = "0s"
        workloads = [{{ deployer = "nomad", job = "web", task = "server" }}]

        [watches.looked_at]
        image = "{host}/{REPOSITORY}"
        mode = "observe"
        workloads = [{{ deployer = "nomad", job = "api", task = "server" }}]
        "#
    );
    Sources::new().text("the test", text).load().unwrap().config
}

#[tokio::test]
async fn what_is_exposed_is_what_the_table_lists() {
    let recorder = builder().unwrap().build_recorder();
    let _here = metrics::set_default_local_recorder(&recorder);
    let Service {
        registry,
        _nomad,
        polls,
        wired,
        measurements,
    } = Service::start(&recorder).await;
    let (app, background) = wired.start(&polls);
    let shows = async |what: &str| {
        let shown = async {
            while !measurements.render(&app).lines().any(|line| line == what) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let shown = timeout(Duration::from_secs(20), shown).await;
        assert!(
            shown.is_ok(),
            "no `{what}` in\n{}",
            measurements.render(&app)
        );
    };
    shows(r#"registrywatcher_workloads{decision="up_to_date"} 2"#).await;
    registry.publish(REPOSITORY, "v1.1.0");
    shows(r#"registrywatcher_deployments_total{outcome="succeeded",cause="newer_version"} 1"#)
        .await;
    shows("registrywatcher_seen_to_healthy_seconds_count 1").await;
    shows(r#"registrywatcher_leases_held{kind="watch"} 2"#).await;
    shows(r#"registrywatcher_lease_changes_total{kind="watch",change="gained"} 2"#).await;
    shows(r#"registrywatcher_held_workloads{reason="observe_only"} 1"#).await;
    let text = measurements.render(&app);
    background.stop().await;

    let table = table();
    let listed: Exposed<'_> = table
        .iter()
        .map(|row| (row.name, (row.kind, row.labels.clone())))
        .collect();
    assert_eq!(exposed(&text), listed, "{text}");
    for name in listed.keys() {
        assert!(text.contains(&format!("# HELP {name} ")), "{name}");
    }
    for secret in ["web\"", "v1.", "sha256", "looked_at"] {
        assert!(!text.contains(secret), "`{secret}` in\n{text}");
    }
}
