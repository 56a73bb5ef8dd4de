//! A browser without JavaScript: it keeps cookies, fills in forms and follows where it is led.

use std::collections::BTreeMap;
use std::sync::Mutex;

use poem::http::{HeaderMap, Method, header};
use regex::Regex;

use super::house::House;

pub(crate) struct Browser<'a> {
    house: &'a House,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// A form of a page: where it is sent, and what it holds.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl House {
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser {
            house: self,
            cookies: Mutex::default(),
        }
    }

    /// Somebody who has signed in with the token of this name.
    pub(crate) async fn signed_in(&self, token: &str) -> Browser<'_> {
        let browser = self.browser();
        let form = browser.get("/sign-in").await.form("/sign-in");
        let answer = browser.submit(&form.fill("token", token)).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }
}

impl Browser<'_> {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    /// Sends a form, as a browser does from a page of this very site.
    pub(crate) async fn submit(&self, form: &Form) -> Answer {
        self.submit_from(form, &[("sec-fetch-site", "same-origin")])
            .await
    }

    pub(crate) async fn submit_from(&self, form: &Form, headers: &[(&str, &str)]) -> Answer {
        let fields = form.fields.iter();
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.send(Method::POST, &form.action, headers, Some(body))
            .await
    }

    /// Opens what asks, and confirms it.
    pub(crate) async fn confirm(&self, path: &str) -> Answer {
        let asked = self.get(path).await;
        assert_eq!(asked.status, 200, "{path}: {}", asked.body);
        let action = path.split('?').next().unwrap();
        self.submit(&asked.form(action)).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        form: Option<String>,
    ) -> Answer {
        let mut request = self
            .house
            .client
            .request(method, path)
            .header(header::HOST, "localhost:8080");
        if let Some(cookie) = self.cookie() {
            request = request.header(header::COOKIE, cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(form) = form {
            request = request
                .content_type("application/x-www-form-urlencoded")
                .body(form);
        }
        let response = request.send().await.0;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        self.keep(&headers);
        let is_stream = headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value == "text/event-stream");
        let body = if is_stream {
            String::new()
        } else {
            response.into_body().into_string().await.unwrap()
        };
        Answer {
            status,
            headers,
            body,
        }
    }

    pub(crate) fn cookie(&self) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        let pairs = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let pairs: Vec<String> = pairs.collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    fn keep(&self, headers: &HeaderMap) {
        for header in headers.get_all(header::SET_COOKIE) {
            let text = header.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if value.is_empty() {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Answer {
    /// The form that is sent to `action`.
    #[track_caller]
    pub(crate) fn form(&self, action: &str) -> Form {
        let forms = Regex::new(r#"(?s)<form method="post" action="([^"]*)"[^>]*>(.*?)</form>"#);
        let forms = forms.unwrap();
        let found = forms
            .captures_iter(&self.body)
            .find(|found| &found[1] == action);
        let found = found.unwrap_or_else(|| panic!("no form to {action} in {}", self.body));
        let inputs = Regex::new(r#"<input type="hidden" name="([^"]*)" value="([^"]*)">"#);
        let inputs = inputs.unwrap();
        let fields = inputs.captures_iter(&found[2]);
        Form {
            action: action.to_owned(),
            fields: fields
                .map(|field| (field[1].to_owned(), field[2].to_owned()))
                .collect(),
        }
    }

    /// What people read, without markup and with single spaces.
    pub(crate) fn text(&self) -> String {
        let tags = Regex::new(
            r"(?s)<(style|script|symbol|title).*?</(style|script|symbol|title)>|<[^>]*>",
        );
        let text = tags.unwrap().replace_all(&self.body, " ");
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ").replace(" .", ".").replace(" :", ":")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn assert_says(&self, words: &str) {
        let text = self.text();
        assert!(text.contains(words), "no {words:?} in {text}");
    }

    #[track_caller]
    pub(crate) fn assert_leads_to(&self, path: &str) {
        assert_eq!(
            (self.status, self.header("location")),
            (303, path),
            "{}",
            self.body
        );
    }
}

impl Form {
    pub(crate) fn fill(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}
