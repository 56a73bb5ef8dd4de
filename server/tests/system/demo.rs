//! `demo`.

use std::time::Duration;

use crate::program::Program;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_tells_of_releases_that_succeed_and_one_that_is_reverted() {
    let program = Program::new("");
    let demo = program.start(&["demo", "--seconds", "20"]);
    tokio::time::timeout(Duration::from_mins(1), async {
        let ended = demo.ended().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let summary = ended.stdout.trim_end().lines().last().unwrap().to_owned();
        let counts: Vec<u32> = summary
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect();
        let [succeeded, reverted, ..] = counts[..] else {
            panic!("{summary}");
        };
        assert!(succeeded > 0 && reverted > 0, "{summary}");
        assert_eq!(ended.stderr, "");
    })
    .await
    .unwrap();
}
