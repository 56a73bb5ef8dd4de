use std::time::Duration;

use reqwest::Method;

use super::Engine;
use crate::error::ApiError;
use crate::task::Task;

/// How long a node may take to tell: what was written is worth no longer wait.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How much of it goes into a message.
const MAX_TEXT: usize = 500;

impl Engine {
    /// The last lines that a task wrote; empty where they cannot be had, as with most drivers of logs.
    pub(crate) async fn last_lines(&self, task: &Task) -> String {
        let written = self.read_log(task).await.unwrap_or_default();
        let text = if task.template().has_terminal() {
            written
        } else {
            without_headers(&written)
        };
        let text = String::from_utf8_lossy(&text);
        let surplus = text.trim().chars().count().saturating_sub(MAX_TEXT);
        text.trim().chars().skip(surplus).collect()
    }

    async fn read_log(&self, task: &Task) -> Result<Vec<u8>, ApiError> {
        let query = [("stdout", "true"), ("stderr", "true"), ("tail", "5")];
        let request = self
            .request(Method::GET, &["tasks", &task.id, "logs"])
            .await?
            .query(&query)
            .timeout(TIMEOUT.min(self.timeout));
        let written = super::send(request).await?.bytes().await;
        Ok(written.map_err(ApiError::of_transport)?.to_vec())
    }
}

/// Takes the eight bytes off that stand before each piece of output: its stream, three zeros, and its length.
fn without_headers(mut written: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    while let Some((header, rest)) = written.split_first_chunk::<8>() {
        let [_, _, _, _, length @ ..] = *header;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        let (piece, rest) = rest.split_at(length.min(rest.len()));
        text.extend_from_slice(piece);
        written = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_read_without_what_stands_before_each_piece() {
        let written = b"\x01\0\0\0\0\0\0\x04one\n\x02\0\0\0\0\0\0\x04two\n";
        assert_eq!(without_headers(written), b"one\ntwo\n");
        assert_eq!(without_headers(b"\x01\0\0\0\0\0\0\xffcut"), b"cut");
        assert_eq!(without_headers(b"\x01\0"), b"");
    }
}
