use super::*;

/// Each of `expected` is a fault of the text, and there is no other.
#[track_caller]
fn refuses(toml: &str, expected: &[&str]) {
    let expected: Vec<String> = expected
        .iter()
        .map(|fault| format!("{FILE}: {fault}"))
        .collect();
    assert_eq!(faults_with(toml, &[]), expected, "reading:\n{toml}");
}

#[test]
fn all_faults_are_told_at_once() {
    let toml = r#"
        [poll]
        interval = 60
        concurrency = 0
        [sevrer]
        listen = "0.0.0.0:80"
        [deployers.production]
        kind = "nomad"
        [watches.web]
        imgae = "ghcr.io/acme/web"
        policy = { semver = "^1", tag = "latest" }
        workloads = [{ deployer = "prodution", job = "web" }]
        mode = "observer"
        [watches.shop]
        image = "ghcr.io/acme/shop:latest"
        workloads = []
    "#;
    refuses(
        toml,
        &[
            "poll.interval: expected a duration with its unit in quotes, such as `59s` or `1m30s`, found an integer",
            "sevrer: unknown key; did you mean `server`?",
            "watches.web.imgae: unknown key; did you mean `image`?",
            "watches.web.mode: `observer` is not known here; did you mean `observe`?",
            "poll.concurrency: expected 1 to 1024, found 0",
            "watches.shop.workloads: a watch needs a workload; write `workloads = [{ deployer = \"…\", … }]`",
            "watches.shop.image: holds a tag; write `ghcr.io/acme/shop` here and `policy = { tag = \"latest\" }` to follow \
         that tag",
            "watches.web.workloads.0.deployer: no deployer is named `prodution`; did you mean `production`?",
            "watches.web.image: missing; write `image = \"ghcr.io/acme/web\"`, for example",
            "watches.web.policy: names the kinds semver and tag; keep one",
        ],
    );
}

#[test]
fn a_value_of_the_wrong_type_is_told_by_type_and_not_missed_again() {
    refuses(
        "[server]\nlisten = 8080",
        &["server.listen: expected a string, found an integer"],
    );
    refuses(
        "server = 'x'",
        &["server: expected a table, found a string"],
    );
    refuses(
        "[poll]\nconcurrency = 1.5",
        &["poll.concurrency: expected a whole number from 0, found a float"],
    );
    refuses(
        "[poll]\nconcurrency = -1",
        &["poll.concurrency: expected a whole number from 0, found `-1`"],
    );
    refuses(
        "docker_config = 1",
        &["docker_config: expected `true`, `false`, or the path of a file, found an integer"],
    );
    refuses(
        "auth.tokens = ['x']",
        &["auth.tokens.0: expected a table, found a string"],
    );
    refuses(
        "deployers.nomad = 'nomad'",
        &["deployers.nomad: expected a table, found a string"],
    );
    refuses(
        &watch_with("parallel = 'perhaps'"),
        &["watches.web.parallel: expected `true` or `false`, found a string"],
    );
    let toml = format!(
        "{DEPLOYER}[watches.web]\nimage = 'a/b'\nworkloads = [{{ deployer = 'production', port = 80 }}]"
    );
    refuses(
        &toml,
        &["watches.web.workloads.0.port: expected a string, found an integer"],
    );
    let toml = format!("{DEPLOYER}[watches.web]\nimage = 1\nworkloads = ['web']");
    refuses(
        &toml,
        &[
            "watches.web.image: expected a string, found an integer",
            "watches.web.workloads.0: expected a table, found a string",
        ],
    );
}

#[test]
fn bad_values_are_told_with_what_is_accepted() {
    refuses(
        "[server]\nlisten = 'here'",
        &[
            "server.listen: expected an IP address and a port, such as `127.0.0.1:8080` or `[::1]:8080`, found `here`",
        ],
    );
    refuses(
        "[poll]\ninterval = '1ms'",
        &["poll.interval: expected 100ms or more, found 1ms"],
    );
    refuses(
        "[poll]\ninterval = '5'",
        &[
            "poll.interval: `5` is no duration, such as `59s` or `1m30s`: time unit needed, for example 5sec or 5ms",
        ],
    );
    refuses(
        "[log]\nformat = 'xml'",
        &["log.format: `xml` is not known here; known are `json`, `text`"],
    );
    refuses(
        "[store]\nurl = 'mysql://root:hunter2@db/rw'",
        &["store.url: expected a URL that starts with `sqlite:` or `postgres:`"],
    );
    refuses(
        "[registries.'https://ghcr.io']",
        &[
            "registries.\"https://ghcr.io\": a registry reads `host` or `host:port`, such as `ghcr.io`, found `https://ghcr.io`",
        ],
    );
    refuses(
        "[deployers.'a b']\nkind = 'nomad'",
        &[
            "deployers.\"a b\": ` ` cannot appear at position 1 of the name of a deployer; use letters, digits, `.`, `_` and `-`",
        ],
    );
    refuses(
        "[deployers.a]\n[deployers.b]\nkind = 1",
        &[
            "deployers.a.kind: missing; write `kind = \"nomad\"`, for example",
            "deployers.b.kind: expected a string, such as `kind = \"nomad\"`",
        ],
    );
    assert!(
        faults_with("[log]\nfilter = 'info,='", &[])[0]
            .contains("log.filter: expected a filter such as `info`")
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
    let hash = |token: &str| format!("sha256 = '{}'", TokenHash::of(token));
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
            "auth.tokens.0.token: unknown key; known are `name`, `role`, `sha256`, `sha256_file`, `token_file`",
            "auth.tokens.0.sha256: missing; give the token's `sha256`, a `sha256_file` or a `token_file`",
        ],
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
fn no_fault_shows_a_secret() {
    let texts = [
        "[store]\nurl = 'hunter2'",
        "[store]\nurl = 'postgres://rw:hunter2@:99999999/'",
        "[store]\nurl = ['hunter2']",
        "[notifications.slack]\nwebhook_url = 'hunter2'",
        "[registries.'ghcr.io']\npassword = 'hunter2'\nidentity_token = 'hunter2'",
        "[registries.'ghcr.io']\nusername = 'a'\npassword = { value = 'hunter2' }",
        "[[auth.tokens]]\nsha256 = 'hunter2'",
        "[store]\nurl = \"hunter2",
        "[store]\nurl = hunter2",
        "[store]\nurl = 'hunter2' 'hunter2'",
        "registry_map.hub = { registry_domain = 'a.example', registry_auth = 'hunter2' }\nwatched_repositories = ['a']\n\
         repo_map.a = { registry_name = 'hub', nomad_job_name = 'a', nomad_task_name = 'a' }",
        "database_url = 'hunter2'",
        "webhook_url = 'hunter2'\npoll_interval = '1s'",
    ];
    for toml in texts {
        let error = Sources::new().text(FILE, toml).load().expect_err(toml);
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
    let environment = [
        ("REGISTRYWATCHER_STORE__URL", "hunter2"),
        ("REGISTRYWATCHER_STORE__URL_FILE", "/nowhere"),
    ];
    for line in faults_with("", &environment) {
        assert!(!line.contains("hunter2"), "{line}");
    }
}

#[test]
fn what_is_no_toml_is_told_by_its_line() {
    let faults = faults_with("[poll]\ninterval = '5m'\ntimeout = \n", &[]);
    assert!(
        faults[0].starts_with("test.toml: line 3 is no TOML: "),
        "{faults:?}"
    );
}
