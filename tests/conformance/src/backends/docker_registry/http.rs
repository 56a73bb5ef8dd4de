use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How long the registry may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// As much of HTTP as a push to loopback takes: one request, one answer, one connection.
#[derive(Debug)]
pub(super) struct Http {
    address: String,
    authorization: String,
}

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Answer {
    head: String,
}

impl Http {
    pub(super) fn new(address: &str, login: Option<(&str, &str)>) -> Self {
        let authorization = login.map(|(user, password)| {
            let login = STANDARD.encode(format!("{user}:{password}"));
            format!("authorization: Basic {login}\r\n")
        });
        Self {
            address: address.to_owned(),
            authorization: authorization.unwrap_or_default(),
        }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Sends a request, which must succeed.
    pub(super) fn send(&self, method: &str, path: &str, media_type: &str, body: &str) -> Answer {
        let Self {
            address,
            authorization,
        } = self;
        // In HTTP/1.0 an answer ends with its connection.
        let request = format!(
            "{method} {path} HTTP/1.0\r\nhost: {address}\r\n{authorization}content-type: {media_type}\r\n\
             content-length: {length}\r\n\r\n{body}",
            length = body.len(),
        );
        let answer = exchange(address, &request)
            .unwrap_or_else(|error| panic!("{method} {path} cannot be sent to {address}: {error}"));
        let is_success = answer
            .split_once(' ')
            .is_some_and(|(_, status)| status.starts_with('2'));
        assert!(is_success, "{method} {path} is refused: {answer}");
        let (head, _) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        Answer {
            head: head.to_owned(),
        }
    }
}

impl Answer {
    /// The value of a header, named in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

fn exchange(address: &str, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
