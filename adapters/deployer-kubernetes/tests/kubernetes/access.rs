//! Credentials.

use registrywatcher::ports::Deployer;

use crate::support::{Cluster, apply, assert_refused};

#[tokio::test]
async fn credentials_that_are_not_believed_are_refused() {
    let cluster = Cluster::start().await;
    cluster
        .kubernetes
        .fault(|faults| faults.token = Some("second".into()));
    let answer = cluster.begin(apply(1, "v2", 2)).await;
    assert_refused(&answer, "401 Unauthorized");
    assert!(!format!("{answer:?}").contains("first"), "{answer:?}");
}

#[tokio::test]
async fn an_exec_plugin_is_run_again_when_its_token_is_no_longer_believed() {
    let cluster = Cluster::start().await;
    let printed = cluster.folder().join("credential");
    let issue = |token: &str| {
        let credential = serde_json::json!({
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
            "status": { "token": token },
        });
        std::fs::write(&printed, credential.to_string()).expect("a file can be written");
        cluster
            .kubernetes
            .fault(|faults| faults.token = Some(token.into()));
    };
    issue("one");
    let path = printed.display();
    let user = format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, command: cat, args: [\"{path}\"], \
         interactiveMode: Never}}"
    );
    let deployer = cluster.open_as(&user);
    let web = apply(1, "v2", 2).workload;
    deployer.running(&web).await.expect("the first is believed");
    issue("two");
    deployer.running(&web).await.expect("so is the second");
}

#[tokio::test]
async fn a_plugin_that_fails_makes_the_cluster_unavailable_and_tells_nothing_it_printed() {
    let cluster = Cluster::start().await;
    let user = "exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, \
                args: [-c, \"echo token-of-mine; exit 3\"], interactiveMode: Never}";
    let deployer = cluster.open_as(user);
    let error = deployer
        .running(&apply(1, "v2", 2).workload)
        .await
        .expect_err("there are no credentials");
    assert!(error.is_transient(), "{error:?}");
    let text = format!("{error} {error:?}");
    assert!(text.contains("ended with exit status: 3"), "{text}");
    assert!(!text.contains("token-of-mine"), "{text}");
}
