use registrywatcher_docker_engine::{AUTH, ApiError, send};
use reqwest::{Method, Response};
use serde_json::Value;

use super::Engine;
use crate::image::Image;

/// The longest line of a pull's answer that is read; they are some hundred bytes.
const MAX_LINE: usize = 1 << 20;

impl Engine {
    /// The image of that reference or id, if it is there.
    pub(crate) async fn image(&self, reference: &str) -> Result<Option<Image>, ApiError> {
        Ok(self
            .find(&["images", reference, "json"])
            .await?
            .map(Image::new))
    }

    /// Pulls `repository` by `digest`; `auth` is the header that presents credentials, if any.
    ///
    /// The answer is a success before the pull has begun, so that it is read to its end: a failure is one of its lines.
    pub(crate) async fn pull(
        &self,
        repository: &str,
        digest: &str,
        auth: Option<&str>,
    ) -> Result<(), ApiError> {
        let query = [("fromImage", repository), ("tag", digest)];
        let mut request = self
            .client
            .request(Method::POST, &["images", "create"])
            .await?
            .query(&query)
            .timeout(self.pull_timeout);
        if let Some(auth) = auth {
            request = request.header(AUTH, auth);
        }
        read_to_end(send(request).await?).await
    }

    /// Lets `repository:tag` mean `image` here, as if it had been pulled by that tag.
    pub(crate) async fn tag(
        &self,
        image: &str,
        repository: &str,
        tag: &str,
    ) -> Result<(), ApiError> {
        let query = [("repo", repository), ("tag", tag)];
        self.post(&["images", image, "tag"], &query).await
    }
}

async fn read_to_end(mut response: Response) -> Result<(), ApiError> {
    let mut line = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ApiError::of_transport)? {
        for &byte in &chunk {
            if byte == b'\n' {
                told_failure(&line)?;
                line.clear();
            } else if line.len() < MAX_LINE {
                line.push(byte);
            }
        }
    }
    told_failure(&line)
}

fn told_failure(line: &[u8]) -> Result<(), ApiError> {
    let Ok(line) = serde_json::from_slice::<Value>(line) else {
        return Ok(());
    };
    let told = line["errorDetail"]["message"]
        .as_str()
        .or_else(|| line["error"].as_str());
    match told {
        Some(message) => Err(ApiError::Failed(message.to_owned())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn tells(line: &str, expected: Option<&str>) {
        let told = match told_failure(line.as_bytes()) {
            Err(ApiError::Failed(message)) => Some(message),
            _ => None,
        };
        assert_eq!(told.as_deref(), expected, "{line}");
    }

    #[test]
    fn a_pull_that_was_answered_with_success_may_still_fail() {
        tells(r#"{"status":"Pulling from web"}"#, None);
        tells(
            r#"{"errorDetail":{"message":"unknown blob"},"error":"unknown blob"}"#,
            Some("unknown blob"),
        );
        tells(r#"{"error":"of an old engine"}"#, Some("of an old engine"));
        tells("", None);
    }
}
