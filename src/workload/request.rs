//! A workload that is one HTTP request, sent as it is: for servers that have routes of their own.

use std::sync::Arc;

use super::definition::hash_of;
use super::{Expected, Kind, Workload};
use crate::engine::Script;

impl Workload {
    /// The workload of a request with this body. It has no script; any answer that the server calls a success is right,
    /// and counts as `null`.
    pub fn request(name: &str, body: &[u8]) -> Self {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let clean: String = name.chars().map(|c| if fits(c) { c } else { '-' }).collect();
        Self {
            name: format!("request/{clean}"),
            kind: Kind::Request,
            why: format!("One request, sent as it is ({name}): whatever it asks of a server."),
            script: Arc::new(Script::new(name, "")),
            input: "null".into(),
            expected: Expected::null(),
            deadline: None,
            hash: hash_of([Kind::Request.name().as_bytes(), body]),
            tags: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_named_after_its_file_and_told_by_its_body() {
        let request = |name, body: &str| Workload::request(name, body.as_bytes());
        let one = request("my query.xml", "<q/>");
        assert_eq!((one.name.as_str(), one.kind.name()), ("request/my-query.xml", "request"));
        assert_eq!(one.hash, request("other", "<q/>").hash);
        assert_ne!(one.hash, request("my query.xml", "<r/>").hash);
        assert!(one.checker().accepts("null") && !one.checker().accepts("2"));
    }
}
