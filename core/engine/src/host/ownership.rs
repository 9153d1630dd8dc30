//! Who could have written a plugin's file.
//!
//! A file that somebody else can change is somebody else's code. So the file
//! and every folder above it must belong to root or to the user who runs the
//! program, and must not be writable by everybody (a sticky folder such as
//! `/tmp` may be: others cannot replace a file in it). A group that can write
//! is the default on many systems; that is a warning, because the bytes that
//! run are a sealed copy and are trusted by hash or by being named.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::{LoadError, LoadStep};

const GROUP_WRITE: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Checks the file (by what was opened) and the folders above it. Gives
/// warnings, one sentence each.
pub fn check(path: &Path, file: &Metadata) -> Result<Vec<String>, LoadError> {
    let user = rustix::process::geteuid().as_raw();
    let refuse =
        |why: String, help: String| LoadError::new(LoadStep::Ownership, why, help).at(path);
    let mut warnings = Vec::new();
    let mut look = |place: &Path, meta: &Metadata| {
        let what = if meta.is_dir() { "the folder" } else { "the file" };
        let place = place.display();
        if meta.uid() != 0 && meta.uid() != user {
            return Err(refuse(
                format!("{what} {place} belongs to user {}, who could change it", meta.uid()),
                format!("copy the plugin to a folder of your own, or: chown {user} {place}"),
            ));
        }
        let sticky = meta.is_dir() && meta.mode() & STICKY != 0;
        if meta.mode() & OTHERS_WRITE != 0 && !sticky {
            return Err(refuse(
                format!("{what} {place} can be written by everybody"),
                format!("chmod o-w {place}"),
            ));
        }
        if meta.mode() & GROUP_WRITE != 0 && !sticky {
            warnings.push(format!("{what} {place} can be written by group {}", meta.gid()));
        }
        Ok(())
    };
    look(path, file)?;
    for folder in folders_above(path).map_err(|error| {
        refuse(format!("the folders above it cannot be read: {error}"), "check the path".into())
    })? {
        let meta = std::fs::metadata(&folder).map_err(|error| {
            refuse(format!("{} cannot be read: {error}", folder.display()), "check the path".into())
        })?;
        look(&folder, &meta)?;
    }
    Ok(warnings)
}

/// The folder of a file and every one above it, links resolved.
fn folders_above(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = std::fs::canonicalize(folder)?;
    Ok(folder.ancestors().map(Path::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn with_modes(folder_mode: u32, file_mode: u32) -> Result<Vec<String>, LoadError> {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let folder = dir.path().join("plugins");
        fs::create_dir(&folder).expect("made");
        let path = folder.join("a.so");
        fs::write(&path, "x").expect("written");
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
        };
        set(&path, file_mode);
        set(&folder, folder_mode);
        let meta = fs::metadata(&path).expect("there");
        check(&path, &meta)
    }

    #[test]
    fn only_what_nobody_else_can_change_passes() {
        assert_eq!(with_modes(0o755, 0o644).expect("fits"), Vec::<String>::new());
        assert_eq!(with_modes(0o1777, 0o644).expect("a sticky folder").len(), 0);
        assert_eq!(with_modes(0o775, 0o664).expect("group").len(), 2);
        for (folder, file, part) in [(0o755, 0o646, "the file"), (0o757, 0o644, "the folder")] {
            let error = with_modes(folder, file).expect_err("everybody can write");
            assert_eq!(error.step, LoadStep::Ownership);
            assert!(error.why.contains(part) && error.help.starts_with("chmod o-w"), "{error}");
        }
    }
}
