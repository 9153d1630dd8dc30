//! Plugin folders: which files in them are plugins.
//!
//! Flat, `*.so`, sorted by name. No folder is searched that was not named or
//! is not the user's own: neither the current one nor the linker's.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{LoadError, LoadStep};

/// The plugin files of a folder, sorted by name. A folder that does not exist
/// has none, unless it is `required`.
pub fn plugins_in(folder: &Path, required: bool) -> Result<Vec<PathBuf>, LoadError> {
    let refuse = |error: std::io::Error| {
        LoadError::new(
            LoadStep::Path,
            format!("the plugin folder {} cannot be read: {error}", folder.display()),
            "check the path and its permissions",
        )
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(refuse(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(refuse)?.path();
        if path.extension().is_some_and(|extension| extension == "so") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_shared_objects_by_name() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        for name in ["b.so", "a.so", "c.txt", ".hidden"] {
            fs::write(dir.path().join(name), "x").expect("written");
        }
        let found = plugins_in(dir.path(), true).expect("read");
        assert_eq!(found, [dir.path().join("a.so"), dir.path().join("b.so")]);
        let none = dir.path().join("none");
        assert!(plugins_in(&none, false).expect("no folder, no plugins").is_empty());
        assert_eq!(plugins_in(&none, true).expect_err("named").step, LoadStep::Path);
    }
}
