use std::sync::{Arc, Mutex};

use poem::{
    Endpoint, Request, Response,
    http::{Method, StatusCode},
};
use serde_json::json;

use super::{
    call::{Call, Resource},
    content::Content,
    pull,
    reply::Reply,
    requests::RegistryRequests,
    settings::{Quota, RegistryFaults, RegistrySettings},
    token::Tokens,
};
use crate::{countdown::strikes, server::lock};

/// Everything the registry knows, and how it behaves.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) host: String,
    pub(super) settings: RegistrySettings,
    pub(super) faults: RegistryFaults,
    pub(super) content: Content,
    pub(super) tokens: Tokens,
    pub(super) requests: RegistryRequests,
    /// Manifest GETs that counted against the quota.
    pub(super) pulls: u32,
}

/// The HTTP side of the registry.
#[derive(Debug, Clone)]
pub(super) struct Api(pub(super) Arc<Mutex<State>>);

impl Endpoint for Api {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let call = Call::read(request).await;
        let delay = lock(&self.0).faults.delay;
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        Ok(lock(&self.0).respond(&call))
    }
}

impl State {
    fn respond(&mut self, call: &Call) -> Response {
        let resource = call.resource();
        self.count(call, resource);
        let reply = self.answer(call, resource);
        let truncated = !call.is_head()
            && reply.status == StatusCode::OK
            && strikes(&mut self.faults.truncated_bodies);
        reply
            .with("docker-distribution-api-version", "registry/2.0")
            .into_response(call.is_head(), truncated)
    }

    fn answer(&mut self, call: &Call, resource: Resource<'_>) -> Reply {
        if resource == Resource::Token {
            return self.tokens.answer(call, &self.settings.authentication);
        }
        if let Some(refusal) = self.refuse(call, resource) {
            return refusal;
        }
        match resource {
            Resource::Ping => Reply::json(StatusCode::OK, &json!({})),
            Resource::Tags { repository } => pull::tags(
                call,
                repository,
                self.content.repositories.get(repository),
                &self.settings,
                &self.host,
            ),
            Resource::Manifest {
                repository,
                reference,
            } => self.manifest(call, repository, reference),
            Resource::Blob { repository, digest } => {
                pull::blob(self.content.repositories.get(repository), digest)
            }
            Resource::Token | Resource::Unknown => Reply::new(
                StatusCode::NOT_FOUND,
                "text/plain",
                b"404 page not found\n".to_vec(),
            ),
        }
    }

    /// The faults and the rights, in the order in which a real registry meets them.
    fn refuse(&mut self, call: &Call, resource: Resource<'_>) -> Option<Reply> {
        if strikes(&mut self.faults.rate_limited) {
            return Some(rate_limited(self.faults.retry_after.as_deref()));
        }
        if strikes(&mut self.faults.failing) {
            let status = StatusCode::from_u16(self.faults.failing_status);
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return Some(Reply::error(status, "UNKNOWN", "unknown error"));
        }
        let reads = call.method == Method::GET || call.is_head();
        if !reads || (call.is_head() && self.faults.no_head) {
            return Some(Reply::error(
                StatusCode::METHOD_NOT_ALLOWED,
                "UNSUPPORTED",
                "The operation is unsupported.",
            ));
        }
        let repository = match resource {
            Resource::Tags { repository }
            | Resource::Manifest { repository, .. }
            | Resource::Blob { repository, .. } => Some(repository),
            _ => None,
        };
        let authentication = &self.settings.authentication;
        if let Err(challenge) = self
            .tokens
            .admit(call, authentication, &self.host, repository)
        {
            return Some(challenge);
        }
        let later_page = matches!(resource, Resource::Tags { .. }) && call.query("last").is_some();
        (later_page && strikes(&mut self.faults.lost_pages)).then(pull::name_unknown)
    }

    fn manifest(&mut self, call: &Call, repository: &str, reference: &str) -> Reply {
        let counts = !call.is_head();
        if let Some(quota) = self.settings.quota
            && counts
        {
            if self.pulls >= quota.limit {
                return over_quota(quota);
            }
            self.pulls += 1;
        }
        let no_digest_header = self.faults.no_digest_header;
        let repository = self.content.repositories.get_mut(repository);
        let reply = pull::manifest(call, repository, reference, no_digest_header);
        match self.settings.quota {
            Some(quota) => with_quota(reply, quota, quota.limit - self.pulls.min(quota.limit)),
            None => reply,
        }
    }

    fn count(&mut self, call: &Call, resource: Resource<'_>) {
        let requests = &mut self.requests;
        *match resource {
            Resource::Ping => &mut requests.pings,
            Resource::Token => &mut requests.token_requests,
            Resource::Tags { .. } => &mut requests.tag_lists,
            Resource::Manifest { .. } if call.is_head() => &mut requests.manifest_heads,
            Resource::Manifest { .. } => &mut requests.manifest_gets,
            Resource::Blob { .. } => &mut requests.blobs,
            Resource::Unknown => &mut requests.others,
        } += 1;
    }
}

fn rate_limited(retry_after: Option<&str>) -> Reply {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let refusal = Reply::error(status, "TOOMANYREQUESTS", "too many requests");
    match retry_after {
        Some(after) => refusal.with("retry-after", after),
        None => refusal,
    }
}

/// Docker Hub's headers: `ratelimit-limit: 100;w=21600`.
fn with_quota(reply: Reply, quota: Quota, remaining: u32) -> Reply {
    let window = quota.window.as_secs();
    reply
        .with("ratelimit-limit", format!("{};w={window}", quota.limit))
        .with("ratelimit-remaining", format!("{remaining};w={window}"))
        .with("docker-ratelimit-source", "127.0.0.1")
}

/// Docker Hub's refusal is a plain sentence, and has no `Retry-After`.
fn over_quota(quota: Quota) -> Reply {
    let sentence = "You have reached your pull rate limit. You may increase the limit by \
                    authenticating and upgrading";
    let reply = Reply::new(
        StatusCode::TOO_MANY_REQUESTS,
        "text/plain",
        sentence.as_bytes().to_vec(),
    );
    with_quota(reply, quota, 0)
}
