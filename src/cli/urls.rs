//! Servers behind URLs, as flags and `jsarena.toml` have them.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::config::Merged;
use super::{Defaults, UsageError};
use crate::engine::registry;
use crate::executor::Foreign;
use crate::executor::http::{Asked, Body, Target};
use crate::workload::Workload;

const HEADING: &str = "Servers behind a URL";

/// Servers to drive, and what to send them.
#[derive(Debug, Default, Args, Serialize)]
pub struct UrlFlags {
    /// Drive a server too, or instead: http://host:port/path, sent each job as `POST /execute` has it, its `result`
    /// checked like any engine's; may be given several times (run, compare, verify)
    #[arg(long, value_name = "URL", help_heading = HEADING)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub url: Vec<String>,
    /// Names of the servers in the record, in the order of the URLs [default: the URLs]
    #[arg(long, value_name = "A,B", value_delimiter = ',', help_heading = HEADING)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub url_name: Vec<String>,
    /// Send this file as the body of every request instead, as it is: no workload then, and any 2xx is right
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_body: Option<PathBuf>,
    /// Method of every request; any but POST has no body unless there is a --url-body [default: POST]
    #[arg(long, value_name = "METHOD", help_heading = HEADING)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_method: Option<String>,
    /// A header that every request carries; may be given several times, and no value of it gets into the record
    #[arg(long, value_name = "NAME: VALUE", help_heading = HEADING)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub url_header: Vec<String>,
}

impl UrlFlags {
    /// Whether they ask for a request that is sent as it is, and so for no workload.
    pub fn sends_as_it_is(&self) -> bool {
        self.url_body.is_some() || self.url_method.as_deref().is_some_and(|method| method != "POST")
    }
}

/// The servers, checked, in the order in which they were asked for.
pub(super) fn targets(
    merged: &Merged,
    foreign: &[Foreign],
    defaults: Defaults,
) -> Result<Vec<Arc<Target>>, UsageError> {
    let Merged { url, url_name, url_body, url_method, url_header, .. } = merged;
    if url.is_empty() {
        let without = [
            ("--url-name", !url_name.is_empty()),
            ("--url-body", url_body.is_some()),
            ("--url-method", url_method.is_some()),
            ("--url-header", !url_header.is_empty()),
        ];
        return match without.iter().find(|(_, is_there)| *is_there) {
            Some((flag, _)) => Err(UsageError(format!("{flag} says nothing without a --url"))),
            None => Ok(Vec::new()),
        };
    }
    if !defaults.urls {
        return Err(UsageError(
            "--url: servers are driven by run, compare and verify, without --soak and --ablation".to_owned(),
        ));
    }
    if !(url_name.is_empty() || url_name.len() == url.len()) {
        let (names, urls) = (url_name.len(), url.len());
        return Err(UsageError(format!("--url-name: {names} names for {urls} URLs; give each URL a name")));
    }
    let body = url_body.as_deref().map(|path| {
        let bytes = std::fs::read(path)
            .map_err(|error| UsageError(format!("--url-body: {}: {error}", path.display())))?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok::<_, UsageError>(Body { name, bytes })
    });
    let body = body.transpose()?;
    let mut targets: Vec<Arc<Target>> = Vec::new();
    for (place, url) in url.iter().enumerate() {
        let target = Target::try_from(Asked {
            name: url_name.get(place).cloned(),
            url: url.clone(),
            method: url_method.clone(),
            headers: url_header.clone(),
            body: body.clone(),
            kind: None,
        });
        let target = target.map_err(|error| UsageError(error.to_string()))?;
        let id = target.id();
        let is_engine = registry::find(id).is_some() || foreign.iter().any(|one| one.id == id);
        if id.trim().is_empty() || is_engine || targets.iter().any(|other| other.id() == id) {
            return Err(UsageError(format!(
                "--url-name: `{id}` is empty or taken; give each server a name of its own"
            )));
        }
        targets.push(Arc::new(target));
    }
    if request(&targets).is_some() && says_what_to_run(merged) {
        return Err(UsageError(
            "a request that is sent as it is (--url-body, or a --url-method without a body) has no script: leave engines, \
             workloads and hostile jobs out"
                .to_owned(),
        ));
    }
    Ok(targets)
}

/// The workload that is a request sent as it is, if the servers get just that.
pub(super) fn request(targets: &[Arc<Target>]) -> Option<Workload> {
    let (name, body) = targets.first()?.as_it_is()?;
    Some(Workload::request(name, body))
}

fn says_what_to_run(merged: &Merged) -> bool {
    let is_hostile = merged.hostile.is_some_and(|share| share.0 > 0.0);
    is_hostile || !(merged.engines.is_empty() && merged.workloads.is_empty())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::cli::{Defaults, Flags, Settings};
    use crate::executor::Isolation;

    const URL: &str = "http://127.0.0.1:9/execute";

    fn gather(change: impl FnOnce(&mut Flags), defaults: Defaults) -> Result<Settings, String> {
        let mut flags = Flags::default();
        flags.urls.url.push(URL.to_owned());
        change(&mut flags);
        Settings::gather(&flags, None, defaults).map_err(|error| error.to_string())
    }

    fn ids(settings: &Settings) -> Vec<&str> {
        settings.selection.engines.iter().map(|engine| engine.id()).collect()
    }

    #[test]
    fn a_server_is_measured_alone_or_beside_engines() {
        let alone = gather(|_| {}, Defaults::RUN).unwrap();
        assert_eq!((ids(&alone), &*alone.isolations), (vec![URL], &[Isolation::Remote][..]));
        let beside = gather(
            |flags| {
                flags.engines = vec!["fake".to_owned()];
                flags.urls.url.push("http://127.0.0.1:10/".to_owned());
                flags.urls.url_name = vec!["a".to_owned(), "b".to_owned()];
            },
            Defaults::COMPARE,
        );
        let beside = beside.unwrap();
        assert_eq!(ids(&beside), ["fake", "a", "b"]);
        assert_eq!(*beside.isolations, [Isolation::Thread, Isolation::Task, Isolation::Remote]);
    }

    #[test]
    fn a_config_file_may_name_the_servers() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            file.path(),
            format!("url = ['{URL}']\nurl_name = ['mine']\nurl_header = ['X-A: 1']\n"),
        )
        .unwrap();
        let settings = Settings::gather(&Flags::default(), Some(file.path()), Defaults::RUN).unwrap();
        assert_eq!(
            (ids(&settings), settings.selection.engines[0].target().unwrap().url()),
            (vec!["mine"], URL)
        );
    }

    #[test]
    fn a_request_of_one_s_own_is_the_workload() {
        let get = gather(|flags| flags.urls.url_method = Some("GET".to_owned()), Defaults::RUN).unwrap();
        assert_eq!(get.selection.workloads[0].name, "request/GET");
        let file = tempfile::Builder::new().suffix(".xml").tempfile().unwrap();
        std::fs::write(file.path(), "<q/>").unwrap();
        let body = gather(|flags| flags.urls.url_body = Some(file.path().to_owned()), Defaults::RUN).unwrap();
        let [workload] = &body.selection.workloads[..] else { panic!("one request") };
        assert!(
            workload.name.starts_with("request/") && workload.name.ends_with(".xml"),
            "{}",
            workload.name
        );
    }

    #[test]
    fn what_makes_no_sense_is_said_in_one_line() {
        let check = |change: fn(&mut Flags), defaults: Defaults, expected: &str| {
            let complaint = gather(change, defaults).unwrap_err();
            assert!(complaint.contains(expected) && complaint.lines().count() == 1, "{complaint}");
        };
        let run = Defaults::RUN;
        check(|flags| flags.urls.url[0] = "https://h/".to_owned(), run, "TLS, which is not supported");
        check(|flags| flags.urls.url_name = vec!["a".to_owned(), "b".to_owned()], run, "2 names for 1 URLs");
        check(|flags| flags.urls.url_name = vec!["boa".to_owned()], run, "`boa` is empty or taken");
        check(|flags| flags.urls.url.push(URL.to_owned()), run, "is empty or taken");
        check(
            |flags| flags.urls.url_body = Some(PathBuf::from("no-such-file")),
            run,
            "--url-body: no-such-file",
        );
        check(|flags| flags.urls.url_header = vec!["x".to_owned()], run, "write 'Name: value'");
        check(
            |flags| {
                flags.urls.url_method = Some("GET".to_owned());
                flags.workloads = vec!["seed/fib".to_owned()];
            },
            run,
            "leave engines, workloads and hostile jobs out",
        );
        check(
            |flags| {
                flags.urls.url.clear();
                flags.urls.url_method = Some("GET".to_owned());
            },
            run,
            "--url-method says nothing without a --url",
        );
        for defaults in [Defaults::SOAK, Defaults::ABLATION, Defaults::SURVIVE, Defaults::CAPACITY] {
            check(|_| {}, defaults, "run, compare and verify");
        }
    }
}
