//! Which plugins a run loads, decided before any of them runs.
//!
//! A file that was *named* must load: asked for and not there is an error. A
//! file that was *found* in a plugin folder is left out if it is refused, and
//! told of: one bad file must not take every sweep with it, and none may go
//! unseen.

use std::path::{Path, PathBuf};

use super::{
    LoadError, LoadStep, Plugins, Refused,
    check::{Checked, Found, check},
};

/// A plugin that may be loaded.
#[derive(Debug)]
pub struct Candidate {
    /// The file.
    pub path: PathBuf,
    /// How it came to be looked at.
    pub found: Found,
    /// Its bytes and its manifest.
    pub checked: Checked,
}

/// What is loaded and what is not.
#[derive(Debug, Default)]
pub struct Chosen {
    /// What may be loaded and was asked for.
    pub candidates: Vec<Candidate>,
    /// Found, and refused.
    pub refused: Vec<Refused>,
    /// Names of plugins that could be loaded, but were not asked for.
    pub others: Vec<String>,
}

impl Chosen {
    /// Looks at every plugin of `plugins`; of those that pass, the ones that
    /// are `wanted` by name are candidates.
    pub fn new(plugins: &Plugins, wanted: impl Fn(&str) -> bool) -> Result<Chosen, LoadError> {
        let mut chosen = Chosen::default();
        for path in &plugins.files {
            let checked = check(path, Found::Named, &plugins.trust);
            let checked = checked.map_err(|refused| refused.error)?;
            if let Some(other) = chosen.of_name(&checked.manifest.name) {
                return Err(same_name(&checked, &other.path, path));
            }
            chosen.take(path, Found::Named, checked, &wanted);
        }
        let mut twice: Vec<String> = Vec::new();
        for path in chosen.found(plugins)? {
            match check(&path, Found::InFolder, &plugins.trust) {
                Ok(checked) => chosen.take_found(&path, checked, &wanted, &mut twice),
                Err(refused) => chosen.refused.push(*refused),
            }
        }
        Ok(chosen)
    }

    /// The files of the plugin folders. A folder that was named must be there;
    /// the user's own may not be.
    fn found(&mut self, plugins: &Plugins) -> Result<Vec<PathBuf>, LoadError> {
        let mut files = plugins.in_folders()?;
        match plugins.in_home() {
            Ok(more) => files.extend(more),
            Err(error) => {
                let home = plugins.home.as_deref().unwrap_or(Path::new("")).to_owned();
                self.refused.push(Refused::new(&home, error));
            }
        }
        Ok(files)
    }

    fn of_name(&self, name: &str) -> Option<&Candidate> {
        self.candidates.iter().find(|one| one.checked.manifest.name == name)
    }

    fn take(
        &mut self,
        path: &Path,
        found: Found,
        checked: Checked,
        wanted: &impl Fn(&str) -> bool,
    ) {
        if wanted(&checked.manifest.name) {
            self.candidates.push(Candidate { path: path.to_owned(), found, checked });
        } else {
            self.others.push(checked.manifest.name);
        }
    }

    /// Takes a plugin that was found, unless there is one of its name: which
    /// of two runs must not depend on the order of folders, so neither does.
    fn take_found(
        &mut self,
        path: &Path,
        checked: Checked,
        wanted: &impl Fn(&str) -> bool,
        twice: &mut Vec<String>,
    ) {
        let name = checked.manifest.name.clone();
        let place = self.candidates.iter().position(|one| one.checked.manifest.name == name);
        let Some(place) = place else {
            if twice.contains(&name) {
                let error = LoadError::new(
                    LoadStep::Name,
                    format!("{name} is the name of other plugins in the plugin folders too"),
                    "keep only one of them",
                );
                self.refused.push(refuse(path, checked, error));
            } else {
                self.take(path, Found::InFolder, checked, wanted);
            }
            return;
        };
        let other = &self.candidates[place];
        if other.found == Found::Named {
            tracing::info!("{} takes the place of {}", other.path.display(), path.display());
        } else if other.checked.sha256() == checked.sha256() {
            tracing::info!("{} is the same file as {}", path.display(), other.path.display());
        } else {
            let other = self.candidates.remove(place);
            let error = same_name(&other.checked, path, &other.path);
            self.refused.push(refuse(&other.path, other.checked, error));
            let error = same_name(&checked, &other.path, path);
            self.refused.push(refuse(path, checked, error));
            twice.push(name);
        }
    }
}

fn same_name(checked: &Checked, other: &Path, path: &Path) -> LoadError {
    LoadError::new(
        LoadStep::Name,
        format!("{} is the name of {} too", checked.manifest.name, other.display()),
        "load only one of the two",
    )
    .at(path)
}

/// Refuses a plugin that passed the checks.
fn refuse(path: &Path, checked: Checked, error: LoadError) -> Refused {
    let sha256 = Some(checked.sha256().to_owned());
    Refused { sha256, manifest: Some(checked.manifest), ..Refused::new(path, error) }
}
