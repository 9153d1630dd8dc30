//! The manifest: what a detector says of itself, in TOML.
//!
//! It is a claim, not a proof. It decides early refusals and what people are
//! told; whether the code fits is decided by the layout check. Keys that this
//! host does not know are ignored, so that manifests can grow.

use serde::Deserialize;

use super::{LoadError, LoadStep};

/// What a detector says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    /// Its name, unique in a run.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// The ABI version it was built against.
    pub abi: String,
    /// The tools it finds, for people.
    #[serde(default)]
    pub tools: Vec<String>,
    /// ATT&CK ids.
    #[serde(default)]
    pub techniques: Vec<String>,
    /// SPDX expression.
    #[serde(default)]
    pub licence: String,
    /// `unwind` or `abort`.
    #[serde(default)]
    pub panic: String,
    /// The schema of its configuration, if it has one.
    #[serde(default)]
    pub config: String,
}

/// Major, minor and patch of a version.
fn parse_version(text: &str) -> Option<(u64, u64, u64)> {
    let mut parts = text.split('.');
    let version = (
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
        parts.next().unwrap_or("0").parse().ok()?,
    );
    parts.next().is_none().then_some(version)
}

impl Manifest {
    /// Reads a manifest and checks everything that can be checked without the
    /// detector's code.
    pub fn read(text: &str) -> Result<Manifest, LoadError> {
        let manifest = Manifest::parse(text)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Reads a manifest, of whatever ABI: what can be told of a plugin that
    /// does not fit.
    pub fn parse(text: &str) -> Result<Manifest, LoadError> {
        let manifest: Manifest = toml::from_str(text).map_err(|error| {
            LoadError::new(
                LoadStep::Note,
                format!("its manifest cannot be read: {}", error.message()),
                "build it with `remora_sdk::manifest!`",
            )
        })?;
        let named = !manifest.name.is_empty()
            && manifest.name.len() <= 64
            && manifest
                .name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !named {
            return Err(LoadError::new(
                LoadStep::Note,
                format!("{:?} is no name for a detector", manifest.name),
                "use 1 to 64 small letters, digits and hyphens",
            ));
        }
        Ok(manifest)
    }

    /// Checks the ABI version and the panic strategy.
    pub fn check(&self) -> Result<(), LoadError> {
        self.check_abi(remora_abi::ABI_VERSION)?;
        if self.panic != "unwind" {
            return Err(LoadError::new(
                LoadStep::Panic,
                format!(
                    "{} was built with panic = {:?}, so that a panic in it would end the program",
                    self.name, self.panic
                ),
                "build it with panic = \"unwind\"",
            ));
        }
        Ok(())
    }

    fn check_abi(&self, host: &str) -> Result<(), LoadError> {
        let host_version = parse_version(host).expect("the ABI version of the host is a version");
        let Some(plugin) = parse_version(&self.abi) else {
            return Err(LoadError::new(
                LoadStep::AbiVersion,
                format!("{} names {:?} as its ABI version, which is none", self.name, self.abi),
                "build it with `remora_sdk::manifest!`",
            ));
        };
        if plugin.0 == host_version.0 && plugin.1 <= host_version.1 {
            return Ok(());
        }
        let help = if plugin > host_version {
            format!("use a newer remora, or build {} against remora-sdk for ABI {host}", self.name)
        } else {
            format!("get a build of {} for ABI {host}", self.name)
        };
        Err(LoadError::new(
            LoadStep::AbiVersion,
            format!(
                "{} was built for detector ABI {}, and this remora has {host}",
                self.name, self.abi
            ),
            help,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(abi: &str, panic: &str) -> String {
        format!(
            "name = \"x\"\nversion = \"1.2.3\"\nabi = \"{abi}\"\npanic = \"{panic}\"\nnew_key = 1\n"
        )
    }

    #[test]
    fn the_host_takes_its_own_major_up_to_its_minor() {
        let read = Manifest::read(&manifest("1.0.9", "unwind")).expect("fits");
        assert_eq!((read.name.as_str(), read.version.as_str()), ("x", "1.2.3"));
        for (abi, part) in [
            ("2.0.0", "newer remora"),
            ("0.9.0", "get a build"),
            ("1.77.0", "newer remora"),
            ("one", "which is none"),
        ] {
            let error = Manifest::read(&manifest(abi, "unwind")).expect_err(abi);
            assert_eq!(error.step, LoadStep::AbiVersion, "{abi}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn abort_and_bad_names_are_refused() {
        assert_eq!(
            Manifest::read(&manifest("1.0.0", "abort")).expect_err("abort").step,
            LoadStep::Panic
        );
        let text = manifest("1.0.0", "unwind").replace("\"x\"", "\"a b\"");
        assert_eq!(Manifest::read(&text).expect_err("name").step, LoadStep::Note);
        assert_eq!(Manifest::read("name = ").expect_err("toml").step, LoadStep::Note);
    }
}
