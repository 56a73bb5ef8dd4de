use super::*;

fn read(text: &str) -> Result<Url, String> {
    let settings: Settings = toml::from_str(text).map_err(|error| error.to_string())?;
    settings.check().map_err(|error| error.to_string())?;
    let receiver = settings.receiver().map_err(|error| error.to_string())?;
    settings
        .running_address(&receiver)
        .map_err(|error| error.to_string())?;
    Ok(receiver)
}

#[track_caller]
fn rejects(text: &str, message: &str) {
    let error = read(text).expect_err("the settings are at fault");
    assert!(error.contains(message), "{error}");
}

#[test]
fn an_address_is_https_unless_nothing_leaves_the_machine_or_it_was_said_so() {
    for url in [
        "https://deploy.example/hook",
        "http://127.0.0.1:80/",
        "http://[::1]/",
    ] {
        assert!(read(&format!("url = '{url}'")).is_ok(), "{url}");
    }
    rejects("url = 'http://deploy.example/'", "url: use `https`");
    // Made to look like loopback.
    rejects("url = 'http://127.0.0.1.example/'", "url: use `https`");
    let allowed = "url = 'http://deploy.example/'\nplain_http = true";
    assert!(read(allowed).is_ok());
}

#[test]
fn an_address_that_cannot_be_asked_is_refused() {
    rejects("", "url: it is missing");
    rejects("url = 'deploy.example'", "an address reads `https://");
    rejects("url = 'ftp://deploy.example'", "it is no web address");
    rejects(
        "url = 'https://me:hunter2@deploy.example'",
        "set `secret_headers` instead",
    );
    rejects(
        "url = 'https://a'\nurl_file = 'b'",
        "`url_file` is set as well",
    );
    rejects(
        "url_file = '/does/not/exist'",
        "url_file: /does/not/exist cannot be read",
    );
}

#[test]
fn an_address_is_read_from_its_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "https://deploy.example/c0ffee\n").unwrap();
    let url = read(&format!("url_file = '{}'", file.path().display())).unwrap();
    assert_eq!(url.as_str(), "https://deploy.example/c0ffee");
}

#[test]
fn what_runs_is_told_by_the_same_origin() {
    let with = |running: &str| {
        read(&format!(
            "url = 'https://deploy.example/hook'\nrunning_url = '{running}'"
        ))
    };
    for running in ["/running", "running?all=1", "https://deploy.example:443/r"] {
        assert!(with(running).is_ok(), "{running}");
    }
    for running in [
        "https://other.example/",
        "//other.example/",
        "http://deploy.example/",
        "https://deploy.example:8443/",
        "https://me@deploy.example/",
        "data:,",
    ] {
        let error = with(running).expect_err(running);
        assert!(
            error.contains("running_url: the address is of another origin"),
            "{error}"
        );
    }
}

#[test]
fn durations_have_their_limits() {
    rejects(
        "url = 'https://a'\ntimeout = '31s'",
        "timeout: an answer gets up to `30s`",
    );
    rejects(
        "url = 'https://a'\ntimeout = '0s'",
        "timeout: an answer gets up to `30s`",
    );
    rejects("url = 'https://a'\npoll = '0s'", "poll: a pause is needed");
    rejects("url = 'https://a'\ndeadline = 'soon'", "found `soon`");
    rejects("adress = 'https://a'", "unknown field `adress`");
}

#[test]
fn no_secret_is_in_the_debug_text() {
    let text = "url = 'https://a/c0ffee'\nsecrets = ['c0ffee']\nsecret_headers = { A = 'c0ffee' }";
    let settings: Settings = toml::from_str(text).unwrap();
    let shown = format!("{settings:?}");
    assert!(!shown.contains("c0ffee"), "{shown}");
}
