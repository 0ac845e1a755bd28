//! Where workloads are read from: a directory on disk, or the tree built into the program.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::WorkloadError;

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/workloads");

/// A folder that may hold folders and text files. The two sources look the same from outside.
#[derive(Debug, Clone)]
pub(super) enum Folder {
    OnDisk(PathBuf),
    BuiltIn(&'static Dir<'static>),
}

impl Folder {
    /// The suites that are part of the program.
    pub(super) fn built_in() -> Self {
        Self::BuiltIn(&BUILT_IN)
    }

    /// The folder as messages name it.
    pub(super) fn path(&self) -> PathBuf {
        match self {
            Self::OnDisk(path) => path.clone(),
            Self::BuiltIn(dir) => Path::new("workloads").join(dir.path()),
        }
    }

    /// The last part of its path, checked to be fit for a workload's name: no separator, nothing that a glob
    /// or a comma-separated list would take for its own.
    pub(super) fn name(&self) -> Result<String, WorkloadError> {
        let path = match self {
            // `.` and `..` have a name too, only elsewhere.
            Self::OnDisk(path) => fs::canonicalize(path).map_err(|source| read_error(path, source))?,
            Self::BuiltIn(dir) => dir.path().to_owned(),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let fit = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || !name.chars().all(fit) {
            return Err(WorkloadError::Name { path: self.path(), name });
        }
        Ok(name)
    }

    /// The folder around it, where there is one.
    pub(super) fn parent(&self) -> Result<Option<Self>, WorkloadError> {
        match self {
            Self::OnDisk(path) => {
                let whole = fs::canonicalize(path).map_err(|source| read_error(path, source))?;
                Ok(whole.parent().map(|parent| Self::OnDisk(parent.to_owned())))
            }
            Self::BuiltIn(dir) => {
                Ok(dir.path().parent().and_then(|path| BUILT_IN.get_dir(path)).map(Self::BuiltIn))
            }
        }
    }

    /// The folders in it, by name, hidden ones left out.
    pub(super) fn folders(&self) -> Result<Vec<Self>, WorkloadError> {
        let mut found = Vec::new();
        match self {
            Self::OnDisk(path) => {
                let error = |source| read_error(path, source);
                for entry in fs::read_dir(path).map_err(error)? {
                    let inner = entry.map_err(error)?.path();
                    if inner.is_dir() && !hidden(&inner) {
                        found.push(Self::OnDisk(inner));
                    }
                }
            }
            Self::BuiltIn(dir) => {
                found.extend(dir.dirs().filter(|inner| !hidden(inner.path())).map(Self::BuiltIn));
            }
        }
        found.sort_by_key(Self::path);
        Ok(found)
    }

    /// The names of the files in it that end in `ending`, in order, hidden ones left out.
    pub(super) fn files(&self, ending: &str) -> Result<Vec<String>, WorkloadError> {
        let mut paths = Vec::new();
        match self {
            Self::OnDisk(path) => {
                let error = |source| read_error(path, source);
                for entry in fs::read_dir(path).map_err(error)? {
                    paths.push(entry.map_err(error)?.path());
                }
                paths.retain(|inner| inner.is_file());
            }
            Self::BuiltIn(dir) => paths.extend(dir.files().map(|file| file.path().to_owned())),
        }
        let named = paths.iter().filter(|path| !hidden(path)).filter_map(|path| path.file_name()?.to_str());
        let mut names: Vec<_> = named.filter(|name| name.ends_with(ending)).map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }

    /// Whether it holds a file of this name.
    pub(super) fn has(&self, file: &str) -> bool {
        match self {
            Self::OnDisk(path) => path.join(file).is_file(),
            Self::BuiltIn(dir) => built_in_file(dir, file).is_some(),
        }
    }

    /// The text of a file in it, `None` when there is no such file.
    pub(super) fn read(&self, file: &str) -> Result<Option<String>, WorkloadError> {
        let path = self.path().join(file);
        let bytes = match self {
            Self::OnDisk(_) => match fs::read(&path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(source) => return Err(WorkloadError::Read { path, source }),
            },
            Self::BuiltIn(dir) => match built_in_file(dir, file) {
                Some(bytes) => bytes.to_vec(),
                None => return Ok(None),
            },
        };
        String::from_utf8(bytes).map(Some).map_err(|error| {
            let source = io::Error::new(io::ErrorKind::InvalidData, error.utf8_error());
            WorkloadError::Read { path, source }
        })
    }
}

fn hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn built_in_file(dir: &Dir<'static>, file: &str) -> Option<&'static [u8]> {
    dir.files().find(|found| found.path().file_name().is_some_and(|name| name == file)).map(|f| f.contents())
}

fn read_error(path: &Path, source: io::Error) -> WorkloadError {
    WorkloadError::Read { path: path.to_owned(), source }
}
