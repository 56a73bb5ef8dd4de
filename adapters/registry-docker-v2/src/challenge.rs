//! Reading `WWW-Authenticate`.

use std::iter::Peekable;
use std::str::CharIndices;

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// What a registry wants to be presented with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Challenge {
    /// A token, which is issued at the realm.
    Bearer {
        realm: String,
        service: Option<String>,
    },
    /// A user name and a password.
    Basic,
}

/// All that a 401 says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    /// The scheme to use, if any is offered that is known here; `Bearer` rather than `Basic`.
    pub(crate) challenge: Option<Challenge>,
    /// The schemes offered, for people.
    pub(crate) schemes: Vec<String>,
    /// Why the token that was presented is refused (`invalid_token`, `insufficient_scope`).
    pub(crate) error: Option<String>,
}

#[derive(Debug, Default)]
struct Offer {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl Demand {
    /// Reads all challenges of an answer; the order in which they stand means nothing.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut demand = Self::default();
        for line in headers.get_all(WWW_AUTHENTICATE) {
            for offer in parse(&String::from_utf8_lossy(line.as_bytes())) {
                demand.add(offer);
            }
        }
        demand
    }

    fn add(&mut self, offer: Offer) {
        if offer.scheme.eq_ignore_ascii_case("bearer") {
            self.error = self.error.take().or_else(|| offer.parameter("error"));
            if let Some(realm) = offer.parameter("realm")
                && !matches!(self.challenge, Some(Challenge::Bearer { .. }))
            {
                let service = offer.parameter("service");
                self.challenge = Some(Challenge::Bearer { realm, service });
            }
        } else if offer.scheme.eq_ignore_ascii_case("basic") && self.challenge.is_none() {
            self.challenge = Some(Challenge::Basic);
        }
        self.schemes.push(offer.scheme);
    }
}

impl Offer {
    /// The value of a parameter; an empty one is as good as none.
    fn parameter(&self, name: &str) -> Option<String> {
        let found = self
            .parameters
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value.clone())
            .filter(|value| !value.is_empty())
    }
}

/// `scheme SP name=value *("," name=value)`, several of them joined by commas; a value is a token or a quoted string, in
/// which commas, spaces and `\` escapes are data.
fn parse(line: &str) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    let mut rest = line.char_indices().peekable();
    loop {
        while rest
            .next_if(|&(_, c)| c == ',' || c.is_whitespace())
            .is_some()
        {}
        let word = token(&mut rest, |c| c == ',' || c == '=' || c.is_whitespace());
        while rest.next_if(|&(_, c)| c.is_whitespace()).is_some() {}
        let is_parameter = rest.next_if(|&(_, c)| c == '=').is_some();
        if word.is_empty() && !is_parameter {
            return offers;
        }
        if is_parameter {
            let value = value(&mut rest);
            if let Some(offer) = offers.last_mut() {
                offer.parameters.push((word, value));
            }
        } else {
            offers.push(Offer {
                scheme: word,
                parameters: Vec::new(),
            });
        }
    }
}

fn value(rest: &mut Peekable<CharIndices<'_>>) -> String {
    while rest.next_if(|&(_, c)| c.is_whitespace()).is_some() {}
    if rest.next_if(|&(_, c)| c == '"').is_none() {
        return token(rest, |c| c == ',' || c.is_whitespace());
    }
    let mut value = String::new();
    while let Some((_, c)) = rest.next() {
        match c {
            '"' => break,
            '\\' => value.extend(rest.next().map(|(_, escaped)| escaped)),
            c => value.push(c),
        }
    }
    value
}

fn token(rest: &mut Peekable<CharIndices<'_>>, ends: impl Fn(char) -> bool) -> String {
    let mut token = String::new();
    while let Some((_, c)) = rest.next_if(|&(_, c)| !ends(c)) {
        token.push(c);
    }
    token
}

#[cfg(test)]
mod tests;
