//! Who could have written a plugin's file.
//!
//! A file that somebody else can change is somebody else's code. So the file
//! and every folder above it must belong to root or to the user who runs the
//! program, and must not be writable by everybody (a sticky folder such as
//! `/tmp` may be: others cannot replace a file in it). A group that can write
//! is the default on many systems; that is a warning, because the bytes that
//! run are a sealed copy and are trusted by hash or by being named.

use std::{
    collections::BTreeSet,
    fs::{self, Metadata},
    os::unix::fs::MetadataExt as _,
    path::Path,
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
    let unreadable = |place: &Path, error: std::io::Error| {
        refuse(format!("{} cannot be read: {error}", place.display()), "check the path".into())
    };
    let absolute = std::path::absolute(path).map_err(|error| unreadable(path, error))?;
    let mut looked_at = BTreeSet::new();
    for written in absolute.ancestors().skip(1) {
        // Whoever can change a link on the way decides where it leads.
        let meta = fs::symlink_metadata(written).map_err(|error| unreadable(written, error))?;
        if meta.is_symlink() && meta.uid() != 0 && meta.uid() != user {
            return Err(refuse(
                format!("the link {} belongs to user {}", written.display(), meta.uid()),
                "name the plugin by its real path".into(),
            ));
        }
        let real = fs::canonicalize(written).map_err(|error| unreadable(written, error))?;
        for folder in real.ancestors() {
            if looked_at.insert(folder.to_owned()) {
                let meta = fs::metadata(folder).map_err(|error| unreadable(folder, error))?;
                look(folder, &meta)?;
            }
        }
    }
    Ok(warnings)
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
    fn folders_behind_a_link_and_around_it_are_looked_at() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let set = |name: &str, mode| {
            let path = dir.path().join(name);
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
        };
        for name in ["real", "around"] {
            fs::create_dir(dir.path().join(name)).expect("made");
        }
        fs::write(dir.path().join("real/a.so"), "x").expect("written");
        let link = dir.path().join("around/link");
        std::os::unix::fs::symlink("../real", &link).expect("linked");
        let looked = || {
            let path = link.join("a.so");
            check(&path, &fs::metadata(&path).expect("there"))
        };
        set("real", 0o755);
        set("around", 0o755);
        looked().expect("nobody else can change it");
        for open in ["real", "around"] {
            set(open, 0o777);
            let error = looked().expect_err("everybody can");
            assert!(error.why.contains(open), "{error}");
            set(open, 0o755);
        }
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
