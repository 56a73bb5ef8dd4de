//! Where a registry may send us, and where not.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use crate::fault::Fault;

/// Whether two addresses are of the same scheme, host and port, so that credentials for one are for the other.
pub(crate) fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme()
        && a.host() == b.host()
        && a.port_or_known_default() == b.port_or_known_default()
}

/// The target of a redirect, if a registry may redirect there.
///
/// It may not drop encryption, and not reach what only this machine can reach.
pub(crate) fn redirect(from: &Url, location: &str) -> Result<Url, Fault> {
    let target = from.join(location).map_err(|error| {
        Fault::Invalid(format!("it redirects to `{}`: {error}", shorten(location)))
    })?;
    let refuse = |problem: &str| {
        let place = target.host_str().unwrap_or_default();
        Fault::Invalid(format!("it redirects to `{place}`, {problem}"))
    };
    match (from.scheme(), target.scheme()) {
        ("https" | "http", "https") | ("http", "http") => {}
        _ => return Err(refuse("which is not encrypted")),
    }
    let reachable_only_here = |url: &Url| address(url).is_none_or(is_this_machine_or_link);
    if reachable_only_here(&target) && from.host() != target.host() && !reachable_only_here(from) {
        return Err(refuse("an address of this machine"));
    }
    Ok(target)
}

/// The token server that a challenge names, if it may be told our credentials.
///
/// It is as well encrypted as the registry itself, and no internal address but the registry's own: otherwise a hostile
/// registry could have our passwords sent to anybody, or have us call what it cannot reach.
pub(crate) fn realm(registry: &Url, realm: &str) -> Result<Url, Fault> {
    let refuse = |problem: &str| {
        Fault::Invalid(format!(
            "it names the token server `{}`: {problem}",
            shorten(realm)
        ))
    };
    let url = registry
        .join(realm)
        .map_err(|error| refuse(&error.to_string()))?;
    match (registry.scheme(), url.scheme()) {
        (_, "https") | ("http", "http") => {}
        _ => return Err(refuse("the scheme should be `https`")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("an address with credentials is not followed"));
    }
    let is_internal =
        address(&url).is_none_or(|address| is_this_machine_or_link(address) || is_private(address));
    if is_internal && url.host() != registry.host() {
        return Err(refuse("an internal address that is not the registry's own"));
    }
    Ok(url)
}

/// The address that a URL names, `None` for this machine by name; any other name stands for a public address.
fn address(url: &Url) -> Option<IpAddr> {
    const SOME_PUBLIC_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.to_canonical()),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let is_local = name == "localhost" || name.ends_with(".localhost");
            (!is_local).then_some(SOME_PUBLIC_ADDRESS)
        }
    }
}

fn is_this_machine_or_link(address: IpAddr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || match address {
            IpAddr::V4(address) => address.is_link_local(),
            IpAddr::V6(address) => address.is_unicast_link_local(),
        }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            // 100.64.0.0/10, which carriers and overlay networks use inside.
            let [first, second, ..] = address.octets();
            address.is_private() || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

/// At most 200 characters of a text that goes into a message.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[track_caller]
    fn realm_is(registry: &str, text: &str, expected: Option<&str>) {
        let realm = realm(&url(registry), text).ok();
        assert_eq!(
            realm.as_ref().map(Url::as_str),
            expected,
            "{registry} names {text}"
        );
    }

    #[test]
    fn a_token_server_is_encrypted_and_not_internal() {
        let registry = "https://ghcr.io/v2/a/tags/list";
        realm_is(
            registry,
            "https://auth.docker.io/token",
            Some("https://auth.docker.io/token"),
        );
        realm_is(registry, "/token?a=b", Some("https://ghcr.io/token?a=b"));
        for refused in [
            "http://auth.docker.io/token",
            "https://127.0.0.1/token",
            "https://localhost/token",
            "https://10.0.0.8/token",
            "https://169.254.169.254/latest",
            "https://[::1]/token",
            "https://[::ffff:10.0.0.8]/token",
            "https://[fd00::1]/token",
            "https://0x7f.1/token",
            "https://user:password@auth.example/token",
            "ftp://auth.docker.io/token",
            "https://",
        ] {
            realm_is(registry, refused, None);
        }
        let inside = "http://10.0.0.8:5000/v2/";
        realm_is(
            inside,
            "http://10.0.0.8:5001/token",
            Some("http://10.0.0.8:5001/token"),
        );
        realm_is(inside, "http://10.0.0.9:5001/token", None);
    }

    #[track_caller]
    fn redirects(from: &str, to: &str, allowed: bool) {
        assert_eq!(redirect(&url(from), to).is_ok(), allowed, "{from} to {to}");
    }

    #[test]
    fn a_redirect_keeps_encryption_and_leaves_this_machine_alone() {
        redirects("https://ghcr.io/v2/", "https://storage.example/blob", true);
        redirects("https://ghcr.io/v2/", "/v2/other", true);
        redirects("https://registry.corp/v2/", "https://10.0.0.8/bucket", true);
        redirects(
            "http://127.0.0.1:5000/v2/",
            "http://127.0.0.1:9000/blob",
            true,
        );
        redirects(
            "http://registry.corp/v2/",
            "https://registry.corp/v2/",
            true,
        );
        redirects("https://ghcr.io/v2/", "http://ghcr.io/v2/", false);
        redirects("https://ghcr.io/v2/", "https://127.0.0.1/x", false);
        redirects("https://ghcr.io/v2/", "https://localhost./x", false);
        redirects("https://ghcr.io/v2/", "https://169.254.169.254/x", false);
        redirects("https://ghcr.io/v2/", "https://[::]/x", false);
        redirects("https://ghcr.io/v2/", "file:///etc/passwd", false);
    }
}
