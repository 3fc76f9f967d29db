//! The lists that `cvrs codes import` keeps, laid over the built-in code sets for every command.
//!
//! One folder holds them, one file a list, in the form of `cvrs_codes::ImportedSet::to_tsv`.

use crate::fault::{Fault, Result};
use cvrs_codes::{CodeSets, ImportedSet};
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The variable that names another folder.
const VARIABLE: &str = "CVRS_CODES";

/// The folder of imported lists: the one named by `CVRS_CODES`, else `cvrs/codes` under the user's data folder.
pub(crate) fn folder() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    named(VARIABLE).map(PathBuf::from).or_else(|| Some(data_folder(named)?.join("cvrs").join("codes")))
}

/// The folder in which the platform wants programs to keep a user's data.
fn data_folder(named: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if cfg!(windows) {
        return named("APPDATA").map(PathBuf::from);
    }
    let home = || named("HOME").map(PathBuf::from);
    if cfg!(target_os = "macos") {
        return Some(home()?.join("Library").join("Application Support"));
    }
    // A relative path is to be ignored, says the XDG Base Directory Specification.
    let named = named("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| Some(home()?.join(".local").join("share")))
}

/// The lists in a folder, by file name; none if there is no such folder.
pub(crate) fn read(folder: &Path) -> Result<Vec<(PathBuf, ImportedSet)>> {
    let fault = |path: &Path, error: std::io::Error| Fault::file(format!("{}: {error}", path.display()));
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fault(folder, error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| fault(folder, error))?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_hidden && path.extension().is_some_and(|extension| extension == "tsv") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut lists = Vec::new();
    for path in paths {
        let bytes = fs::read(&path).map_err(|error| fault(&path, error))?;
        let list = ImportedSet::from_tsv(&bytes, &path.display().to_string());
        let list = list.map_err(|error| Fault::file(format!("{error}; remove the file, or import the list again")))?;
        lists.push((path, list));
    }
    Ok(lists)
}

/// The built-in code sets with the lists of a folder laid over them; they stay for the rest of the process.
pub(crate) fn overlaid(folder: &Path) -> Result<&'static CodeSets> {
    let lists: Vec<ImportedSet> = read(folder)?.into_iter().map(|(_, list)| list).collect();
    if lists.is_empty() {
        return Ok(CodeSets::builtin());
    }
    Ok(Box::leak(Box::new(CodeSets::with_imports(&lists))))
}

/// The code sets that every command goes by, read when first asked for.
pub(crate) fn current() -> Result<&'static CodeSets> {
    static CURRENT: OnceLock<std::result::Result<&'static CodeSets, String>> = OnceLock::new();
    let load = || folder().map_or_else(|| Ok(CodeSets::builtin()), |folder| overlaid(&folder));
    CURRENT.get_or_init(|| load().map_err(|fault| fault.message)).clone().map_err(Fault::file)
}

/// The version of the code sets for `--version`, which must not fail.
pub(crate) fn version() -> String {
    current().map_or_else(
        |_| format!("{}, imported lists unreadable", CodeSets::builtin().version()),
        |sets| sets.version().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn the_data_folder_is_that_of_xdg_or_under_home() {
        let of = |xdg: &'static str| {
            data_folder(move |name| {
                let value = if name == "HOME" { "/home/a" } else { xdg };
                (!value.is_empty()).then(|| value.into())
            })
        };
        assert_eq!(of("/data"), Some(PathBuf::from("/data")));
        for ignored in ["", "data"] {
            assert_eq!(of(ignored), Some(PathBuf::from("/home/a/.local/share")), "{ignored:?}");
        }
        assert_eq!(data_folder(|_| None), None);
    }
}
