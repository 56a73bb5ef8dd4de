use std::time::Duration;

/// How the cluster behaves when nothing is wrong.
#[derive(Debug, Clone)]
pub struct NomadSettings {
    /// What `/v1/agent/self` says it is.
    pub version: String,
    pub region: String,
    /// The namespaces that exist; jobs in any other cannot be registered.
    pub namespaces: Vec<String>,
    /// With a token, ACLs are on and every call but the status ones needs it.
    pub token: Option<String>,
    /// `/v1/agent/self` needs a right (`agent:read`) which the token does not have.
    pub agent_self_forbidden: bool,
    /// Namespaces in which the token has no `list-jobs`: a list of one of them is forbidden, that of `*` leaves it out.
    pub without_list_jobs: Vec<String>,
    /// Namespaces in which the token has no `read-job`.
    pub without_read_job: Vec<String>,
    /// How many nodes there are, which is how often a system job runs.
    pub nodes: u64,
    /// Whether system jobs have deployments, as since 1.11.
    pub system_deployments: bool,
    /// Members of a job that this server is too old to know, and drops.
    pub unknown_job_members: Vec<String>,
    /// How long an evaluation stays pending.
    pub evaluation_delay: Duration,
    /// How long an allocation takes until it is known to be healthy, or not.
    pub health_delay: Duration,
}

impl Default for NomadSettings {
    fn default() -> Self {
        Self {
            version: "1.10.5".to_owned(),
            region: "global".to_owned(),
            namespaces: vec!["default".to_owned()],
            token: None,
            agent_self_forbidden: false,
            without_list_jobs: Vec::new(),
            without_read_job: Vec::new(),
            nodes: 1,
            system_deployments: false,
            unknown_job_members: Vec::new(),
            evaluation_delay: Duration::from_millis(2),
            health_delay: Duration::from_millis(20),
        }
    }
}

/// What goes wrong. A count strikes the next so many calls, [`ALWAYS`](crate::ALWAYS) every one.
#[derive(Debug, Clone, Default)]
pub struct NomadFaults {
    /// Calls answered with 500 `No cluster leader`.
    pub no_leader: u32,
    /// Calls answered with [`failing_text`](Self::failing_text) and status 500.
    pub failing: u32,
    pub failing_text: String,
    /// Calls answered with 429, as when a client has too many connections.
    pub rate_limited: u32,
    /// How long every answer takes.
    pub delay: Option<Duration>,
    /// Writes that are committed, and answered with 500 `leadership lost while committing log` all the same.
    pub lost_answers: u32,
    /// How long after a write was committed its answer comes; who asked may be gone by then.
    pub late_answers: Option<Duration>,
    /// Reads of an evaluation answered with 404, as by a server that lags behind.
    pub lost_evaluations: u32,
    /// Evaluations for which the scheduler gives up.
    pub failed_evaluations: u32,
    /// Reads of a deployment by its id answered with 404; the job's list has it.
    pub lost_deployments: u32,
    /// Evaluations that name a deployment which was never stored
    /// ([GH-28307](https://github.com/hashicorp/nomad/issues/28307)); the job's list has the real one.
    pub phantom_deployments: u32,
}
