use super::*;

async fn plan(nomad: &SimulatedNomad, change: impl FnOnce(&mut Value)) -> Value {
    let mut job = get(nomad, "/v1/job/web").await.json();
    change(&mut job);
    let body = json!({"Job": job, "Diff": true});
    post(nomad, "/v1/job/web/plan", body).await.json()
}

#[tokio::test]
async fn a_new_image_is_planned_as_a_replacement() {
    let nomad = running_web().await;
    let plan = plan(&nomad, |job| {
        set_image(job, NEW);
        job["TaskGroups"][0]["Tasks"][0]["Meta"] = json!({"registrywatcher_tag": "v2"});
    })
    .await;
    assert_eq!(
        plan["JobModifyIndex"],
        nomad.job("web").unwrap()["JobModifyIndex"]
    );
    assert_eq!(plan["FailedTGAllocs"], Value::Null);
    let updates = &plan["Annotations"]["DesiredTGUpdates"]["app"];
    assert_eq!(
        (&updates["DestructiveUpdate"], &updates["Place"]),
        (&json!(1), &json!(0))
    );

    assert_eq!(plan["Diff"]["Type"], "Edited");
    let group = &plan["Diff"]["TaskGroups"][0];
    assert_eq!(group["Updates"], json!({"create/destroy update": 1}));
    let task = &group["Tasks"][0];
    let field = |kind: &str, name: &str, old: &str, new: &str| json!({"Type": kind, "Name": name, "Old": old, "New": new, "Annotations": null});
    assert_eq!(
        task["Fields"],
        json!([field("Added", "Meta[registrywatcher_tag]", "", "v2")])
    );
    assert_eq!(task["Objects"][0]["Name"], "Config");
    assert_eq!(
        task["Objects"][0]["Fields"],
        json!([field("Edited", "image", OLD, NEW)])
    );
    assert_eq!(nomad.versions("web").len(), 1);
}

#[tokio::test]
async fn no_change_and_a_change_in_place_are_planned_as_such() {
    let nomad = running_web().await;
    let same = plan(&nomad, |_| {}).await;
    assert_eq!(same["Diff"]["Type"], "None");
    assert_eq!(
        same["Diff"]["TaskGroups"][0]["Updates"],
        json!({"ignore": 1})
    );
    let scaled = plan(&nomad, |job| job["TaskGroups"][0]["Count"] = 3.into()).await;
    let updates = &scaled["Diff"]["TaskGroups"][0]["Updates"];
    assert_eq!(*updates, json!({"create": 2, "in-place update": 1}));
}

#[tokio::test]
async fn a_plan_says_what_would_find_no_place() {
    let nomad = running_web().await;
    nomad.exhaust_capacity();
    let plan = plan(&nomad, |job| set_image(job, NEW)).await;
    let exhausted = &plan["FailedTGAllocs"]["app"]["DimensionExhausted"];
    assert_eq!(*exhausted, json!({"memory": 1}));
}
