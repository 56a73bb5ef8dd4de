use poem::endpoint::make_sync;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;

/// A server that answers everything at once.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Running {
    async fn start(endpoint: impl Endpoint + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        let serving = tokio::spawn(serve(listener, endpoint, stopped, Duration::from_secs(10)));
        Self {
            address,
            stop,
            serving,
        }
    }

    /// Sends `text`, and gives what is answered until the server closes the connection, and how long that took.
    async fn sends(&self, text: &str) -> (String, Duration) {
        let start = Instant::now();
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // An answer may be followed by a reset, as not all of a request was read.
        let _ = stream.read_to_end(&mut answer).await;
        (String::from_utf8(answer).unwrap(), start.elapsed())
    }
}

fn hello() -> impl Endpoint {
    make_sync(|_| "hello")
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_no_request_is_left() {
    let server = Running::start(hello()).await;
    // The second begins as HTTP/2 does, and the last has the other requests behind it.
    for text in [
        "",
        "PRI * HT",
        "GET / HTTP/1.1\r\nhost: a\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\n",
    ] {
        let (answer, took) = server.sends(text).await;
        assert_eq!(
            answer.contains("hello"),
            text.contains("\r\n\r\n"),
            "{text:?}: {answer}"
        );
        let limit = HEAD_TIMEOUT..HEAD_TIMEOUT + Duration::from_secs(1);
        assert!(limit.contains(&took), "{text:?}: {took:?}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = Running::start(hello()).await;
    let with = |headers: &str| format!("GET / HTTP/1.1\r\nconnection: close\r\n{headers}\r\n");
    let (fits, _) = server
        .sends(&with(&"a: b\r\n".repeat(MOST_HEADERS - 1)))
        .await;
    assert!(fits.starts_with("HTTP/1.1 200"), "{fits}");
    for headers in [
        "a: b\r\n".repeat(MOST_HEADERS),
        format!("a: {}\r\n", "b".repeat(usize::from(LARGEST_HEAD))),
    ] {
        let (answer, _) = server.sends(&with(&headers)).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_begun_may_end_but_not_go_on_for_ever() {
    let slow = poem::endpoint::make(|_| async {
        sleep(Duration::from_mins(10)).await;
        Ok::<_, poem::Error>("late")
    });
    let server = Running::start(slow).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    stream.write_all(request).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let asked = Instant::now();
    server.stop.send(()).unwrap();
    server.serving.await.unwrap();
    assert_eq!(asked.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_does_not_hold_up_the_end() {
    let server = Running::start(hello()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    let asked = Instant::now();
    server.stop.send(()).unwrap();
    server.serving.await.unwrap();
    assert!(asked.elapsed() < Duration::from_secs(1));
}
