//! The parts of a URL that a client needs.

use hyper::Uri;
use hyper::header::HeaderValue;

/// What a URL says.
pub(super) struct Place {
    pub host: String,
    pub port: u16,
    /// Host and port as the URL has them: the header `Host`.
    pub authority: HeaderValue,
    /// Path and query, as a request has them.
    pub path: Uri,
}

impl Place {
    /// The place that a plain `http` URL names.
    ///
    /// # Errors
    /// What is wrong with it, and what to write.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const ADVICE: &str = "is no URL; write http://host:port/path";
        let url: Uri = text.parse().map_err(|_| ADVICE)?;
        match url.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err("needs TLS, which is not supported; give the server's plain http address");
            }
            _ => return Err(ADVICE),
        }
        let authority = url.authority().ok_or(ADVICE)?;
        if authority.as_str().contains('@') {
            return Err("holds credentials; send them with --url-header 'Authorization: …'");
        }
        let host = authority.host();
        // A port that is no number is left out without a word.
        if host.is_empty() || (authority.port_u16().is_none() && authority.as_str().len() > host.len()) {
            return Err(ADVICE);
        }
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: authority.port_u16().unwrap_or(80),
            authority: HeaderValue::from_str(authority.as_str()).map_err(|_| ADVICE)?,
            path: path.parse().map_err(|_| ADVICE)?,
        })
    }
}
