use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::time::timeout;

use super::*;

/// What the server answers to each byte.
const ANSWER: &[u8] = b"0123456789";

/// Long enough for what passes at once, short enough to wait for what does not.
const A_MOMENT: Duration = Duration::from_millis(200);

async fn proxied() -> FaultProxy {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let server = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(answer(client));
        }
    });
    FaultProxy::before(Server::Tcp(server)).await.unwrap()
}

async fn answer(mut client: impl AsyncReadExt + AsyncWriteExt + Unpin) {
    while client.read_u8().await.is_ok() {
        if client.write_all(ANSWER).await.is_err() {
            return;
        }
    }
}

async fn connect(proxy: &FaultProxy) -> TcpStream {
    TcpStream::connect(proxy.address()).await.unwrap()
}

async fn ask(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    client.write_u8(0).await?;
    let mut answer = vec![0; ANSWER.len()];
    client.read_exact(&mut answer).await?;
    Ok(answer)
}

/// All that comes after one question until the connection ends.
async fn ask_to_the_end(client: &mut TcpStream) -> (Vec<u8>, io::Result<()>) {
    client.write_u8(0).await.unwrap();
    let mut answer = Vec::new();
    let ended = client.read_to_end(&mut answer).await;
    (answer, ended.map(|_| ()))
}

#[tokio::test]
async fn without_a_fault_everything_passes() {
    let proxy = proxied().await;
    let mut client = connect(&proxy).await;
    for _ in 0..3 {
        assert_eq!(ask(&mut client).await.unwrap(), ANSWER);
    }
}

#[tokio::test]
async fn a_server_behind_a_unix_socket_is_reached_over_tcp() {
    let path = std::env::temp_dir().join(format!("fault-proxy-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        answer(client).await;
    });
    let proxy = FaultProxy::before(Server::Unix(path.clone()))
        .await
        .unwrap();
    assert_eq!(ask(&mut connect(&proxy).await).await.unwrap(), ANSWER);
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_refusing_port_cuts_what_is_open_and_opens_again() {
    let mut proxy = proxied().await;
    let mut client = connect(&proxy).await;
    ask(&mut client).await.unwrap();
    proxy.set(Fault::Refuse).await.unwrap();
    assert!(ask(&mut client).await.is_err());
    let refused = TcpStream::connect(proxy.address()).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    proxy.set(Fault::None).await.unwrap();
    assert_eq!(ask(&mut connect(&proxy).await).await.unwrap(), ANSWER);
}

#[tokio::test]
async fn what_hangs_passes_once_that_is_over() {
    let mut proxy = proxied().await;
    let mut open = connect(&proxy).await;
    ask(&mut open).await.unwrap();
    proxy.set(Fault::Hang).await.unwrap();
    let mut new = connect(&proxy).await;
    for client in [&mut open, &mut new] {
        assert!(timeout(A_MOMENT, ask(client)).await.is_err());
    }
    proxy.set(Fault::None).await.unwrap();
    for client in [&mut open, &mut new] {
        let mut late = vec![0; ANSWER.len()];
        client.read_exact(&mut late).await.unwrap();
        assert_eq!(late, ANSWER);
    }
}

#[tokio::test]
async fn a_reset_strikes_in_the_middle_of_an_answer() {
    let mut proxy = proxied().await;
    proxy.set(Fault::Reset { after: 4 }).await.unwrap();
    let (answer, ended) = ask_to_the_end(&mut connect(&proxy).await).await;
    // What was not read yet may be lost with a reset.
    assert!(b"0123".starts_with(&answer), "{answer:?}");
    let error = ended.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_truncated_answer_ends_as_if_it_was_complete() {
    let mut proxy = proxied().await;
    let mut open = connect(&proxy).await;
    ask(&mut open).await.unwrap();
    proxy.set(Fault::Truncate { after: 4 }).await.unwrap();
    for client in [&mut open, &mut connect(&proxy).await] {
        let (answer, ended) = ask_to_the_end(client).await;
        assert_eq!(answer, b"0123");
        ended.unwrap();
    }
}

#[tokio::test]
async fn slow_answers_trickle() {
    let mut proxy = proxied().await;
    let slow = Fault::Slow {
        bytes_per_second: 20,
    };
    proxy.set(slow).await.unwrap();
    let began = Instant::now();
    assert_eq!(ask(&mut connect(&proxy).await).await.unwrap(), ANSWER);
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(350), "{took:?}");
}

#[tokio::test]
async fn a_cut_ends_open_connections_and_no_new_ones() {
    let proxy = proxied().await;
    let mut client = connect(&proxy).await;
    ask(&mut client).await.unwrap();
    proxy.cut();
    assert!(ask(&mut client).await.is_err());
    assert_eq!(ask(&mut connect(&proxy).await).await.unwrap(), ANSWER);
}
