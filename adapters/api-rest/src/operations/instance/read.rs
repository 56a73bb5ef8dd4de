use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use registrywatcher::app::DiscoveryHealth;
use registrywatcher::discovery::Fault;
use registrywatcher::ports::Resource;
use uuid::Uuid;

use crate::access::Caller;
use crate::operations::{Group, Served};
use crate::permitted::{Across, Permitted, Viewing};

/// The process that answers.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct Instance {
    /// Its version.
    version: String,
    /// How long it has been running, in whole seconds.
    uptime_seconds: u64,
    /// How many watches there are, of those that the token is for.
    watches: u64,
    /// Its identity among the replicas on the same database, another one after each start; left out where there can be no
    /// other replica.
    replica: Option<Uuid>,
    /// What it attends to and the other replicas do not; left out where there can be no other replica.
    leases: Option<Vec<Lease>>,
    /// How the discovery of workloads goes, by deployer; left out where none are looked for, and for a token that is for some
    /// watches only.
    discovery: Option<Vec<Discovery>>,
}

/// How the discovery of workloads goes at one deployer.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct Discovery {
    /// Which deployer.
    deployer: String,
    /// How many workloads asked to be watched when it could last be asked; left out before it could the first time.
    found: Option<u64>,
    /// Why it could not be asked the last time, if it could not: what was known of it stays.
    fault: Option<String>,
    /// The workloads that cannot be watched as their labels are.
    unwatched: Vec<Unwatched>,
}

/// A workload that asks to be watched and cannot be.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct Unwatched {
    /// Which workload, as text.
    workload: String,
    /// The watch that it would belong to, where that is known.
    watch: Option<String>,
    /// What is wrong, and what to do.
    problem: String,
}

impl From<DiscoveryHealth> for Discovery {
    fn from(health: DiscoveryHealth) -> Self {
        Self {
            deployer: health.deployer.to_string(),
            found: health.found.map(|found| found as u64),
            fault: health.fault,
            unwatched: health.faults.into_iter().map(Unwatched::from).collect(),
        }
    }
}

impl From<Fault> for Unwatched {
    fn from(fault: Fault) -> Self {
        Self {
            workload: fault.workload.to_string(),
            watch: fault.watch.map(|name| name.to_string()),
            problem: fault.problem,
        }
    }
}

/// What one replica at a time attends to.
#[derive(Debug, Object)]
struct Lease {
    /// What it is.
    kind: LeaseKind,
    /// Its name.
    name: String,
}

/// What a replica attends to. There may be new kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum LeaseKind {
    /// A watch: it is polled, decided on and deployed.
    Watch,
    /// A sink: it is told events.
    Sink,
}

impl From<Resource> for Lease {
    fn from(resource: Resource) -> Self {
        match resource {
            Resource::Watch(name) => Self {
                kind: LeaseKind::Watch,
                name: name.to_string(),
            },
            Resource::Sink(name) => Self {
                kind: LeaseKind::Sink,
                name,
            },
        }
    }
}

fn is_seen(caller: &Caller, resource: &Resource) -> bool {
    match resource {
        Resource::Watch(name) => caller.sees(name),
        Resource::Sink(_) => caller.sees_everything(),
    }
}

#[derive(ApiResponse)]
enum Answer {
    /// The process.
    #[oai(status = 200)]
    Found(Json<Instance>),
}

pub(crate) struct GetInstance;

#[OpenApi(prefix_path = "/api/v1", tag = "Group::Instance")]
impl GetInstance {
    /// Read the process that answers
    ///
    /// Which version it is, how long it has been running, what it attends to where replicas share the work, and how the discovery
    /// of workloads goes. Another request may be answered by another replica.
    #[oai(path = "/instance", method = "get", operation_id = "getInstance")]
    async fn get_instance(&self, caller: Permitted<Across<Viewing>>, app: Served<'_>) -> Answer {
        let instance = app.instance();
        let leases = instance.leases.map(|leases| {
            let seen = leases.into_iter().filter(|lease| is_seen(&caller, lease));
            seen.map(Lease::from).collect()
        });
        let watches = app.watch_names().into_iter();
        let watches = watches.filter(|name| caller.sees(name));
        let discovery = app.discovery().filter(|_| caller.sees_everything());
        Answer::Found(Json(Instance {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_seconds: instance.uptime.as_secs(),
            watches: watches.count() as u64,
            replica: instance.replica.map(|replica| replica.0),
            leases,
            discovery: discovery
                .map(|discovery| discovery.into_iter().map(Discovery::from).collect()),
        }))
    }
}
