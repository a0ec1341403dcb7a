//! A call in the shape of HTTP: what is written for it, and how its answer is shown.
//!
//! Which requests can be made is the daemon's to say; what is checked here is told in the words of the
//! command line.
//!
//! Always true: no error shows the value of a header.

use std::fmt::Write as _;

use skep_proto::v1::{Header, HttpRequest, HttpResponse};

use crate::{args::Unseen, screen::escaped};

/// Methods that may be written in small letters, as in the Fetch standard.
const NORMALIZED: [&str; 6] = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
/// The most bytes of a context.
const MOST_CONTEXT: usize = 8 << 10;

/// A text from which no request can be made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadRequest {
    /// It is a method alone, has no method, or has more than two words.
    #[error("--http {text:?}: expected a method and a path, or a path alone")]
    Words {
        /// What was written.
        text: String,
    },
    /// The first word is no method.
    #[error("--http: {method:?} is no method of HTTP")]
    Method {
        /// What was written.
        method: String,
    },
    /// The second word is no place.
    #[error("--http: {url:?} is neither a path that begins with '/' nor an http URL")]
    Url {
        /// What was written.
        url: String,
    },
    /// The header at this place has no colon, or what is before it is no name.
    #[error("--header number {number}: expected NAME:VALUE with a name of HTTP")]
    Header {
        /// Counted from one.
        number: usize,
    },
    /// The header at this place has a control character.
    #[error("--header number {number}: its value has a control character")]
    Value {
        /// Counted from one.
        number: usize,
    },
    /// It is no object.
    #[error("--context: expected a JSON object{}", .why.as_ref().map_or(String::new(), |it| format!(": {it}")))]
    Context {
        /// What the reader of JSON says.
        why: Option<String>,
    },
    /// It is too large.
    #[error("--context: it has {found} bytes, at most {MOST_CONTEXT} are possible")]
    ContextSize {
        /// Its bytes.
        found: usize,
    },
}

impl BadRequest {
    /// What to do about it.
    pub(super) fn next(&self) -> &'static str {
        match self {
            Self::Words { .. } | Self::Method { .. } | Self::Url { .. } => {
                "write --http 'POST /path?x=1', or --http /path for a GET"
            }
            Self::Header { .. } | Self::Value { .. } => {
                "write --header 'content-type: application/json'"
            }
            Self::Context { .. } | Self::ContextSize { .. } => {
                "write --context '{\"ip\":\"192.0.2.1\"}'"
            }
        }
    }
}

/// The request of `--http`, `--header` and the body.
pub(super) fn request(
    text: &str,
    headers: &[Unseen],
    body: Vec<u8>,
) -> Result<HttpRequest, BadRequest> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let (method, url) = match words.as_slice() {
        [url] if is_place(url) => ("GET", *url),
        [method, url] => (*method, *url),
        _ => return Err(BadRequest::Words { text: text.to_owned() }),
    };
    if !is_token(method) {
        return Err(BadRequest::Method { method: method.to_owned() });
    }
    if !is_place(url) {
        return Err(BadRequest::Url { url: url.to_owned() });
    }
    let upper = method.to_ascii_uppercase();
    let method = if NORMALIZED.contains(&upper.as_str()) { upper } else { method.to_owned() };
    let headers = headers.iter().enumerate().map(|(at, it)| header(at + 1, &it.0));
    let headers = headers.collect::<Result<_, _>>()?;
    Ok(HttpRequest { method, url: url.to_owned(), headers, body: body.into() })
}

fn is_place(url: &str) -> bool {
    url.starts_with('/') || url.starts_with("http://") || url.starts_with("https://")
}

/// Whether it is a token of HTTP (RFC 9110, section 5.6.2).
fn is_token(text: &str) -> bool {
    let tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(tchar)
}

fn header(number: usize, text: &str) -> Result<Header, BadRequest> {
    let (name, value) = text.split_once(':').ok_or(BadRequest::Header { number })?;
    if !is_token(name) {
        return Err(BadRequest::Header { number });
    }
    let value = value.trim_matches([' ', '\t']);
    if value.chars().any(|it| it.is_ascii_control() && it != '\t') {
        return Err(BadRequest::Value { number });
    }
    Ok(Header { name: name.to_owned(), value: value.to_owned() })
}

/// The context of a call, which is sent as it was written.
pub(super) fn context(text: &str) -> Result<String, BadRequest> {
    if MOST_CONTEXT < text.len() {
        return Err(BadRequest::ContextSize { found: text.len() });
    }
    if !text.trim_start().starts_with('{') {
        return Err(BadRequest::Context { why: None });
    }
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map(|_| text.to_owned())
        .map_err(|error| BadRequest::Context { why: Some(error.to_string()) })
}

/// Status and headers, a line each, and an empty line. Values are a tenant's.
pub(super) fn head(answer: &HttpResponse) -> String {
    let mut text = format!("HTTP {}\n", answer.status);
    for Header { name, value } in &answer.headers {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}: {}", escaped(name), escaped(value));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<(String, String), BadRequest> {
        request(text, &[], Vec::new()).map(|it| (it.method, it.url))
    }

    #[track_caller]
    fn check(text: &str, method: &str, url: &str) {
        assert_eq!(asked(text), Ok((method.to_owned(), url.to_owned())), "for {text:?}");
    }

    #[test]
    fn a_path_alone_is_a_get() {
        check("/x?y=1", "GET", "/x?y=1");
        check("https://h/x", "GET", "https://h/x");
    }

    #[test]
    fn a_method_stands_before_the_path() {
        check("POST /x", "POST", "/x");
        check(" put   /x ", "PUT", "/x");
        check("patch /x", "patch", "/x");
    }

    #[test]
    fn other_words_are_no_request() {
        assert_eq!(asked("POST"), Err(BadRequest::Words { text: "POST".to_owned() }));
        assert_eq!(asked(" "), Err(BadRequest::Words { text: " ".to_owned() }));
        assert_eq!(asked("GET /a b"), Err(BadRequest::Words { text: "GET /a b".to_owned() }));
        assert_eq!(asked("G@T /"), Err(BadRequest::Method { method: "G@T".to_owned() }));
        assert_eq!(asked("GET x"), Err(BadRequest::Url { url: "x".to_owned() }));
    }

    fn headers(texts: &[&str]) -> Result<Vec<(String, String)>, BadRequest> {
        let texts: Vec<Unseen> = texts.iter().map(|it| Unseen((*it).to_owned())).collect();
        let request = request("/", &texts, Vec::new())?;
        Ok(request.headers.into_iter().map(|it| (it.name, it.value)).collect())
    }

    #[test]
    fn headers_keep_their_order_and_lose_the_blank() {
        let found = headers(&["A: 1", "b:x:y", "A:", "c:  d "]).unwrap();
        let expected = [("A", "1"), ("b", "x:y"), ("A", ""), ("c", "d")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_is_no_header_is_told_by_its_number() {
        assert_eq!(headers(&["a:1", "secret"]), Err(BadRequest::Header { number: 2 }));
        assert_eq!(headers(&["a b:1"]), Err(BadRequest::Header { number: 1 }));
        assert_eq!(headers(&[":1"]), Err(BadRequest::Header { number: 1 }));
        assert_eq!(headers(&["a:1\n2"]), Err(BadRequest::Value { number: 1 }));
    }

    #[test]
    fn a_context_is_an_object_within_its_bound() {
        let text = " {\"ip\": \"::1\"}";
        assert_eq!(context(text), Ok(text.to_owned()));
        assert_eq!(context("[1]"), Err(BadRequest::Context { why: None }));
        assert!(matches!(context("{a}"), Err(BadRequest::Context { why: Some(_) })));
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(MOST_CONTEXT));
        assert_eq!(context(&long), Err(BadRequest::ContextSize { found: 8200 }));
    }

    #[test]
    fn a_head_cannot_reach_into_the_terminal() {
        let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
        let headers = vec![header("a", "1"), header("a", "\x1b[2J\r\nb: 2")];
        let answer = HttpResponse { status: 201, headers, ..HttpResponse::default() };
        assert_eq!(head(&answer), "HTTP 201\na: 1\na: \\u{1b}[2J\\r\\nb: 2\n\n");
    }
}
