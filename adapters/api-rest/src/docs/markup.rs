use std::fmt::{self, Write as _};

use serde_json::Value;

/// A text as it stands in HTML, between tags and in quotes.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// The text in `value`, if it is one.
pub(super) fn text(value: &Value) -> Escaped<'_> {
    Escaped(value.as_str().unwrap_or_default())
}

/// A sentence, whose words between back-ticks are code.
pub(super) fn sentence(value: &Value) -> String {
    let mut html = String::new();
    for (index, part) in value.as_str().unwrap_or_default().split('`').enumerate() {
        let part = Escaped(part);
        let _ = if index % 2 == 1 {
            write!(html, "<code>{part}</code>")
        } else {
            write!(html, "{part}")
        };
    }
    html
}

/// Paragraphs, with an empty line between each two.
pub(super) fn paragraphs(value: &Value) -> String {
    let mut html = String::new();
    for paragraph in value.as_str().unwrap_or_default().split("\n\n") {
        if !paragraph.is_empty() {
            let _ = writeln!(html, "<p>{}</p>", sentence(&Value::from(paragraph)));
        }
    }
    html
}

/// JSON as people write it.
pub(super) fn json(value: &Value) -> String {
    format!(
        "<pre><code>{}</code></pre>\n",
        Escaped(&format!("{value:#}"))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_document_becomes_markup() {
        let text = Value::from("a < b & `<script>` \"c\" 'd'\n\nsecond");
        assert_eq!(
            paragraphs(&text),
            "<p>a &lt; b &amp; <code>&lt;script&gt;</code> &quot;c&quot; &#39;d&#39;</p>\n<p>second</p>\n"
        );
        assert_eq!(sentence(&Value::Null), "");
    }
}
