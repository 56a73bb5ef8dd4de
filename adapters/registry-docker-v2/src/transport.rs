use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderValue, LOCATION,
    RETRY_AFTER,
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use url::Url;

use crate::answer::Answer;
use crate::credential::CredentialId;
use crate::fault::Fault;
use crate::guard;
use crate::limits::Limits;
use crate::telemetry;

/// Sends single requests, and follows their redirects.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) client: Client,
    pub(crate) timeout: Duration,
    pub(crate) limits: Limits,
}

/// A request for something of a registry.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) accept: &'static str,
    /// The most bytes that its answer may have.
    pub(crate) limit: usize,
}

/// More are a loop.
const MAX_REDIRECTS: usize = 10;

/// The most that is read of an answer that is no success; the rest says nothing.
const MAX_ERROR_BYTES: usize = 64 << 10;

impl Transport {
    /// Sends a request and follows where it is redirected to; credentials stay with the server they are for.
    pub(crate) async fn send(
        &self,
        request: &Request,
        credential: CredentialId,
        mut authorization: Option<HeaderValue>,
    ) -> Result<Answer, Fault> {
        let mut url = request.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(request.accept));
            headers.extend(authorization.clone().map(|value| (AUTHORIZATION, value)));
            let builder = self
                .client
                .request(request.method.clone(), url.clone())
                .headers(headers);
            let mut answer = self.exchange(builder, credential, request.limit).await?;
            answer.redirected = !guard::same_origin(&url, &request.url);
            let location = answer
                .header(LOCATION)
                .filter(|_| is_redirect(answer.status));
            let Some(location) = location else {
                return Ok(answer);
            };
            let target = guard::redirect(&url, location)?;
            if !guard::same_origin(&target, &url) {
                authorization = None;
            }
            url = target;
        }
        Err(Fault::Invalid(format!(
            "it redirects more than {MAX_REDIRECTS} times"
        )))
    }

    /// Sends a request and reads its answer; a wait that is asked for holds for all that follows, whoever asks.
    pub(crate) async fn exchange(
        &self,
        builder: RequestBuilder,
        credential: CredentialId,
        limit: usize,
    ) -> Result<Answer, Fault> {
        let began = self.limits.clock.monotonic();
        let outcome = self.try_exchange(builder, credential, limit).await;
        let took = self.limits.clock.monotonic().saturating_sub(began);
        telemetry::requested(&self.limits.registry, outcome.as_ref().err(), took);
        outcome
    }

    async fn try_exchange(
        &self,
        builder: RequestBuilder,
        credential: CredentialId,
        limit: usize,
    ) -> Result<Answer, Fault> {
        let builder = builder
            .header(ACCEPT_ENCODING, "identity")
            .timeout(self.timeout);
        let response = builder.send().await.map_err(Fault::no_answer)?;
        let answer = Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: read(response, limit).await?,
            redirected: false,
        };
        if asks_to_wait(&answer) {
            let wait = self.limits.asked_to_wait(credential, &answer.headers);
            return Err(Fault::RateLimited(wait));
        }
        if is_passing(answer.status) {
            return Err(Fault::Unavailable {
                problem: answer.words(),
                source: None,
                may_pass: true,
            });
        }
        check_encoding(&answer)?;
        Ok(answer)
    }
}

fn asks_to_wait(answer: &Answer) -> bool {
    answer.status == StatusCode::TOO_MANY_REQUESTS
        || (answer.status == StatusCode::SERVICE_UNAVAILABLE
            && answer.headers.contains_key(RETRY_AFTER))
}

/// Refuses a body that is encoded although that was not accepted: it would have another digest than what it encodes.
fn check_encoding(answer: &Answer) -> Result<(), Fault> {
    match answer.header(CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" && !answer.body.is_empty() => {
            Err(Fault::Invalid(format!(
                "it encodes its answer as `{}` although that is not accepted",
                guard::shorten(encoding)
            )))
        }
        _ => Ok(()),
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Whether a status is likely to pass by itself: what gateways answer while something behind them restarts.
fn is_passing(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        408 | 499 | 500 | 502 | 503 | 504 | 520..=524
    )
}

/// Reads a body up to a limit, beyond which a success is refused and anything else cut off.
async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, Fault> {
    let is_success = response.status().is_success();
    let limit = if is_success { limit } else { MAX_ERROR_BYTES };
    let too_long = || Fault::Invalid(format!("its answer is longer than {limit} bytes"));
    let announced = response.content_length().unwrap_or(0);
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    if is_success && announced > limit {
        return Err(too_long());
    }
    let mut body = Vec::with_capacity(announced.min(limit));
    while let Some(chunk) = response.chunk().await.map_err(Fault::no_answer)? {
        if body.len() + chunk.len() <= limit {
            body.extend_from_slice(&chunk);
        } else if is_success {
            return Err(too_long());
        } else {
            body.extend_from_slice(&chunk[..limit - body.len()]);
            break;
        }
    }
    Ok(body)
}
