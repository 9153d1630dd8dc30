//! A plugin's bytes, copied where nobody can change them.
//!
//! A descriptor pins the file, not its content: its owner could still write to
//! it between the check and `dlopen`, and `dlopen` of a file that was cut
//! short ends the process. So the bytes are copied into an anonymous file,
//! hashed on the way and sealed, and every later step looks at that copy.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    path::Path,
};

use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags};
use sha2::{Digest, Sha256};

use super::{LoadError, LoadStep, ownership};

/// A plugin larger than this is refused.
pub const MAX_SIZE: u64 = 64 * 1024 * 1024;

/// A sealed copy of a plugin file.
#[derive(Debug)]
pub struct Sealed {
    /// The anonymous file. Must stay open for as long as the process lives
    /// once it was loaded: the loader knows libraries by name, and a reused
    /// descriptor number would be taken for this one.
    pub fd: OwnedFd,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: String,
    /// What is not right about the file's place, but no reason to refuse it.
    pub warnings: Vec<String>,
}

/// Opens the file at `path`, checks who can change it, copies it and seals the
/// copy.
pub fn open(path: &Path) -> Result<Sealed, LoadError> {
    let refuse = |why: String, help: &str| LoadError::new(LoadStep::Open, why, help).at(path);
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| match error {
        rustix::io::Errno::LOOP => refuse(
            "it is a symbolic link, which could point elsewhere by the time it is read".into(),
            "name the file itself",
        ),
        error => {
            refuse(format!("it cannot be opened: {error}"), "check the path and its permissions")
        }
    })?;
    let mut file = File::from(fd);
    let meta = file
        .metadata()
        .map_err(|error| refuse(format!("it cannot be read: {error}"), "check the path"))?;
    if !meta.is_file() {
        return Err(refuse("it is not a regular file".into(), "name the plugin's .so file"));
    }
    if meta.len() > MAX_SIZE {
        return Err(refuse(
            format!("it has {} bytes, more than {MAX_SIZE}", meta.len()),
            "build it with --release and strip it",
        ));
    }
    let warnings = ownership::check(path, &meta)?;
    let mut bytes = Vec::new();
    Read::by_ref(&mut file)
        .take(MAX_SIZE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refuse(format!("it cannot be read: {error}"), "check the disk"))?;
    if bytes.len() as u64 != meta.len() {
        return Err(refuse(
            format!("it changed while it was read: {} bytes, then {}", meta.len(), bytes.len()),
            "wait until it is written and try again",
        ));
    }
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let fd = seal(path, &bytes).map_err(|error| {
        refuse(
            format!("no sealed copy could be made: {error}"),
            "allow memfd_create for this process",
        )
    })?;
    Ok(Sealed { fd, bytes, sha256, warnings })
}

fn seal(path: &Path, bytes: &[u8]) -> std::io::Result<OwnedFd> {
    // The name shows in /proc/<pid>/maps.
    let name = path.file_name().map_or_else(|| "plugin".into(), |name| name.to_string_lossy());
    let name =
        format!("remora:{}", name.chars().filter(|c| *c != '\0').take(200).collect::<String>());
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Kernels before 6.3 do not know EXEC and refuse it.
    let fd = rustix::fs::memfd_create(name.as_str(), flags | MemfdFlags::EXEC)
        .or_else(|_| rustix::fs::memfd_create(name.as_str(), flags))?;
    let mut file = File::from(fd);
    file.write_all(bytes)?;
    let fd = OwnedFd::from(file);
    rustix::fs::fcntl_add_seals(
        &fd,
        SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL,
    )?;
    Ok(fd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_the_file_and_cannot_be_changed() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let path = dir.path().join("a.so");
        std::fs::write(&path, b"some bytes").expect("written");
        let sealed = open(&path).expect("opened");
        assert_eq!(sealed.bytes, b"some bytes");
        assert_eq!(sealed.sha256.len(), 64);
        let mut copy = File::from(sealed.fd);
        assert!(copy.write_all(b"other").is_err());
        assert!(copy.set_len(0).is_err());
    }

    #[test]
    fn links_folders_and_missing_files_are_refused() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let path = dir.path().join("a.so");
        std::fs::write(&path, b"x").expect("written");
        let link = dir.path().join("link.so");
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        for (path, part) in [
            (link.as_path(), "symbolic link"),
            (dir.path(), "not a regular file"),
            (&dir.path().join("none.so"), "cannot be opened"),
        ] {
            let error = open(path).expect_err("refused");
            assert_eq!(error.step, LoadStep::Open);
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
