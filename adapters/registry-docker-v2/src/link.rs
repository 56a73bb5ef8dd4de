//! Reading `Link`, by which a listing goes on.

use reqwest::header::{HeaderMap, LINK};
use url::{Position, Url};

use crate::fault::Fault;
use crate::guard::shorten;

/// The next page of a listing whose page at `current` was answered with `headers`.
///
/// Path and query of the link are kept as they are; its scheme and host are not: a registry behind a proxy often names
/// the inner ones, and no page of a listing is on another host.
pub(crate) fn next_page(headers: &HeaderMap, current: &Url) -> Result<Option<Url>, Fault> {
    let lines = headers
        .get_all(LINK)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let Some(target) = lines
        .flat_map(parse)
        .find(|link| link.is_next)
        .map(|link| link.target)
    else {
        return Ok(None);
    };
    let invalid =
        |problem: &str| Fault::Invalid(format!("its next page `{}`: {problem}", shorten(target)));
    let resolved = current
        .join(target)
        .map_err(|error| invalid(&error.to_string()))?;
    let path_and_query = &resolved[Position::BeforePath..Position::AfterQuery];
    if !path_and_query.starts_with('/') {
        return Err(invalid("not an address of a registry"));
    }
    let text = format!("{}{path_and_query}", &current[..Position::BeforePath]);
    Url::parse(&text)
        .map(Some)
        .map_err(|error| invalid(&error.to_string()))
}

#[derive(Debug, PartialEq, Eq)]
struct Link<'a> {
    target: &'a str,
    is_next: bool,
}

/// `<target>; rel="next"`, several of them joined by commas. Brackets and quotes are missing in places.
fn parse(line: &str) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    let mut rest = line.trim_start_matches([',', ' ', '\t']);
    while !rest.is_empty() {
        let (target, after) = match rest.strip_prefix('<') {
            Some(bracketed) => bracketed.split_once('>').unwrap_or((bracketed, "")),
            None => rest.split_at(rest.find(';').unwrap_or(rest.len())),
        };
        let (parameters, next) = split_parameters(after);
        links.push(Link {
            target: target.trim(),
            is_next: parameters.split(';').any(is_next),
        });
        rest = next.trim_start_matches([',', ' ', '\t']);
    }
    links
}

/// Splits at the first comma outside of quotes.
fn split_parameters(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let end = text.find(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    text.split_at(end.unwrap_or(text.len()))
}

/// Whether a parameter reads `rel=next`, in any spelling; there may be several relations.
fn is_next(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        name.trim().eq_ignore_ascii_case("rel")
            && value
                .trim()
                .trim_matches(['"', '\''])
                .split_whitespace()
                .any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[track_caller]
    fn leads_to(lines: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(LINK, HeaderValue::from_str(line).unwrap());
        }
        let current = Url::parse("https://quay.io/v2/a/b/tags/list?n=2").unwrap();
        let next = next_page(&headers, &current).unwrap();
        let expected = expected.map(|tail| format!("https://quay.io{tail}"));
        assert_eq!(
            next.as_ref().map(Url::as_str),
            expected.as_deref(),
            "{lines:?}"
        );
    }

    #[test]
    fn a_link_is_followed_in_each_spelling() {
        let page = Some("/v2/a/b/tags/list?last=v2&n=2");
        leads_to(&[r#"</v2/a/b/tags/list?last=v2&n=2>; rel="next""#], page);
        leads_to(&["</v2/a/b/tags/list?last=v2&n=2>; rel=next"], page);
        leads_to(&["</v2/a/b/tags/list?last=v2&n=2>;REL='Next'"], page);
        leads_to(&["/v2/a/b/tags/list?last=v2&n=2; rel=\"next\""], page);
        leads_to(
            &[r#"<list?last=v2&n=2>; title="a,b;c"; rel="prev next""#],
            page,
        );
        leads_to(&[r#"<?last=v2&n=2>; rel="next""#], page);
        leads_to(
            &[r#"</first>; rel="first", </v2/a/b/tags/list?last=v2&n=2>; rel="next""#],
            page,
        );
        leads_to(
            &[
                "</first>; rel=first",
                "</v2/a/b/tags/list?last=v2&n=2>; rel=next",
            ],
            page,
        );
    }

    #[test]
    fn a_link_stays_on_the_registry_that_was_asked() {
        let page = Some("/v2/a/b/tags/list?last=v2&n=2");
        leads_to(
            &[r#"<http://registry.internal:5000/v2/a/b/tags/list?last=v2&n=2>; rel="next""#],
            page,
        );
        leads_to(
            &[r#"<//evil.example/v2/a/b/tags/list?last=v2&n=2>; rel="next""#],
            page,
        );
    }

    #[test]
    fn the_query_of_a_link_is_not_encoded_again() {
        leads_to(
            &[r#"</v2/a/b/tags/list?next_page=a%2Fb%3D%3D&last=c,d+e>; rel="next""#],
            Some("/v2/a/b/tags/list?next_page=a%2Fb%3D%3D&last=c,d+e"),
        );
    }

    #[test]
    fn no_link_is_the_end() {
        leads_to(&[], None);
        leads_to(&[""], None);
        leads_to(&[r#"</v2/a/b/tags/list>; rel="prev""#], None);
        leads_to(&["</v2/a/b/tags/list>"], None);
    }
}
