//! What each section refuses.

use super::faults::refuses;
use super::*;

#[test]
fn pages_are_invited_one_by_one() {
    refuses(
        "[server]\ncors_origins = ['*', 'https://a.example/app', 'https://b.example', 'https://B.example:443']",
        &[
            "server.cors_origins.0: `*` is no single origin; list those that may, such as `https://dashboard.example`",
            "server.cors_origins.1: an origin is `http://` or `https://`, a host, and a port if it is not the usual one, such \
             as `https://dashboard.example`; found `https://a.example/app`",
            "server.cors_origins.3: `https://b.example` stands here twice; keep one",
        ],
    );
}

#[test]
fn registries_are_told_apart() {
    refuses(
        "[registries.'docker.io']\n[registries.'index.docker.io']",
        &[
            "registries.\"index.docker.io\": names docker.io, which another section configures; keep one",
        ],
    );
    refuses(
        "[registries.a]\nusername = 'bot'\n[registries.b]\npassword = 'hunter2'",
        &[
            "registries.a: a registry reads `host` or `host:port`, such as `ghcr.io`, found `a`",
            "registries.a.password: a user without a password; add `password` or `password_file`",
            "registries.b: a registry reads `host` or `host:port`, such as `ghcr.io`, found `b`",
            "registries.b.username: a password without a user; add `username`",
        ],
    );
    let login = "username = 'bot'\npassword = 'hunter2'\nidentity_token = 'hunter3'";
    refuses(
        &format!("[registries.'ghcr.io']\n{login}"),
        &[
            "registries.\"ghcr.io\".identity_token: stands beside a user or a password; keep one way to log in",
        ],
    );
    refuses(
        "[registries.'ghcr.io']\nplain_http = true\naddress = 'https://mirror.example'",
        &[
            "registries.\"ghcr.io\".address: begins with `https://` although `plain_http` is on; change one",
        ],
    );
    refuses(
        "[registries.'ghcr.io']\naddress = 'https://bot:hunter2@mirror.example'",
        &[
            "registries.\"ghcr.io\".address: the address holds a login; write `username` and `password` instead",
        ],
    );
}

#[test]
fn a_policy_is_told_where_it_is_wrong() {
    let cases: [(&str, &[&str]); 8] = [
        (
            "{}",
            &[
                "watches.web.policy: names no kind; add `semver`, `numeric`, `alphabetical` or `tag`",
            ],
        ),
        (
            "{ semver = 'one' }",
            &[
                "watches.web.policy.semver: `one` is no version range: unexpected character 'o' while parsing major version number",
            ],
        ),
        (
            "{ tag = '.x' }",
            &["watches.web.policy.tag: `.` cannot appear at position 0 of a tag"],
        ),
        (
            "{ numeric = 'up' }",
            &["watches.web.policy.numeric: `up` is not known here; known are `asc`, `desc`"],
        ),
        (
            "{ numeric = 'asc', prerelease = true }",
            &["watches.web.policy.prerelease: belongs to `semver` alone; leave it out"],
        ),
        (
            "{ tag = 'latest', include = '^v' }",
            &[
                "watches.web.policy.include: a fixed tag takes neither `include`, `exclude` nor `extract`",
            ],
        ),
        (
            "{ semver = '*', extract = 'v.*' }",
            &[
                "watches.web.policy.extract: `extract` needs a capture group, such as `^build-(\\d+)$`, found `v.*`",
            ],
        ),
        (
            "{ semver = '*', include = '(', exclude = '[' }",
            &[
                "watches.web.policy.include: `include` is no regular expression: regex parse error: ( ^ error: unclosed group",
                "watches.web.policy.exclude: `exclude` is no regular expression: regex parse error: [ ^ error: unclosed \
             character class",
            ],
        ),
    ];
    for (policy, expected) in cases {
        refuses(&watch_with(&format!("policy = {policy}")), expected);
    }
}

#[test]
fn an_image_in_the_configuration_has_no_digest() {
    let image = format!("ghcr.io/acme/web@sha256:{}", "0".repeat(64));
    let toml = watch_with("").replace("ghcr.io/acme/web", &image);
    refuses(
        &toml,
        &[
            "watches.web.image: holds a digest, and a digest never changes; write `ghcr.io/acme/web`",
        ],
    );
}

#[test]
fn a_workload_has_one_watch() {
    let toml = format!(
        "{}[watches.again]\nimage = 'nginx'\nworkloads = [{{ task = 'server', deployer = 'production', job = 'web' }}]",
        watch_with("")
    );
    refuses(
        &toml,
        &[
            "watches.web.workloads.0: `production:job=web,task=server` stands at watches.again.workloads.0 already; keep one",
        ],
    );
    let toml = format!(
        "{DEPLOYER}[watches.web]\nimage = 'nginx'\nworkloads = [{{ deployer = 'production', job = 'a' }}, \
         {{ deployer = 'production', job = 'a' }}, {{ job = 'b' }}]"
    );
    refuses(
        &toml,
        &[
            "watches.web.workloads.1: `production:job=a` stands at watches.web.workloads.0 already; keep one",
            "watches.web.workloads.2.deployer: missing; name one of `[deployers]`",
        ],
    );
}

#[test]
fn a_former_name_is_free_and_claimed_once() {
    let watch = |name: &str, former: &str| {
        format!(
            "[watches.{name}]\nimage = 'nginx'\nformerly = '{former}'\n\
             workloads = [{{ deployer = 'production', job = '{name}' }}]\n"
        )
    };
    refuses(
        &format!("{DEPLOYER}{}{}", watch("a", "b"), watch("b", "old")),
        &["watches.a.formerly: `b` is a watch itself; leave `formerly` out"],
    );
    refuses(
        &format!("{DEPLOYER}{}{}", watch("a", "old"), watch("b", "old")),
        &["watches.b.formerly: the watch `a` was formerly `old` too; keep one"],
    );
    refuses(
        &format!("{DEPLOYER}{}", watch("a", "a")),
        &["watches.a.formerly: `a` is a watch itself; leave `formerly` out"],
    );
}

#[test]
fn tokens_are_told_apart() {
    let token = |name: &str, lines: &str| {
        format!("[[auth.tokens]]\nname = '{name}'\nrole = 'viewer'\n{lines}\n")
    };
    let hash = |token: &str| format!("sha256 = '{}'", token_hash(token));
    refuses(
        &format!("{}{}", token("a", &hash("1")), token("a", &hash("2"))),
        &["auth.tokens.1.name: `a` names another token already; choose another name"],
    );
    refuses(
        &format!("{}{}", token("a", &hash("1")), token("b", &hash("1"))),
        &["auth.tokens.1: another entry has the same token; make one for each"],
    );
    refuses(
        &token("a", ""),
        &[
            "auth.tokens.0.sha256: missing; give the token's `sha256`, a `sha256_file` or a `token_file`",
        ],
    );
    refuses(
        &token("a", &format!("{}\ntoken_file = '/token'", hash("1"))),
        &["auth.tokens.0: given twice; keep one of `sha256`, `sha256_file` and `token_file`"],
    );
    refuses(
        &token("a", "sha256 = 'hunter2'"),
        &["auth.tokens.0.sha256: expected the 64 hexadecimal digits of a SHA-256"],
    );
    refuses(
        &token("a", "token = 'hunter2'"),
        &[
            "auth.tokens.0.token: unknown key; known are `expires`, `name`, `role`, `sha256`, `sha256_file`, `token_file`, `watches`",
            "auth.tokens.0.sha256: missing; give the token's `sha256`, a `sha256_file` or a `token_file`",
        ],
    );
    refuses(
        &token(
            "a",
            &format!("{}\nwatches = []\nexpires = '90d'", hash("1")),
        ),
        &[
            "auth.tokens.0.watches: names no watch; leave it out if the token is for all",
            "auth.tokens.0.expires: expected a moment such as `2027-01-31T00:00:00Z`, found `90d`",
        ],
    );
    refuses(
        &token("a", &format!("{}\nwatches = ['*b']", hash("1"))),
        &["auth.tokens.0.watches.0: `*b` is no pattern of names: `*` may only stand at its end"],
    );
    refuses(
        "[auth]\nfailed_logins_per_minute = 0",
        &["auth.failed_logins_per_minute: expected 1 to 1000000, found 0"],
    );
    refuses(
        "[[auth.tokens]]",
        &[
            "auth.tokens.0.name: missing; say whose token it is",
            "auth.tokens.0.role: missing; choose `viewer`, `deployer` or `admin`",
            "auth.tokens.0.sha256: missing; give the token's `sha256`, a `sha256_file` or a `token_file`",
        ],
    );
}

#[test]
fn a_collector_is_a_base_url_with_headers_of_its_own() {
    for (endpoint, problem) in [
        (
            "collector:4318",
            "expected the base URL of a collector, such as `http://127.0.0.1:4318`",
        ),
        (
            "https://bot:hunter2@collector.example",
            "the URL holds a login; write it as one of `otlp_headers` instead",
        ),
        (
            "https://collector.example?key=hunter2",
            "expected a base URL, which ends with its path; `/v1/traces` is appended",
        ),
    ] {
        refuses(
            &format!("[telemetry]\notlp_endpoint = '{endpoint}'"),
            &[&format!("telemetry.otlp_endpoint: {problem}")],
        );
    }
    refuses(
        "[telemetry]\notlp_headers = ['a: b']",
        &[
            "telemetry.otlp_endpoint: missing, although headers for it are given; add it, such as `http://127.0.0.1:4318`",
        ],
    );
    for headers in ["hunter2", ": hunter2", "a b: hunter2", "a:"] {
        refuses(
            &format!(
                "[telemetry]\notlp_endpoint = 'http://[::1]:4318'\notlp_headers = ['{headers}']"
            ),
            &["telemetry.otlp_headers: expected headers as `name: value`, one a line in a file"],
        );
    }
}
