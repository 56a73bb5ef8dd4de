//! The socket that Nomad gives a task (`${NOMAD_SECRETS_DIR}/api.sock`).

use std::path::Path;

use registrywatcher::ports::Deployer;
use registrywatcher_conformance::samples;
use registrywatcher_deployer_nomad::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

use crate::support::deployer;

const JOB: &str = r#"{"ID":"web","TaskGroups":[{"Name":"app","Tasks":
    [{"Name":"app","Driver":"docker","Config":{"image":"team/web:v1"}}]}]}"#;

/// Answers one request with a job, and gives the request's head.
fn answer_once(socket: &Path) -> tokio::task::JoinHandle<String> {
    let listener = UnixListener::bind(socket).expect("a socket can be made");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody connects");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a whole request arrives"));
        }
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{JOB}",
            JOB.len()
        );
        stream
            .write_all(answer.as_bytes())
            .await
            .expect("the answer is taken");
        String::from_utf8(head)
            .expect("a request is text")
            .to_lowercase()
    })
}

#[tokio::test]
async fn nomad_is_reached_over_a_unix_socket_with_the_token_of_the_task() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("api.sock");
    let token = folder.path().join("nomad_token");
    std::fs::write(&token, "secret\n").expect("a file can be written");
    let request = answer_once(&socket);

    let nomad = deployer(Settings {
        address: Some(format!("unix://{}", socket.display())),
        token_file: Some(token),
        http_auth: Some("me:pass:word".into()),
        ..Settings::default()
    });
    let running = nomad
        .running(&samples::workload("nomad", &[("job", "web")]))
        .await;

    let running = running
        .expect("it can be asked for")
        .expect("it runs an image");
    assert_eq!(running.image.to_string(), "team/web:v1");
    let head = request.await.expect("the request was read");
    assert!(
        head.starts_with("get /v1/job/web?namespace=default http/1.1"),
        "{head}"
    );
    assert!(head.contains("x-nomad-token: secret\r\n"), "{head}");
    assert!(
        head.contains("authorization: basic bwu6cgfzczp3b3jk"),
        "{head}"
    );
    assert!(head.contains("user-agent: registrywatcher/"), "{head}");
}
