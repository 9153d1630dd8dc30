//! From arguments to inputs: files, folders, globs, standard input.

use std::{
    collections::HashSet,
    fs,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};
use remora_engine::sweep::{Input, Origin};

/// What was named; standard input where nothing was, unless it is a terminal:
/// then `usage` says what could be.
pub(crate) fn named(arguments: &[PathBuf], usage: &str) -> Result<Vec<PathBuf>> {
    if !arguments.is_empty() {
        return Ok(arguments.to_vec());
    }
    if io::stdin().is_terminal() {
        bail!("no input\n{usage}");
    }
    Ok(vec!["-".into()])
}

/// The inputs that arguments name.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    /// In the order of the arguments; files of a folder or glob by name.
    pub(crate) inputs: Vec<Input>,
    seen: HashSet<PathBuf>,
}

impl Inputs {
    /// Finds the inputs that `arguments` name.
    pub(crate) fn find(arguments: &[PathBuf]) -> Inputs {
        let mut inputs = Inputs::default();
        for argument in arguments {
            inputs.add_argument(argument);
        }
        inputs
    }

    fn add_argument(&mut self, argument: &Path) {
        if argument.as_os_str() == "-" {
            if self.seen.insert(PathBuf::from("-")) {
                self.inputs.push(Input { name: "-".into(), origin: Origin::Stdin });
            }
            return;
        }
        match fs::metadata(argument) {
            Ok(meta) if meta.is_dir() => self.add_folder(argument),
            Ok(_) => self.add_file(argument.to_owned()),
            Err(error) => match argument.to_str().filter(|text| text.contains(['*', '?', '['])) {
                Some(pattern) => self.add_glob(pattern, &error),
                None => self.add_unreadable(argument, error.to_string()),
            },
        }
    }

    /// What cannot be read is an input too: the summary lists it.
    fn add_unreadable(&mut self, path: &Path, why: String) {
        let input = Input { name: path.display().to_string(), origin: Origin::Unreadable(why) };
        self.inputs.push(input);
    }

    fn add_glob(&mut self, pattern: &str, missing: &std::io::Error) {
        let place = Path::new(pattern);
        let paths = match glob::glob(pattern) {
            Ok(paths) => paths,
            Err(error) => {
                return self.add_unreadable(place, format!("{missing}; as a glob: {error}"));
            }
        };
        let mut any = false;
        for path in paths {
            any = true;
            match path {
                Ok(path) if path.is_dir() => self.add_folder(&path),
                Ok(path) => self.add_file(path),
                Err(error) => self.add_unreadable(error.path(), error.error().to_string()),
            }
        }
        if !any {
            self.add_unreadable(place, "no file matches".to_owned());
        }
    }

    fn add_folder(&mut self, folder: &Path) {
        let mut any = false;
        for entry in walkdir::WalkDir::new(folder).follow_links(true).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => continue,
                Ok(entry) if entry.file_type().is_file() => self.add_file(entry.into_path()),
                // Reading a pipe or a device in a folder could wait for ever.
                Ok(entry) => {
                    self.add_unreadable(entry.path(), "neither file nor folder".to_owned());
                }
                Err(error) => {
                    let why = match error.io_error() {
                        Some(io) => io.to_string(),
                        None => "a link that leads back to a folder above it".to_owned(),
                    };
                    self.add_unreadable(error.path().unwrap_or(folder), why);
                }
            }
            any = true;
        }
        if !any {
            self.add_unreadable(folder, "no file in this folder".to_owned());
        }
    }

    fn add_file(&mut self, path: PathBuf) {
        // The same file twice would count its rows twice.
        let known = fs::canonicalize(&path).is_ok_and(|real| !self.seen.insert(real));
        if known {
            tracing::warn!("{} is named twice and read once", path.display());
            return;
        }
        self.inputs.push(Input { name: path.display().to_string(), origin: Origin::Path(path) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(inputs: &Inputs, root: &Path) -> Vec<String> {
        let name = |input: &Input| input.name.replace(&format!("{}/", root.display()), "");
        inputs.inputs.iter().map(name).collect()
    }

    #[test]
    fn folders_globs_and_repeats() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join("a/b")).unwrap();
        for name in ["a/2.csv", "a/1.csv", "a/b/3.json", "top.json"] {
            fs::write(root.join(name), "x").unwrap();
        }
        let found = Inputs::find(&[
            root.join("a"),
            root.join("*.json"),
            root.join("a/1.csv"),
            root.join("none"),
        ]);
        assert_eq!(names(&found, root), ["a/1.csv", "a/2.csv", "a/b/3.json", "top.json", "none"]);
        assert!(matches!(found.inputs[4].origin, Origin::Unreadable(_)));
        fs::create_dir(root.join("empty")).unwrap();
        let found = Inputs::find(&[root.join("empty"), root.join("x*y")]);
        assert_eq!(found.inputs.len(), 2);
        assert!(found.inputs.iter().all(|one| matches!(one.origin, Origin::Unreadable(_))));
    }
}
