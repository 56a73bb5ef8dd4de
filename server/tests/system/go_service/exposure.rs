use super::{GoSite, TOKEN, filled_in, token_lines};
use crate::databases::Database;
use crate::program::Program;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_the_sample_is_not_served_to_a_network_until_the_lines_that_are_told_are_added()
 {
    let Some(site) = GoSite::open(Database::sqlite()).await else {
        return;
    };
    let without_token = filled_in(&site.registry, &site.database);
    let program = Program::new(&without_token);
    let ended = program.run(&["serve"]).await;
    assert_eq!(ended.code, Some(64), "{ended:?}");
    let (_, lines) = ended.stderr.split_once("add these lines").unwrap();
    let (_, lines) = lines.split_once(":\n").unwrap();

    let expected = token_lines();
    let (_, hash) = expected.split_once("sha256 = ").unwrap();
    let lines = lines.replace("\"<sha-256 of the token>\"", hash.trim());
    let program = Program::new(&(without_token + &lines));
    let service = program.serve().await.with_token(TOKEN);
    service.ready().await;
}
