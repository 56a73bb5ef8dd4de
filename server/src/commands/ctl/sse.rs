/// The longest message that is taken; the longest event is far shorter.
const LONGEST: usize = 1 << 20;

/// A message of a stream of Server-Sent Events.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// Its lines, joined by line breaks.
    pub(super) data: String,
}

/// A message that is longer than any that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message is longer than {LONGEST} bytes")]
pub(super) struct TooLong;

/// Reads messages off the bytes of a stream, as the [HTML standard] has them, however they are cut.
///
/// [HTML standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
#[derive(Debug, Default)]
pub(super) struct Reader {
    line: Vec<u8>,
    data: Option<String>,
    is_after_return: bool,
}

impl Reader {
    /// Takes some more bytes, and gives the messages that they complete.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<Vec<Message>, TooLong> {
        let mut messages = Vec::new();
        for &byte in bytes {
            let is_second_of_pair = byte == b'\n' && self.is_after_return;
            self.is_after_return = byte == b'\r';
            match byte {
                _ if is_second_of_pair => {}
                b'\n' | b'\r' => messages.extend(self.end_line()),
                _ => self.line.push(byte),
            }
            let length = self.line.len() + self.data.as_ref().map_or(0, String::len);
            if length > LONGEST {
                return Err(TooLong);
            }
        }
        Ok(messages)
    }

    /// An empty line ends a message; what is not data (a comment, the id and the kind, which the data has as well) is passed over.
    fn end_line(&mut self) -> Option<Message> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return self.data.take().map(|data| Message { data });
        }
        let line = String::from_utf8_lossy(&line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        if field == "data" {
            let value = value.strip_prefix(' ').unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_in_pieces(stream: &str, length: usize) -> Vec<String> {
        let mut reader = Reader::default();
        let pieces = stream.as_bytes().chunks(length);
        pieces
            .flat_map(|piece| reader.read(piece).unwrap())
            .map(|message| message.data)
            .collect()
    }

    #[test]
    fn messages_are_found_however_the_bytes_are_cut_and_lines_end() {
        let stream = ": alive\n\nid: 7\nevent: a\ndata: first\n\ndata:one\ndata: two ö\nretry: 5\n\ndata: cut off";
        for ending in ["\n", "\r\n", "\r"] {
            let stream = stream.replace('\n', ending);
            for length in 1..=stream.len() {
                let found = read_in_pieces(&stream, length);
                assert_eq!(found, ["first", "one\ntwo ö"], "{ending:?}, {length}");
            }
        }
    }

    #[test]
    fn a_message_without_an_end_is_given_up() {
        let mut reader = Reader::default();
        let piece = vec![b'x'; LONGEST];
        assert_eq!(reader.read(&piece), Ok(vec![]));
        assert_eq!(reader.read(b"x"), Err(TooLong));
    }
}
