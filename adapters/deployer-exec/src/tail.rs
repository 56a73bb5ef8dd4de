use std::collections::VecDeque;
use std::io::Write;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The end of what a command writes; the rest is read, so that it never blocks, and forgotten.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    bytes: VecDeque<u8>,
}

/// How much is kept.
const KEPT: usize = 64 * 1024;
/// How much of it goes into a message.
const MOST_LINES: usize = 5;
const MOST_CHARACTERS: usize = 1000;

impl Tail {
    /// Reads to the end, or until reading fails, and writes it to `copy` as well, where there is one.
    pub(crate) async fn fill(
        &mut self,
        from: Option<impl AsyncRead + Unpin>,
        mut copy: Option<impl Write>,
    ) {
        let Some(mut from) = from else { return };
        let mut chunk = vec![0; 8 * 1024];
        while let Ok(read @ 1..) = from.read(&mut chunk).await {
            self.push(&chunk[..read]);
            if let Some(copy) = &mut copy {
                // Nobody may be there to read it.
                let _ = copy.write_all(&chunk[..read]).and_then(|()| copy.flush());
            }
        }
    }

    fn push(&mut self, chunk: &[u8]) {
        let overflow = (self.bytes.len() + chunk.len()).saturating_sub(KEPT);
        self.bytes.drain(..overflow.min(self.bytes.len()));
        self.bytes.extend(chunk);
    }

    /// All that is kept, as text.
    pub(crate) fn text(&self) -> String {
        let (front, back) = self.bytes.as_slices();
        String::from_utf8_lossy(&[front, back].concat()).into_owned()
    }

    /// The last lines that say something, on one line and without control characters; for people.
    pub(crate) fn last_lines(&self) -> String {
        let text = self.text();
        let lines: Vec<String> = text
            .lines()
            .map(printable)
            .filter(|line| !line.trim().is_empty())
            .collect();
        let last = lines[lines.len().saturating_sub(MOST_LINES)..].join(" | ");
        let skipped = last.chars().count().saturating_sub(MOST_CHARACTERS);
        last.chars().skip(skipped).collect()
    }
}

fn printable(line: &str) -> String {
    line.chars()
        .filter(|character| !character.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_end_is_kept() {
        let written = format!("{}last words\n", "x".repeat(1_000_000));
        let mut tail = Tail::default();
        let mut copy = Vec::new();
        tail.fill(Some(written.as_bytes()), Some(&mut copy)).await;
        assert_eq!(copy, written.as_bytes(), "all of it");
        assert!(
            tail.bytes.capacity() <= 2 * KEPT,
            "{} bytes are held",
            tail.bytes.capacity()
        );
        assert_eq!(tail.text().len(), KEPT);
        assert!(tail.text().ends_with("xlast words\n"));
        assert_eq!(tail.last_lines().chars().count(), MOST_CHARACTERS);
    }

    #[tokio::test]
    async fn a_message_has_the_last_lines_that_say_something() {
        let mut tail = Tail::default();
        let written = &b"1\n2\n3\n\x1b[31m4\n \n5\r\n6\n\n"[..];
        tail.fill(Some(written), None::<Vec<u8>>).await;
        assert_eq!(tail.last_lines(), "2 | 3 | [31m4 | 5 | 6");
    }
}
