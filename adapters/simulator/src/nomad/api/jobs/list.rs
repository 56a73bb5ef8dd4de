use serde_json::{Value, json};

use super::super::{call::Call, route::Page};
use crate::nomad::{
    error::ApiError,
    job,
    state::{JobKey, State, Table},
};

/// What the list shows of a job as the job itself has it.
const COPIED: [&str; 17] = [
    "ID",
    "ParentID",
    "Name",
    "Namespace",
    "Datacenters",
    "NodePool",
    "Multiregion",
    "Type",
    "Priority",
    "Stop",
    "Status",
    "StatusDescription",
    "CreateIndex",
    "ModifyIndex",
    "JobModifyIndex",
    "SubmitTime",
    "Version",
];

/// Answers `GET /v1/jobs`.
pub(super) fn reader(
    call: &Call,
) -> impl Fn(&State) -> (u64, Result<Page, ApiError>) + Send + Sync + 'static {
    let wanted = Wanted {
        namespace: call.namespace(),
        prefix: call.query("prefix").unwrap_or_default().to_owned(),
        with_meta: call.query("meta") == Some("true"),
        // What is no number is passed over, as is 0.
        per_page: call
            .query("per_page")
            .and_then(|number| number.parse().ok()),
        next_token: call.query("next_token").map(str::to_owned),
    };
    move |state| (state.index_of(Table::Jobs), wanted.page(state))
}

struct Wanted {
    namespace: String,
    prefix: String,
    with_meta: bool,
    per_page: Option<usize>,
    next_token: Option<String>,
}

impl Wanted {
    /// The jobs that may be seen, by namespace and id, from the one that the token names. Without the right to list a
    /// namespace that is named there is an error; of all of them, the others are listed, be it none.
    fn page(&self, state: &State) -> Result<Page, ApiError> {
        let forbidden = &state.settings.without_list_jobs;
        if forbidden.contains(&self.namespace) {
            return Err(ApiError::forbidden("Permission denied"));
        }
        let mut jobs = state.jobs.iter().filter(|(key, _)| {
            (self.namespace == "*" || key.namespace == self.namespace)
                && key.id.starts_with(&self.prefix)
                && !forbidden.contains(&key.namespace)
                && self
                    .next_token
                    .as_ref()
                    .is_none_or(|from| token(key) >= *from)
        });
        let most = self.per_page.filter(|&most| most > 0).unwrap_or(usize::MAX);
        let body = jobs
            .by_ref()
            .take(most)
            .filter_map(|(key, versions)| Some(self.stub(state, key, versions.last()?)))
            .collect();
        let next_token = jobs.next().map(|(key, _)| token(key));
        Ok(Page { body, next_token })
    }

    fn stub(&self, state: &State, key: &JobKey, job: &Value) -> Value {
        let members = COPIED.map(|name| (name.to_owned(), job[name].clone()));
        let mut stub = Value::Object(members.into_iter().collect());
        stub["Periodic"] = job::is_periodic(job).into();
        stub["ParameterizedJob"] = job::is_parameterized(job).into();
        stub["JobSummary"] = summary(state, key, job);
        if self.with_meta && !job["Meta"].is_null() {
            stub["Meta"] = job["Meta"].clone();
        }
        stub
    }
}

fn token(key: &JobKey) -> String {
    format!("{}.{}", key.namespace, key.id)
}

/// How many allocations of each group are in which state.
fn summary(state: &State, key: &JobKey, job: &Value) -> Value {
    let groups = job::groups(job).iter().map(|group| {
        let name = job::name(group);
        let count = |status: &str| {
            let own = state.allocations.iter();
            own.filter(|known| known.key == *key && known.group == name)
                .filter(|known| known.client_status == status)
                .count()
        };
        let counts = json!({
            "Queued": 0,
            "Complete": count("complete"),
            "Failed": count("failed"),
            "Running": count("running"),
            "Starting": count("pending"),
            "Lost": count("lost"),
            "Unknown": count("unknown"),
        });
        (name.to_owned(), counts)
    });
    json!({
        "JobID": key.id,
        "Namespace": key.namespace,
        "Summary": Value::Object(groups.collect()),
        "Children": {"Pending": 0, "Running": 0, "Dead": 0},
        "CreateIndex": job["CreateIndex"],
        "ModifyIndex": job["ModifyIndex"],
    })
}
