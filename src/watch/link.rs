use std::fmt;
use std::str::FromStr;

use super::Address;

/// Where people look at a workload in a browser: an address of the web, with parts of the workload's own [`Address`] in braces.
///
/// `https://nomad.example/ui/jobs/{job}` leads to the page that Nomad has for the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTemplate(Box<[Piece]>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Part(String),
}

/// Why a text is no [`LinkTemplate`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseLinkError {
    /// A browser could not follow it, or it would run what it holds.
    #[error("a link begins with `https://` or `http://` and a host")]
    NotOfTheWeb,
    /// Whoever sees the page sees the link.
    #[error(
        "a link is shown to everybody, so it cannot hold a login; leave out what stands before the `@`"
    )]
    HoldsLogin,
    /// A part that does not end, or an end without a beginning.
    #[error(
        "the brace at position {position} has no partner; write a part of an address as `{{job}}`"
    )]
    LoneBrace {
        /// Which character it is, from 1.
        position: usize,
    },
    /// Braces around nothing.
    #[error("the braces at position {position} name no part of an address, such as `{{job}}`")]
    NoPart {
        /// Which character the first one is, from 1.
        position: usize,
    },
}

impl LinkTemplate {
    /// The parts that an address must have for there to be a link.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Part(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The link to what is at `address`; nothing if that lacks a part.
    pub fn to(&self, address: &Address) -> Option<String> {
        let mut link = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => link.push_str(text),
                Piece::Part(name) => link.push_str(&escaped(address.get(name)?)),
            }
        }
        Some(link)
    }
}

/// Everything but the unreserved characters of RFC 3986, section 2.3, is percent-encoded, so that a value stays within its place.
fn escaped(value: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(escape).collect()
}

impl FromStr for LinkTemplate {
    type Err = ParseLinkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let rest = rest.ok_or(ParseLinkError::NotOfTheWeb)?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if host.contains('@') {
            return Err(ParseLinkError::HoldsLogin);
        }
        let is_strange = |character: char| character.is_whitespace() || character.is_control();
        if host.is_empty() || text.contains(is_strange) {
            return Err(ParseLinkError::NotOfTheWeb);
        }
        pieces(text).map(|pieces| Self(pieces.into()))
    }
}

fn pieces(text: &str) -> Result<Vec<Piece>, ParseLinkError> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut opened = None;
    for (position, character) in (1..).zip(text.chars()) {
        match (character, opened) {
            ('{', None) => {
                pieces.push(Piece::Text(std::mem::take(&mut piece)));
                opened = Some(position);
            }
            ('}', Some(position)) if piece.is_empty() => {
                return Err(ParseLinkError::NoPart { position });
            }
            ('}', Some(_)) => {
                pieces.push(Piece::Part(std::mem::take(&mut piece)));
                opened = None;
            }
            ('{' | '}', _) => return Err(ParseLinkError::LoneBrace { position }),
            _ => piece.push(character),
        }
    }
    if let Some(position) = opened {
        return Err(ParseLinkError::LoneBrace { position });
    }
    pieces.push(Piece::Text(piece));
    Ok(pieces)
}

impl fmt::Display for LinkTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Part(name) => write!(f, "{{{name}}}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(template: &str, address: &Address) -> Option<String> {
        template.parse::<LinkTemplate>().unwrap().to(address)
    }

    #[test]
    fn parts_stand_where_their_braces_stood() {
        let address = Address::from([("job", "web"), ("namespace", "shop")]);
        let template = "https://nomad.example/ui/jobs/{job}@{namespace}/deployments";
        let told = "https://nomad.example/ui/jobs/web@shop/deployments";
        assert_eq!(link(template, &address).as_deref(), Some(told));
        let plain = "http://portainer.example:9000";
        assert_eq!(link(plain, &address).as_deref(), Some(plain));
        assert_eq!(
            template.parse::<LinkTemplate>().unwrap().to_string(),
            template
        );
    }

    #[test]
    fn a_value_cannot_leave_its_place() {
        let address = Address::from([("job", "a/b c?d=é\"&{job}")]);
        let told = "https://x.example/a%2Fb%20c%3Fd%3D%C3%A9%22%26%7Bjob%7D/end";
        assert_eq!(
            link("https://x.example/{job}/end", &address).as_deref(),
            Some(told)
        );
    }

    #[test]
    fn there_is_no_link_to_an_address_that_lacks_a_part() {
        let address = Address::from([("job", "web")]);
        assert_eq!(link("https://x.example/{job}@{namespace}", &address), None);
    }

    #[test]
    fn what_is_no_template_is_refused_with_the_place() {
        let refusal = |text: &str| text.parse::<LinkTemplate>().unwrap_err();
        for text in [
            "",
            "nomad.example",
            "javascript:alert(1)",
            "https://",
            "https:///ui",
            "https://x.example/a b",
        ] {
            assert_eq!(refusal(text), ParseLinkError::NotOfTheWeb, "{text}");
        }
        assert_eq!(
            refusal("https://ada:secret@x.example"),
            ParseLinkError::HoldsLogin
        );
        let lone = |position| ParseLinkError::LoneBrace { position };
        assert_eq!(refusal("https://x.example/{job"), lone(19));
        assert_eq!(refusal("https://x.example/job}"), lone(22));
        assert_eq!(refusal("https://x.example/{{job}}"), lone(20));
        assert_eq!(
            refusal("https://x.example/{}"),
            ParseLinkError::NoPart { position: 19 }
        );
    }
}
