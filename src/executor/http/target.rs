//! Where a server is, and what is sent to it.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::place::Place;
use crate::engine::Script;
use crate::executor::Job;

const USER_AGENT: &str = concat!("jsarena/", env!("CARGO_PKG_VERSION"));

/// A target as asked for. Nothing in it has been checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The name in records, if it is not to be the URL.
    pub name: Option<String>,
    /// `http://host:port/path`.
    pub url: String,
    /// The method; without it, POST.
    pub method: Option<String>,
    /// `Name: value`, each.
    pub headers: Vec<String>,
    /// The body of every request. Without it, requests are those of `POST /execute`, made from the jobs; of any other
    /// method, they have none.
    pub body: Option<Body>,
    /// What the jobs are to the server, `type` in the body of `POST /execute`; without it, javascript.
    pub kind: Option<String>,
}

/// A body that is sent as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// What it is called, by its file.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A server behind a URL, and what is sent to it; checked. It is written down as what was asked for.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Asked", into = "Asked")]
pub struct Target {
    asked: Asked,
    host: String,
    port: u16,
    /// Path and query, as a request has them.
    path: Uri,
    method: Method,
    headers: HeaderMap,
}

/// What is wrong with a target, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// No URL, or not one of ours.
    #[error("--url: `{url}` {problem}")]
    Url {
        /// As asked for.
        url: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// No method.
    #[error("--url-method: `{0}` is no HTTP method; write GET, POST or PUT")]
    Method(String),
    /// No header.
    #[error("--url-header: {0}")]
    Header(String),
}

/// The body of `POST /execute`.
#[derive(Serialize)]
struct Execute<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    code: &'a str,
    input: &'a RawValue,
    timeout_ms: u64,
}

impl Target {
    /// The name in records.
    pub fn id(&self) -> &str {
        self.asked.name.as_ref().unwrap_or(&self.asked.url)
    }

    /// The URL, as asked for.
    pub fn url(&self) -> &str {
        &self.asked.url
    }

    /// The method of every request.
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The body of every request, and what it is called, if jobs have no part in it.
    pub fn as_it_is(&self) -> Option<(&str, &[u8])> {
        match &self.asked.body {
            Some(body) => Some((&body.name, &body.bytes)),
            None if self.method != Method::POST => Some((self.method.as_str(), &[])),
            None => None,
        }
    }

    /// The same, for jobs of this kind: `javascript` or `filter`.
    #[must_use]
    pub fn for_kind(mut self, kind: &str) -> Self {
        self.asked.kind = Some(kind.to_owned());
        self
    }

    /// Where to connect to. Asks the system, and waits for it.
    ///
    /// # Errors
    /// When the host has no address.
    pub(super) fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        Ok((self.host.as_str(), self.port).to_socket_addrs()?.collect())
    }

    /// The request of a job. `POST /execute` has no setup apart from the code, so both are sent as one function body, and
    /// the server runs both each time.
    ///
    /// # Errors
    /// When the job's input is not JSON.
    pub(super) fn request(&self, job: &Job) -> Result<Request<Full<Bytes>>, serde_json::Error> {
        let body = match self.as_it_is() {
            Some((_, bytes)) => bytes.to_vec(),
            None => serde_json::to_vec(&Execute {
                kind: self.asked.kind.as_deref().unwrap_or("javascript"),
                code: &code(&job.script),
                input: serde_json::from_str(&job.input)?,
                timeout_ms: u64::try_from(job.deadlines.inner.as_millis()).unwrap_or(u64::MAX).max(1),
            })?,
        };
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.path.clone();
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }
}

fn code(script: &Script) -> Cow<'_, str> {
    if script.setup.is_empty() {
        return Cow::Borrowed(&script.body);
    }
    let parts: Vec<&str> = script.setup.iter().chain([&script.body]).map(String::as_str).collect();
    Cow::Owned(parts.join("\n"))
}

impl TryFrom<Asked> for Target {
    type Error = TargetError;

    fn try_from(asked: Asked) -> Result<Self, Self::Error> {
        let Place { host, port, authority, path } = Place::parse(&asked.url)
            .map_err(|problem| TargetError::Url { url: asked.url.clone(), problem })?;
        let method = method(asked.method.as_deref().unwrap_or("POST"))?;
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, authority);
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        if method == Method::POST || asked.body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let own: Vec<_> = asked.headers.iter().map(|one| own_header(one)).collect::<Result<_, _>>()?;
        own.iter().for_each(|(name, _)| drop(headers.remove(name)));
        for (name, value) in own {
            headers.append(name, value);
        }
        Ok(Self { asked, host, port, path, method, headers })
    }
}

fn method(text: &str) -> Result<Method, TargetError> {
    // Lower case is another method to HTTP, and never the one that was meant.
    let method = Method::from_bytes(text.as_bytes()).ok();
    method
        .filter(|_| text.bytes().all(|byte| byte.is_ascii_uppercase()))
        .ok_or_else(|| TargetError::Method(text.to_owned()))
}

fn own_header(text: &str) -> Result<(HeaderName, HeaderValue), TargetError> {
    let bad = |problem: &str| TargetError::Header(format!("`{}` {problem}", name_of(text)));
    let (name, value) = text.split_once(':').ok_or_else(|| bad("is no header; write 'Name: value'"))?;
    let name: HeaderName = name.trim().parse().map_err(|_| bad("is no header's name"))?;
    if [header::CONTENT_LENGTH, header::TRANSFER_ENCODING].contains(&name) {
        return Err(bad("is made from the body; leave it out"));
    }
    let mut value =
        HeaderValue::from_str(value.trim()).map_err(|_| bad("has a value that no header can have"))?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// What comes before the colon: the rest may be a secret.
fn name_of(header: &str) -> &str {
    header.split_once(':').map_or(header, |(name, _)| name)
}

impl From<Target> for Asked {
    fn from(target: Target) -> Self {
        target.asked
    }
}

/// Headers may hold secrets.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({} {})", self.method, self.asked.url)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use http_body_util::BodyExt;

    use super::*;
    use crate::engine::Deadlines;

    fn target(change: impl FnOnce(&mut Asked)) -> Result<Target, String> {
        let mut asked = Asked { url: "http://127.0.0.1:8080/execute".to_owned(), ..Asked::default() };
        change(&mut asked);
        Target::try_from(asked).map_err(|error| error.to_string())
    }

    /// Head and body of the request for a job with this script.
    fn sent(target: &Target, script: Script) -> (Request<()>, String) {
        let deadlines = Deadlines { inner: Duration::from_millis(1500), outer: Duration::from_secs(2) };
        let job = Job { script: Arc::new(script), input: "{ \"a\": 1.50 }".into(), deadlines };
        let (head, body) = target.request(&job).unwrap().into_parts();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let body = runtime.block_on(body.collect()).unwrap().to_bytes();
        (Request::from_parts(head, ()), String::from_utf8(body.to_vec()).unwrap())
    }

    #[test]
    fn a_url_says_where_to_go() {
        for (url, host, port, path, authority) in [
            ("http://localhost", "localhost", 80, "/", "localhost"),
            ("http://127.0.0.1:8080/execute", "127.0.0.1", 8080, "/execute", "127.0.0.1:8080"),
            ("http://[::1]:9/a/b?c=d&e", "::1", 9, "/a/b?c=d&e", "[::1]:9"),
            ("http://example.org/a#b", "example.org", 80, "/a", "example.org"),
        ] {
            let target = target(|asked| asked.url = url.to_owned()).unwrap();
            assert_eq!((target.host.as_str(), target.port), (host, port), "{url}");
            let (head, _) = sent(&target, Script::new("t", "return 1"));
            assert_eq!(head.uri().to_string(), path, "{url}");
            assert_eq!(head.headers()["host"], authority, "{url}");
            assert_eq!((target.id(), target.url()), (url, url));
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_write() {
        let complaint = |change: fn(&mut Asked)| target(change).unwrap_err();
        for url in [
            "",
            "localhost:8080/execute",
            "127.0.0.1",
            "/execute",
            "ftp://host/",
            "http://",
            "http://h:99999/",
            "http://h:x/",
            "http://a b/",
        ] {
            let complaint = target(|asked| asked.url = url.to_owned()).unwrap_err();
            assert_eq!(complaint, format!("--url: `{url}` is no URL; write http://host:port/path"));
        }
        assert!(
            complaint(|asked| asked.url = "https://host/".to_owned()).contains("TLS, which is not supported")
        );
        assert!(
            complaint(|asked| asked.url = "http://me:secret@host/".to_owned()).contains("--url-header 'Auth")
        );
        for method in ["", "post", "GET POST"] {
            let complaint = target(|asked| asked.method = Some(method.to_owned())).unwrap_err();
            assert!(complaint.starts_with(&format!("--url-method: `{method}`")), "{complaint}");
        }
        for (header, expected) in [
            ("Accept", "`Accept` is no header; write 'Name: value'"),
            ("a b: secret", "`a b` is no header's name"),
            ("X-Key: a\u{1}secret", "`X-Key` has a value that no header can have"),
            ("content-length: 3", "`content-length` is made from the body"),
        ] {
            let complaint = target(|asked| asked.headers = vec![header.to_owned()]).unwrap_err();
            assert!(complaint.contains(expected) && !complaint.contains("secret"), "{complaint}");
        }
    }

    #[test]
    fn a_job_is_sent_as_execute_has_it() {
        let target = target(|asked| asked.headers = vec!["Authorization: Bearer x".to_owned()]).unwrap();
        let (head, body) = sent(&target.clone().for_kind("filter"), Script::new("t", "return \"1\""));
        assert_eq!(
            body,
            r#"{"type":"filter","code":"return \"1\"","input":{ "a": 1.50 },"timeout_ms":1500}"#
        );
        assert_eq!(head.method(), Method::POST);
        assert_eq!(head.headers()["content-type"], "application/json");
        assert_eq!(head.headers()["authorization"], "Bearer x");
        let setup = vec!["var a = 1".to_owned(), "// end".to_owned()];
        let (_, body) = sent(&target, Script { setup, ..Script::new("t", "return a") });
        assert!(body.contains(r#""type":"javascript","code":"var a = 1\n// end\nreturn a""#), "{body}");
    }

    #[test]
    fn a_request_of_one_s_own_is_sent_as_it_is() {
        let body = Body { name: "query.xml".to_owned(), bytes: b"<q/>".to_vec() };
        let of = |method: Option<&str>, body: Option<Body>| {
            let method = method.map(str::to_owned);
            let headers = vec!["content-type: text/xml".to_owned(), "X-A: 1".to_owned(), "x-a: 2".to_owned()];
            let target = target(|asked| *asked = Asked { method, body, headers, ..asked.clone() }).unwrap();
            let as_it_is = target.as_it_is().map(|(name, _)| name.to_owned());
            let (head, body) = sent(&target, Script::new("t", "return 1"));
            assert_eq!(head.headers().get_all("content-type").iter().collect::<Vec<_>>(), ["text/xml"]);
            assert_eq!(head.headers().get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
            (head.method().to_string(), body, as_it_is)
        };
        assert_eq!(of(None, Some(body.clone())), ("POST".into(), "<q/>".into(), Some("query.xml".into())));
        assert_eq!(of(Some("PUT"), Some(body)), ("PUT".into(), "<q/>".into(), Some("query.xml".into())));
        assert_eq!(of(Some("GET"), None), ("GET".into(), String::new(), Some("GET".into())));
        assert_eq!(of(Some("POST"), None).2, None);
    }

    #[test]
    fn a_target_reaches_a_child_whole_and_logs_no_header() {
        let target = target(|asked| asked.headers = vec!["X-Key: secret".to_owned()]).unwrap();
        let target = target.for_kind("filter");
        let json = serde_json::to_string(&target).unwrap();
        let again: Target = serde_json::from_str(&json).unwrap();
        assert_eq!(again.asked, target.asked);
        assert_eq!(again.headers, target.headers);
        assert_eq!(format!("{again:?}"), "Target(POST http://127.0.0.1:8080/execute)");
    }
}
