/// Takes the eight bytes off that stand before each piece of output, where there is no terminal: its stream, three zeros, and its
/// length ([Attach to a container](https://docs.docker.com/reference/api/engine/latest/#tag/Container/operation/ContainerAttach),
/// "Stream format").
pub fn without_headers(mut written: &[u8]) -> Vec<u8> {
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
        assert_eq!(
            without_headers(b"\x01\0\0\0\0\0\0\xffcut"),
            b"cut",
            "a piece that was cut"
        );
        assert_eq!(without_headers(b"\x01\0"), b"");
    }
}
