//! Reading and writing records. A record on disk is always whole: it is written beside and renamed.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{RunRecord, SCHEMA_VERSION};

/// Why a record could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is no record.
    #[error("{path}: not a jsarena record: {source}", path = path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Where its form is wrong.
        source: serde_json::Error,
    },
    /// The record was written by a newer program.
    #[error("{path}: record of schema {found}, this jsarena reads up to {SCHEMA_VERSION}; use a newer jsarena", path = path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
}

/// Reads a record.
///
/// # Errors
/// [`RecordError`] naming the file when it cannot be read, is no record, or is a newer one.
pub fn load(path: &Path) -> Result<RunRecord, RecordError> {
    let text =
        fs::read_to_string(path).map_err(|source| RecordError::Io { path: path.to_owned(), source })?;
    read(path, &text)
}

/// Reads a record from the text that this file has.
///
/// # Errors
/// [`RecordError`] naming the file when the text is no record, or a newer one.
pub fn read(path: &Path, text: &str) -> Result<RunRecord, RecordError> {
    #[derive(serde::Deserialize)]
    struct Version {
        schema: u32,
    }
    let form = |source| RecordError::Form { path: path.to_owned(), source };
    let Version { schema } = serde_json::from_str(text).map_err(form)?;
    if schema > SCHEMA_VERSION {
        return Err(RecordError::Newer { path: path.to_owned(), found: schema });
    }
    serde_json::from_str(text).map_err(form)
}

/// Writes a record, replacing what was there in one step.
///
/// # Errors
/// [`RecordError::Io`] when the folder cannot be made or the file not written.
pub fn save(record: &RunRecord, path: &Path) -> Result<(), RecordError> {
    let io = |source| RecordError::Io { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(io)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    // Unbuffered, every brace is a system call.
    let mut to = BufWriter::new(&mut file);
    // Written anew after every cell: without line breaks it is half as long.
    serde_json::to_writer(&mut to, record).map_err(|error| io(error.into()))?;
    to.write_all(b"\n").and_then(|()| to.flush()).map_err(io)?;
    drop(to);
    file.as_file().sync_all().map_err(io)?;
    // A temporary file is made for its owner only; a report is for everyone the folder is for.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644)).map_err(io)?;
    }
    file.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}
