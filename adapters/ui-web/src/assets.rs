//! What pages load: in the binary, under addresses that change with the content, so that browsers keep it for good.

use std::sync::OnceLock;

use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use ring::digest::{SHA256, digest};

/// What the addresses begin with.
pub(crate) const PREFIX: &str = "/assets/";

/// Something that pages load.
pub(crate) struct Asset {
    pub(crate) path: String,
    content_type: &'static str,
    content: &'static str,
}

impl Asset {
    fn new(name: &str, suffix: &str, content_type: &'static str, content: &'static str) -> Self {
        let hash = digest(&SHA256, content.as_bytes());
        let print = hash.as_ref().first_chunk().copied().unwrap_or_default();
        let print = u64::from_be_bytes(print) >> 16;
        Self {
            path: format!("{PREFIX}{name}-{print:012x}.{suffix}"),
            content_type,
            content,
        }
    }
}

pub(crate) fn style() -> &'static Asset {
    static STYLE: OnceLock<Asset> = OnceLock::new();
    let content = include_str!("../assets/style.css");
    STYLE.get_or_init(|| Asset::new("style", "css", "text/css; charset=utf-8", content))
}

pub(crate) fn script() -> &'static Asset {
    static SCRIPT: OnceLock<Asset> = OnceLock::new();
    let content = include_str!("../assets/page.js");
    SCRIPT.get_or_init(|| Asset::new("page", "js", "text/javascript; charset=utf-8", content))
}

pub(crate) fn icon() -> &'static Asset {
    static ICON: OnceLock<Asset> = OnceLock::new();
    let content = include_str!("../assets/icon.svg");
    ICON.get_or_init(|| Asset::new("icon", "svg", "image/svg+xml", content))
}

/// What stands under `path`; nothing under the address of another version, which a page of that one asks for.
pub(crate) fn serve(path: &str) -> Response {
    let all = [style(), script(), icon()];
    let Some(asset) = all.into_iter().find(|asset| asset.path == path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = Response::builder()
        .content_type(asset.content_type)
        .body(asset.content);
    let for_good = HeaderValue::from_static("public, max-age=31536000, immutable");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, for_good);
    response
}
