use registrywatcher::deployment::{DeploymentId, Running};
use registrywatcher::image::ImageReference;
use registrywatcher::ports::DeployError;
use registrywatcher::watch::{Address, Workload};
use reqwest::StatusCode;
use serde::Deserialize;
use url::Url;

use crate::answer::is_passing;
use crate::client::Answer;
use crate::error::{refused, unavailable};

/// What the receiver says that a workload runs. All keys must be there: a receiver that cannot tell a deployment of ours from
/// another is not taken for one that can.
#[derive(Deserialize)]
struct Wire {
    #[serde(deserialize_with = "Option::deserialize")]
    image: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    tag: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    deployment: Option<String>,
}

/// Where the receiver tells what the workload at `address` runs.
pub(crate) fn url(base: &Url, address: &Address) -> Url {
    let mut url = base.clone();
    if address.iter().len() > 0 {
        url.query_pairs_mut().extend_pairs(address.iter());
    }
    url
}

/// Reads what it tells.
pub(crate) fn read(answer: &Answer, workload: &Workload) -> Result<Option<Running>, DeployError> {
    match answer.status {
        StatusCode::OK => parse(&answer.body).map_err(|problem| {
            let problem = format!("what it runs cannot be read: {problem}");
            unavailable(workload, problem)
        }),
        StatusCode::NOT_FOUND => Err(DeployError::WorkloadNotFound {
            workload: workload.clone(),
            problem: answer.words(),
        }),
        status if status.is_client_error() && !is_passing(status) => {
            Err(refused(workload, answer.words()))
        }
        _ => Err(unavailable(workload, answer.words())),
    }
}

fn parse(body: &str) -> Result<Option<Running>, String> {
    let wire: Wire = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let Some(image) = wire.image else {
        return Ok(None);
    };
    let image: ImageReference = image.parse().map_err(said)?;
    let tag = wire.tag.map(|tag| tag.parse().map_err(said)).transpose()?;
    let mark: Option<DeploymentId> = wire
        .deployment
        .map(|id| id.parse().map_err(|_| format!("`{id}` is no id")))
        .transpose()?;
    Ok(Some(Running {
        image,
        tag,
        platform: None,
        mark,
    }))
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use registrywatcher_conformance::samples::workload;

    use super::*;

    #[test]
    fn the_parts_of_an_address_are_escaped_in_the_query() {
        let base: Url = "https://deploy.example/running?key=1".parse().unwrap();
        let web = workload("platform", &[("name", "a&b=c/ü"), ("stage", "x")]);
        let expected = "https://deploy.example/running?key=1&name=a%26b%3Dc%2F%C3%BC&stage=x";
        assert_eq!(url(&base, &web.address).as_str(), expected);
        let nameless = workload("platform", &[]);
        assert_eq!(url(&base, &nameless.address), base);
    }

    #[test]
    fn every_key_must_be_there() {
        let problem = |body: &str| parse(body).unwrap_err();
        assert!(problem(r#"{"image": "web:v1", "tag": null}"#).contains("`deployment`"));
        assert!(problem(r#"{"tag": null, "deployment": null}"#).contains("`image`"));
        let nothing = r#"{"image": null, "tag": null, "deployment": null}"#;
        assert_eq!(parse(nothing), Ok(None));
    }

    #[test]
    fn what_breaks_a_grammar_is_not_taken() {
        for (body, expected) in [
            (
                r#"{"image": "A B", "tag": null, "deployment": null}"#,
                "A B",
            ),
            (
                r#"{"image": "web", "tag": ".x", "deployment": null}"#,
                "`.`",
            ),
            (
                r#"{"image": "web", "tag": null, "deployment": "7"}"#,
                "`7` is no id",
            ),
            ("<html>", "expected value"),
        ] {
            let problem = parse(body).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }
}
