//! The limit of open files, and with it that of connections.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Lets this process have as many as the system allows: the usual limit is a thousand, and a connection is one.
pub fn raise() {
    let files = Resource::RLIMIT_NOFILE;
    let raised = getrlimit(files).and_then(|(_, most)| setrlimit(files, most, most));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files stays as it is, and with it that of connections");
    }
}
