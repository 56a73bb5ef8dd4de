//! Services whose tasks come to an end.

use registrywatcher::ports::Progress;
use serde_json::{Value, json};

use crate::support::{World, failed};

/// A job that is done when two tasks of its image have exited with 0.
fn job(spec: &mut Value) {
    spec["Mode"] = json!({ "ReplicatedJob": { "MaxConcurrent": 2, "TotalCompletions": 2 } });
    spec["TaskTemplate"]["RestartPolicy"] = json!({ "Condition": "none" });
    // There is nothing to roll: a job begins anew.
    for key in ["UpdateConfig", "RollbackConfig"] {
        spec.as_object_mut().expect("an object").remove(key);
    }
}

#[tokio::test]
async fn a_job_succeeds_once_its_tasks_are_complete_and_fails_once_none_is_tried_again() {
    let Some(world) = World::new().await else {
        return;
    };
    world.create(&world.name, job).await;
    let ends = &[r#"ENTRYPOINT ["/app", "check-passes"]"#];
    let ends = world.engine.push(&world.repository, "ends", ends).await;
    assert_eq!(world.deploy(1, "ends", &ends).await, Progress::Succeeded);

    let outcome = world.deploy(2, "v3", &world.images.fails).await;
    let (blames_image, restored, message) = failed(&outcome);
    assert!(blames_image && !restored, "{message}");
    assert!(message.contains("non-zero exit (3)"), "{message}");
}
