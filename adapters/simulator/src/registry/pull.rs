use poem::http::StatusCode;
use serde_json::{Value, json};

use super::{
    call::Call,
    content::{self, Repository},
    reply::Reply,
    settings::{LinkStyle, RegistrySettings},
};

/// Answers `GET /v2/<name>/tags/list`.
pub(super) fn tags(
    call: &Call,
    name: &str,
    repository: Option<&Repository>,
    settings: &RegistrySettings,
    host: &str,
) -> Reply {
    let Some(repository) = repository else {
        return name_unknown();
    };
    let asked = call.query("n").and_then(|n| n.parse().ok());
    if let Some((largest, asked)) = settings.largest_n.zip(asked)
        && asked > largest
    {
        let message = format!("n is {asked}, it must be less than or equal to {largest}");
        return Reply::error(StatusCode::BAD_REQUEST, "UNSUPPORTED", &message);
    }
    let mut tags: Vec<&str> = repository.tags().iter().map(String::as_str).collect();
    if settings.sorted {
        tags.sort_unstable();
    }
    match settings.page_size {
        None => tag_page(name, &tags),
        Some(page_size) => {
            let size = asked.unwrap_or(page_size).min(page_size);
            linked_page(call, name, &tags, size, |next| {
                link(settings.link_style, call, host, next)
            })
        }
    }
}

/// The page of `size` tags that the request asks for, and the link to the one after it.
fn linked_page(
    call: &Call,
    name: &str,
    tags: &[&str],
    size: usize,
    link: impl FnOnce(&str) -> String,
) -> Reply {
    let start = match call.query("last") {
        None => 0,
        Some(last) => match tags.iter().position(|tag| *tag == last) {
            Some(position) => position + 1,
            None => return name_unknown(),
        },
    };
    let end = tags.len().min(start + size);
    let reply = tag_page(name, &tags[start..end]);
    match tags[start..end].last() {
        Some(last) if end < tags.len() => {
            reply.with("link", link(&format!("last={last}&n={size}")))
        }
        _ => reply,
    }
}

/// A repository whose tags were all deleted has `null`, as distribution 2.8 writes it.
fn tag_page(name: &str, tags: &[&str]) -> Reply {
    let tags = if tags.is_empty() {
        Value::Null
    } else {
        json!(tags)
    };
    Reply::json(StatusCode::OK, &json!({"name": name, "tags": tags}))
}

fn link(style: LinkStyle, call: &Call, host: &str, query: &str) -> String {
    let path = &call.path;
    match style {
        LinkStyle::Relative => format!("<{path}?{query}>; rel=\"next\""),
        LinkStyle::Absolute => format!("<http://{host}{path}?{query}>; rel=\"next\""),
        LinkStyle::ForeignHost => {
            format!("<https://registry.internal{path}?{query}>; rel=\"next\"")
        }
        LinkStyle::Unquoted => format!("<{path}?{query}>; rel=next"),
        LinkStyle::SelfReferencing => format!("<{path}?{}>; rel=\"next\"", call.raw_query),
    }
}

/// Answers `HEAD` and `GET /v2/<name>/manifests/<reference>`.
pub(super) fn manifest(
    call: &Call,
    repository: Option<&mut Repository>,
    reference: &str,
    no_digest_header: bool,
) -> Reply {
    let Some(repository) = repository else {
        return name_unknown();
    };
    let digest = if reference.contains(':') {
        Some(reference.to_owned())
    } else {
        repository.resolve(reference)
    };
    let found = digest.and_then(|digest| {
        let manifest = repository.manifests.get(&digest)?;
        Some((digest, manifest))
    });
    let Some((digest, manifest)) = found else {
        return manifest_unknown("manifest unknown");
    };
    if !call.accepts(manifest.media_type) {
        return not_acceptable(manifest.media_type);
    }
    let etag = format!("\"{digest}\"");
    if call
        .if_none_match
        .iter()
        .any(|sent| *sent == etag || *sent == digest)
    {
        return Reply::new(StatusCode::NOT_MODIFIED, manifest.media_type, Vec::new());
    }
    let reply =
        Reply::new(StatusCode::OK, manifest.media_type, manifest.bytes.clone()).with("etag", etag);
    if no_digest_header {
        return reply;
    }
    reply.with("docker-content-digest", digest)
}

/// Answers `GET /v2/<name>/blobs/<digest>`.
pub(super) fn blob(repository: Option<&Repository>, digest: &str) -> Reply {
    match repository.and_then(|repository| repository.blobs.get(digest)) {
        Some(bytes) => Reply::new(StatusCode::OK, "application/octet-stream", bytes.clone())
            .with("docker-content-digest", digest)
            .with("etag", format!("\"{digest}\"")),
        None => Reply::error(
            StatusCode::NOT_FOUND,
            "BLOB_UNKNOWN",
            "blob unknown to registry",
        ),
    }
}

/// Distribution says so with 404 and not with 406.
fn not_acceptable(media_type: &str) -> Reply {
    manifest_unknown(if media_type == content::INDEX {
        "OCI index found, but accept header does not support OCI indexes"
    } else {
        "OCI manifest found, but accept header does not support OCI manifests"
    })
}

fn manifest_unknown(message: &str) -> Reply {
    Reply::error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", message)
}

pub(super) fn name_unknown() -> Reply {
    Reply::error(
        StatusCode::NOT_FOUND,
        "NAME_UNKNOWN",
        "repository name not known to registry",
    )
}
