//! What breaks off is taken up again, and demands nothing twice.

use std::collections::BTreeSet;

use serde_json::json;

use super::double::{Double, answer, stream};
use crate::operating::says;
use crate::program::Program;

fn event(id: u64) -> String {
    let event = json!({
        "id": id,
        "at": "2026-01-01T00:00:00Z",
        "kind": "polled",
        "severity": "info",
        "message": format!("number {id}"),
    });
    format!("id: {id}\nevent: polled\ndata: {event}\n\n")
}

fn problem(status: u16, detail: &str) -> String {
    let problem = json!({
        "type": "about:blank",
        "title": "No",
        "status": status,
        "detail": detail,
        "request_id": "r",
        "errors": [{ "name": "some_field", "detail": "is\nodd" }],
    });
    answer(
        &format!("{status} No"),
        "application/problem+json",
        &problem.to_string(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_off_is_taken_up_where_it_ended() {
    let double = Double::answering(vec![
        stream(&format!(
            ": alive\n\n{}{}data: {{\"id\"",
            event(7),
            event(8)
        )),
        problem(503, "too many"),
        stream(&format!("{}{}", event(8), event(9))),
        problem(403, "not any more"),
    ])
    .await;
    let follow = [
        "ctl",
        "events",
        "--follow",
        "--after",
        "6",
        "--server",
        double.url(),
    ];
    let ended = Program::new("").run(&follow).await;
    says(&ended, 1, "not any more\n  some_field: is odd\n");
    let told: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(told.len(), 3, "{ended:?}");
    for (line, number) in told.iter().zip(["number 7", "number 8", "number 9"]) {
        assert!(line.ends_with(number), "{ended:?}");
    }
    let requests = double.requests();
    for (request, last) in requests.iter().zip([6, 8, 8, 9]) {
        let header = format!("last-event-id: {last}\r\n");
        assert!(request.contains(&header), "{header}: {requests:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demand_whose_answer_is_lost_is_made_again_under_the_same_key() {
    let asked = json!({
        "request": "0198c0de-0000-7000-8000-000000000001",
        "deployments": [],
        "ended": false,
    });
    let double = Double::answering(vec![
        String::new(),
        answer("202 Accepted", "application/json", &asked.to_string()),
    ])
    .await;
    let deploy = ["ctl", "deploy", "web", "--server", double.url()];
    says(&Program::new("").run(&deploy).await, 0, "000000000001");
    let requests = double.requests();
    let lines = requests.iter().flat_map(|request| request.lines());
    let keys = lines.filter(|line| line.starts_with("idempotency-key: "));
    let keys: Vec<&str> = keys.collect();
    assert_eq!(keys.len(), 2, "{requests:?}");
    assert_eq!(BTreeSet::from_iter(&keys).len(), 1, "{keys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_cannot_be_opened_is_not_waited_for() {
    let follow = [
        "ctl",
        "events",
        "--follow",
        "--server",
        "http://127.0.0.1:1",
    ];
    for after in [&[][..], &["--after", "6"]] {
        let ended = Program::new("").run(&[&follow, after].concat()).await;
        says(&ended, 3, "http://127.0.0.1:1 does not answer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_registrywatcher_is_told() {
    let page = answer("200 OK", "text/html", "<html>");
    let gateway = answer("502 Bad Gateway", "text/html", "<html>");
    let elsewhere = "HTTP/1.1 302 Found\r\nlocation: /\r\nconnection: close\r\n\r\n".to_owned();
    let double = Double::answering(vec![page, gateway, elsewhere]).await;
    let watches = ["ctl", "watches", "--server", double.url()];
    let program = Program::new("");
    says(
        &program.run(&watches).await,
        1,
        "not one of registrywatcher's API",
    );
    says(&program.run(&watches).await, 3, "502 Bad Gateway");
    says(&program.run(&watches).await, 1, "302 Found");
}
