//! A registry and its token server, as well-behaved as the specification wants, until a script says otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use base64::Engine;
use registrywatcher::image::Digest;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::server::{Reply, Request, Server};

pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";

type Script = dyn Fn(&Request, &Model) -> Option<Reply> + Send + Sync;

pub(crate) struct Double {
    pub(crate) server: Server,
    model: Arc<Mutex<Model>>,
}

#[derive(Default)]
pub(crate) struct Model {
    tags: BTreeMap<String, BTreeMap<String, Digest>>,
    manifests: BTreeMap<Digest, (String, Vec<u8>)>,
    blobs: BTreeMap<Digest, Vec<u8>>,
    page_size: Option<usize>,
    auth: Auth,
    tokens: BTreeSet<String>,
    script: Option<Arc<Script>>,
}

#[derive(Default, Clone)]
pub(crate) enum Auth {
    #[default]
    Open,
    /// `user:password`.
    Basic(&'static str),
    /// Tokens for anybody.
    Bearer,
    /// Tokens for `user:password`.
    BearerFor(&'static str),
}

pub(crate) fn digest_of(bytes: &[u8]) -> Digest {
    format!("sha256:{:x}", Sha256::digest(bytes))
        .parse()
        .unwrap()
}

/// A descriptor of what `body` holds.
pub(crate) fn descriptor(media_type: &str, body: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": digest_of(body).as_str(), "size": body.len()})
}

/// A manifest told apart by one number.
pub(crate) fn manifest(n: usize) -> Vec<u8> {
    let config = descriptor(OCI_CONFIG, b"{}");
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [],
        "annotations": {"example.number": n.to_string()},
    });
    manifest.to_string().into_bytes()
}

pub(crate) fn index(entries: &[Value]) -> Vec<u8> {
    let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries});
    index.to_string().into_bytes()
}

/// An entry of an index for a platform `os/architecture`.
pub(crate) fn entry(platform: &str, body: &[u8]) -> Value {
    let mut entry = descriptor(OCI_MANIFEST, body);
    let (os, architecture) = platform.split_once('/').unwrap();
    entry["platform"] = json!({"os": os, "architecture": architecture});
    entry
}

impl Double {
    pub(crate) async fn start() -> Self {
        let model: Arc<Mutex<Model>> = Arc::default();
        let shared = Arc::clone(&model);
        let server = Server::start(move |request| shared.lock().unwrap().answer(request)).await;
        Self { server, model }
    }

    pub(crate) fn require(&self, auth: Auth) {
        self.model.lock().unwrap().auth = auth;
    }

    pub(crate) fn set_page_size(&self, tags: usize) {
        self.model.lock().unwrap().page_size = Some(tags);
    }

    /// Has `script` answer what it will; for what it leaves, the double behaves.
    pub(crate) fn script(
        &self,
        script: impl Fn(&Request, &Model) -> Option<Reply> + Send + Sync + 'static,
    ) {
        self.model.lock().unwrap().script = Some(Arc::new(script));
    }

    pub(crate) fn behave(&self) {
        self.model.lock().unwrap().script = None;
    }

    pub(crate) fn create(&self, repository: &str) {
        self.model
            .lock()
            .unwrap()
            .tags
            .entry(repository.to_owned())
            .or_default();
    }

    pub(crate) fn push(
        &self,
        repository: &str,
        tag: &str,
        media_type: &str,
        body: &[u8],
    ) -> Digest {
        let digest = self.push_untagged(media_type, body);
        let mut model = self.model.lock().unwrap();
        let tags = model.tags.entry(repository.to_owned()).or_default();
        tags.insert(tag.to_owned(), digest.clone());
        digest
    }

    pub(crate) fn push_untagged(&self, media_type: &str, body: &[u8]) -> Digest {
        let digest = digest_of(body);
        let content = (media_type.to_owned(), body.to_vec());
        self.model
            .lock()
            .unwrap()
            .manifests
            .insert(digest.clone(), content);
        digest
    }

    pub(crate) fn push_blob(&self, body: &[u8]) -> Digest {
        let digest = digest_of(body);
        self.model
            .lock()
            .unwrap()
            .blobs
            .insert(digest.clone(), body.to_vec());
        digest
    }

    pub(crate) fn remove(&self, repository: &str, tag: &str) {
        let mut model = self.model.lock().unwrap();
        if let Some(tags) = model.tags.get_mut(repository) {
            tags.remove(tag);
        }
    }
}

impl Model {
    fn answer(&mut self, request: &Request) -> Reply {
        let script = self.script.clone();
        if let Some(reply) = script.and_then(|script| script(request, self)) {
            return reply;
        }
        self.behave(request)
    }

    fn behave(&mut self, request: &Request) -> Reply {
        if request.path() == "/token" {
            return self.issue_token(request);
        }
        if let Err(reply) = self.check(request) {
            return reply;
        }
        self.serve(request)
    }

    /// What is served to whoever may see it.
    pub(crate) fn serve(&self, request: &Request) -> Reply {
        let path = request.path().strip_prefix("/v2/").unwrap_or_default();
        if path.is_empty() {
            return Reply::json(200, &json!({}));
        }
        if let Some(repository) = path.strip_suffix("/tags/list") {
            return self.tags(repository, request);
        }
        if let Some((repository, reference)) = path.split_once("/manifests/") {
            return self.manifest(repository, reference, request);
        }
        let blob = path
            .split_once("/blobs/")
            .and_then(|(_, digest)| digest.parse().ok());
        match blob.and_then(|digest: Digest| self.blobs.get(&digest)) {
            Some(body) => Reply::new(200, body.clone()),
            None => Reply::error(404, "BLOB_UNKNOWN"),
        }
    }

    pub(crate) fn issue_token(&mut self, request: &Request) -> Reply {
        if let Auth::BearerFor(account) = &self.auth
            && request.header("authorization") != Some(&basic(account))
        {
            return Reply::error(401, "UNAUTHORIZED");
        }
        let token = format!(
            "token-{}-{}",
            self.tokens.len(),
            request.parameter("scope").unwrap()
        );
        self.tokens.insert(token.clone());
        Reply::json(200, &json!({"token": token, "expires_in": 300}))
    }

    fn check(&self, request: &Request) -> Result<(), Reply> {
        let authorization = request.header("authorization");
        match &self.auth {
            Auth::Open => Ok(()),
            Auth::Basic(account) if authorization == Some(&basic(account)) => Ok(()),
            Auth::Basic(_) => {
                Err(Reply::error(401, "UNAUTHORIZED").with("WWW-Authenticate", "Basic realm=\"x\""))
            }
            Auth::Bearer | Auth::BearerFor(_) => {
                let repository = request.path().strip_prefix("/v2/").unwrap_or_default();
                let end = repository
                    .rfind("/tags/")
                    .or(repository.rfind("/manifests/"));
                let end = end.or(repository.rfind("/blobs/")).unwrap_or(0);
                let scope = format!("repository:{}:pull", &repository[..end]);
                let token = authorization.and_then(|value| value.strip_prefix("Bearer "));
                match token {
                    Some(token) if self.tokens.contains(token) && token.ends_with(&scope) => Ok(()),
                    _ => Err(challenge(request)),
                }
            }
        }
    }

    fn tags(&self, repository: &str, request: &Request) -> Reply {
        let asked: usize = request
            .parameter("n")
            .map_or(usize::MAX, |n| n.parse().unwrap());
        if asked == 0 || (asked > 1000 && asked != usize::MAX) {
            return Reply::error(400, "UNSUPPORTED");
        }
        let Some(tags) = self.tags.get(repository) else {
            return Reply::error(404, "NAME_UNKNOWN");
        };
        let last = request.parameter("last").unwrap_or_default();
        let mut page: Vec<&String> = tags.keys().filter(|tag| **tag > last).collect();
        let size = self.page_size.unwrap_or(usize::MAX).min(asked);
        let is_last = page.len() <= size;
        page.truncate(size);
        let reply = Reply::json(200, &json!({"name": repository, "tags": page}));
        if is_last {
            return reply;
        }
        let next = format!(
            "/v2/{repository}/tags/list?last={}&n={size}",
            page.last().unwrap()
        );
        reply.with("Link", format!("<{next}>; rel=\"next\""))
    }

    fn manifest(&self, repository: &str, reference: &str, request: &Request) -> Reply {
        let digest = reference
            .parse()
            .ok()
            .or_else(|| self.tags.get(repository)?.get(reference).cloned());
        let content =
            digest.and_then(|digest| self.manifests.get(&digest).map(|found| (digest, found)));
        let Some((digest, (media_type, body))) = content else {
            return Reply::error(404, "MANIFEST_UNKNOWN");
        };
        // As distribution does for a type that is not accepted.
        if !request
            .header("accept")
            .unwrap_or_default()
            .contains(media_type.as_str())
        {
            return Reply::error(404, "MANIFEST_UNKNOWN");
        }
        Reply::new(200, body.clone())
            .with("Content-Type", media_type.as_str())
            .with("Docker-Content-Digest", digest.as_str())
    }
}

/// A 401 that wants a token of this very server, under a relative realm.
pub(crate) fn challenge(request: &Request) -> Reply {
    let realm = format!("http://{}/token", request.header("host").unwrap());
    let value =
        format!("Bearer realm=\"{realm}\",service=\"double\",scope=\"repository:user/image:pull\"");
    Reply::error(401, "UNAUTHORIZED").with("WWW-Authenticate", value)
}

pub(crate) fn basic(account: &str) -> String {
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(account)
    )
}
