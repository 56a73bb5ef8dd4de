use poem::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use poem::http::{HeaderMap, HeaderName, HeaderValue};

/// Nothing but what we serve is loaded, nothing inline runs, forms go nowhere else, and nobody shows a page as a part of theirs.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                                 form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Sets what protects a page, and whoever looks at it.
pub(super) fn protect(headers: &mut HeaderMap) {
    let more = |name| HeaderName::from_static(name);
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // Not `no-referrer`: browsers then keep back where a form comes from, too.
        (REFERRER_POLICY, "same-origin"),
        (more("cross-origin-opener-policy"), "same-origin"),
        (more("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What a page shows is true now, and for this visitor alone.
    let keep_nothing = HeaderValue::from_static("no-store");
    headers.entry(CACHE_CONTROL).or_insert(keep_nothing);
}
