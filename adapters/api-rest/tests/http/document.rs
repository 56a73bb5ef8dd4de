//! The OpenAPI document.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use registrywatcher_api_rest::openapi;
use serde_json::Value;

use super::house::House;
use super::schema;

/// The path, the method and the operation of each operation.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, operations)| {
            let operations = operations.as_object().unwrap();
            operations
                .iter()
                .map(move |(method, op)| (path.as_str(), method.as_str(), op))
        })
        .collect()
}

fn is_of_go_service(path: &str) -> bool {
    ["/ping", "/repos", "/tags", "/debug"]
        .iter()
        .any(|prefix| path.starts_with(prefix))
}

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi")
}

#[test]
fn the_committed_document_is_the_present_one() {
    let path = committed().join("registrywatcher.json");
    let present = format!("{:#}\n", openapi());
    #[expect(clippy::disallowed_methods, reason = "it is no setting of the service")]
    let update = std::env::var("REGISTRYWATCHER_UPDATE").is_ok_and(|value| value == "1");
    if update {
        fs::write(&path, &present).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == present,
        "openapi/registrywatcher.json is out of date: run this test with REGISTRYWATCHER_UPDATE=1, and commit the file"
    );
}

#[test]
fn it_has_every_operation_and_no_other() {
    let document = openapi();
    let ids: Vec<&str> = operations(&document)
        .iter()
        .map(|(path, method, operation)| {
            operation["operationId"]
                .as_str()
                .unwrap_or_else(|| panic!("{method} {path} has no id"))
        })
        .collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
    let expected = BTreeSet::from([
        "abandonDeployment",
        "changeIntent",
        "changeTag",
        "checkWatch",
        "createDeployment",
        "endFreeze",
        "endFreezeOfWatch",
        "getCaches",
        "getDecision",
        "getDeployment",
        "getFreeze",
        "getHealth",
        "getInstance",
        "getIntent",
        "getMetrics",
        "getReadiness",
        "getTag",
        "getWatch",
        "listDeadLetters",
        "listDeployments",
        "listDeploymentsOfWatch",
        "listEvents",
        "listQuarantine",
        "listRegistries",
        "listRepos",
        "listTags",
        "listWatches",
        "ping",
        "promoteDeployment",
        "releaseFromQuarantine",
        "replayDeadLetter",
        "resetTag",
        "rollBack",
        "setFreeze",
        "setFreezeOfWatch",
        "streamEvents",
        "whoAmI",
    ]);
    assert_eq!(unique, expected);
}

#[test]
fn every_operation_has_a_summary_a_tag_and_a_security_requirement() {
    let document = openapi();
    for (path, method, operation) in operations(&document) {
        assert!(operation["summary"].is_string(), "{method} {path}");
        assert_eq!(
            operation["tags"].as_array().unwrap().len(),
            1,
            "{method} {path}"
        );
        assert!(operation["security"].is_array(), "{method} {path}");
    }
}

#[test]
fn every_error_is_a_problem_but_on_the_go_routes() {
    let document = openapi();
    for (path, method, operation) in operations(&document) {
        let (media_type, schema) = if is_of_go_service(path) {
            ("application/json", "#/components/schemas/Message")
        } else {
            ("application/problem+json", "#/components/schemas/Problem")
        };
        let answers = operation["responses"].as_object().unwrap();
        let errors: Vec<_> = answers
            .iter()
            .filter(|(status, _)| status.as_str() >= "400")
            .collect();
        assert!(
            errors.iter().any(|(status, _)| status.starts_with('4')),
            "{method} {path}"
        );
        assert!(
            errors.iter().any(|(status, _)| status.starts_with('5')),
            "{method} {path}"
        );
        for (status, answer) in errors {
            let content = answer["content"].as_object().unwrap();
            assert_eq!(content.len(), 1, "{method} {path} {status}");
            assert_eq!(
                content[media_type]["schema"]["$ref"], schema,
                "{method} {path} {status}"
            );
        }
    }
}

#[test]
fn every_answer_is_described_and_has_a_number() {
    let document = openapi();
    for (path, method, operation) in operations(&document) {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            assert!(status.parse::<u16>().is_ok(), "{method} {path} {status}");
            let description = answer["description"].as_str().unwrap();
            assert!(!description.is_empty(), "{method} {path} {status}");
        }
    }
}

#[test]
fn it_is_complete_in_itself() {
    let document = openapi();
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split(r#""$ref":""#).skip(1) {
        let reference = reference.split('"').next().unwrap();
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        assert!(schemas.contains_key(name), "{reference}");
    }
    assert!(!text.contains("charset"), "JSON has no charset");
    assert_eq!(document["openapi"], "3.0.3");
    assert_eq!(document["info"]["license"]["name"], "MIT");
    for closed in [
        "IntentChange",
        "DeploymentDemand",
        "RollbackDemand",
        "FreezeDemand",
    ] {
        assert_eq!(schemas[closed]["additionalProperties"], false);
    }
}

#[test]
fn every_example_is_of_its_schema() {
    let document = openapi();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let examples = schemas
        .iter()
        .filter_map(|(name, schema)| Some((name, schema, schema.get("example")?)));
    let examples: Vec<_> = examples.collect();
    assert!(!examples.is_empty());
    for (name, schema, example) in examples {
        let checked = schema::check(&document, schema, example);
        assert_eq!(checked, Ok(()), "{name}");
    }
}

#[test]
fn every_enumeration_says_that_it_may_grow() {
    let document = openapi();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    // Of these there can be no other.
    let closed = ["HealthStatus", "ReadinessStatus"];
    for (name, schema) in schemas {
        if schema.get("enum").is_none() || closed.contains(&name.as_str()) {
            continue;
        }
        let description = schema["description"].as_str().unwrap_or_default();
        assert!(description.contains("There may be new"), "{name}");
    }
}

#[test]
fn every_kind_of_problem_is_explained() {
    let readme = fs::read_to_string(committed().join("README.md")).unwrap();
    let source = include_str!("../../src/problem/kind.rs");
    let kinds = source.split('"').filter(|text| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    });
    let kinds: Vec<&str> = kinds.collect();
    assert_eq!(kinds.len(), 36, "{kinds:?}");
    for kind in kinds {
        assert!(
            readme.contains(&format!("### {kind}\n")),
            "openapi/README.md does not explain {kind}"
        );
    }
}

#[tokio::test]
async fn it_is_served() {
    let house = House::new().await;
    let answer = house.get("/openapi.json").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, openapi());
}
