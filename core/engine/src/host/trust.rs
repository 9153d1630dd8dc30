//! Which plugins of a folder may run: the trust file.
//!
//! A hash in the trust file allows one exact file; a minisign key allows what
//! its owner signs. The file is TOML, so that people can read and review it,
//! and is written as a whole under another name and moved into place.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{LoadError, LoadStep};

/// A plugin that may run, by its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedPlugin {
    /// The name in its manifest.
    pub name: String,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// Where it was when it was trusted, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// When it was trusted, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub added: String,
}

/// A key whose signatures are believed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedKey {
    /// Whose key it is, for people.
    pub name: String,
    /// The second line of a minisign public key file.
    pub minisign: String,
}

/// What is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Plugins, by their bytes.
    #[serde(default, rename = "plugin", skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<TrustedPlugin>,
    /// Keys.
    #[serde(default, rename = "key", skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<TrustedKey>,
    /// Where this was read from.
    #[serde(skip)]
    path: Option<PathBuf>,
    /// Why nothing is known of what is trusted.
    #[serde(skip)]
    unreadable: Option<Unreadable>,
}

/// An error that is no part of what is trusted.
#[derive(Clone, Debug)]
struct Unreadable(LoadError);

impl PartialEq for Unreadable {
    fn eq(&self, other: &Unreadable) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

impl Eq for Unreadable {}

/// Why a plugin may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// It was named on the command line.
    Named,
    /// Its hash is in the trust file.
    Hash,
    /// The key of this name signed it.
    Key(String),
}

/// What goes before the tables of a trust file.
const HEAD: &str = "# Plugins that remora may load from plugin folders: by hash, or signed by a key.\n\
                    # Changed by `remora plugin trust` and `remora plugin untrust`.\n\n";

fn unread(error: &std::io::Error) -> String {
    format!("cannot be read: {error}")
}

impl Trust {
    /// Reads the trust file at `path`; one that does not exist trusts nothing.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or understood: it must not silently count
    /// as empty, for then a pinned hash would protect nothing.
    pub fn read(path: &Path) -> Result<Trust, LoadError> {
        let refuse = |why: String| {
            LoadError::new(
                LoadStep::Trust,
                format!("the trust file {} {why}", path.display()),
                "correct it, or move it away and trust the plugins anew",
            )
        };
        let mut trust = Trust::default();
        match File::open(path) {
            Ok(mut file) => {
                // Whoever can write to it decides what runs.
                #[cfg(target_os = "linux")]
                super::ownership::check(path, &file.metadata().map_err(|e| refuse(unread(&e)))?)
                    .map_err(|error| LoadError { step: LoadStep::Trust, path: None, ..error })?;
                let mut text = String::new();
                file.read_to_string(&mut text).map_err(|error| refuse(unread(&error)))?;
                trust = Trust::parse(&text).map_err(refuse)?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(refuse(unread(&error))),
        }
        trust.path = Some(path.to_owned());
        Ok(trust)
    }

    /// Reads the text of a trust file. The error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Trust, String> {
        let trust: Trust = toml::from_str(text)
            .map_err(|error| format!("cannot be understood: {}", error.to_string().trim_end()))?;
        for plugin in &trust.plugins {
            let hex = plugin.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            if plugin.sha256.len() != 64 || !hex {
                return Err(format!("holds {:?}, which is no SHA-256 in small hex", plugin.sha256));
            }
        }
        for key in &trust.keys {
            if minisign_verify::PublicKey::from_base64(&key.minisign).is_err() {
                return Err(format!("holds no minisign key for {:?}", key.name));
            }
        }
        Ok(trust)
    }

    /// What is trusted where the trust file cannot be read: nothing, not even
    /// what was named, for it may be pinned to other bytes.
    pub fn unreadable(error: LoadError) -> Trust {
        Trust { unreadable: Some(Unreadable(error)), ..Trust::default() }
    }

    /// Writes the trust file back to where it was read from.
    pub fn write(&self) -> Result<(), LoadError> {
        let path = self.path.as_deref().expect("a trust file is read before it is written");
        let failed = |error: std::io::Error| {
            LoadError::new(
                LoadStep::Trust,
                format!("the trust file {} cannot be written: {error}", path.display()),
                "check the folder and its permissions",
            )
        };
        // A link to where the file is kept stays one.
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        fs::create_dir_all(place.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        let scratch = place.with_extension("toml.new");
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&scratch).map_err(failed)?;
        file.write_all(self.to_text().as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(&scratch, &place).map_err(failed)
    }

    /// The text of the trust file.
    pub fn to_text(&self) -> String {
        HEAD.to_owned() + &toml::to_string(self).expect("a trust file is plain tables")
    }

    /// Where the trust file is.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Trusts a plugin; an entry of the same name is replaced.
    pub fn add(&mut self, plugin: TrustedPlugin) {
        self.plugins.retain(|known| known.name != plugin.name);
        self.plugins.push(plugin);
        self.plugins.sort_by(|one, other| one.name.cmp(&other.name));
    }

    /// Takes back trust in a plugin, by name or by hash. Gives what was removed.
    pub fn remove(&mut self, name_or_hash: &str) -> Vec<TrustedPlugin> {
        let (gone, kept) = std::mem::take(&mut self.plugins)
            .into_iter()
            .partition(|known| known.name == name_or_hash || known.sha256 == name_or_hash);
        self.plugins = kept;
        gone
    }

    /// Whether a plugin that was named on the command line may run: unless the
    /// trust file pins its name to other bytes.
    pub fn allow_named(&self, name: &str, sha256: &str) -> Result<Grant, LoadError> {
        if let Some(Unreadable(error)) = &self.unreadable {
            return Err(error.clone());
        }
        let of_name: Vec<&TrustedPlugin> =
            self.plugins.iter().filter(|known| known.name == name).collect();
        if of_name.is_empty() || of_name.iter().any(|known| known.sha256 == sha256) {
            return Ok(Grant::Named);
        }
        Err(LoadError::new(
            LoadStep::Trust,
            format!(
                "the trust file knows {name} with other bytes: it has {}, this file has {sha256}",
                of_name[0].sha256
            ),
            format!("if the change is meant: remora plugin untrust {name}, then trust this file"),
        ))
    }

    /// Whether a plugin of a plugin folder may run.
    pub fn allow(
        &self,
        path: &Path,
        name: &str,
        sha256: &str,
        bytes: &[u8],
    ) -> Result<Grant, LoadError> {
        self.allow_named(name, sha256)?;
        if self.plugins.iter().any(|known| known.sha256 == sha256) {
            return Ok(Grant::Hash);
        }
        if let Some(key) = self.signed_by(path, bytes)? {
            return Ok(Grant::Key(key));
        }
        Err(LoadError::new(
            LoadStep::Trust,
            format!("nobody has trusted it (SHA-256 {sha256})"),
            format!("if you know where it comes from: remora plugin trust {}", path.display()),
        ))
    }

    /// The key whose signature lies beside the file, if any: `<file>.minisig`.
    fn signed_by(&self, path: &Path, bytes: &[u8]) -> Result<Option<String>, LoadError> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".minisig");
        let text = match fs::read_to_string(&beside) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(LoadError::new(
                    LoadStep::Trust,
                    format!("its signature cannot be read: {error}"),
                    "check the .minisig file",
                ));
            }
        };
        let refuse = |why: &str| {
            LoadError::new(
                LoadStep::Trust,
                why,
                "get the file and its .minisig again, from one place",
            )
        };
        let signature = minisign_verify::Signature::decode(&text)
            .map_err(|_| refuse("the .minisig file beside it is no minisign signature"))?;
        for key in &self.keys {
            let public = minisign_verify::PublicKey::from_base64(&key.minisign)
                .expect("keys were checked when the trust file was read");
            if public.verify(bytes, &signature, false).is_ok() {
                return Ok(Some(key.name.clone()));
            }
        }
        if self.keys.is_empty() {
            return Ok(None);
        }
        Err(refuse("the signature beside it is of none of the trusted keys, or not of these bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(name: &str, digit: &str) -> TrustedPlugin {
        TrustedPlugin {
            name: name.into(),
            sha256: digit.repeat(64),
            path: String::new(),
            added: String::new(),
        }
    }

    #[test]
    fn a_pinned_name_refuses_other_bytes_even_when_named() {
        let mut trust = Trust::default();
        trust.add(plugin("a", "1"));
        assert_eq!(trust.allow_named("a", &"1".repeat(64)).expect("same bytes"), Grant::Named);
        assert_eq!(trust.allow_named("b", &"2".repeat(64)).expect("not pinned"), Grant::Named);
        let error = trust.allow_named("a", &"2".repeat(64)).expect_err("other bytes");
        assert!(error.to_string().contains("untrust a"), "{error}");
        let path = Path::new("none.so");
        assert_eq!(trust.allow(path, "a", &"1".repeat(64), b"").expect("by hash"), Grant::Hash);
        let error = trust.allow(path, "b", &"2".repeat(64), b"").expect_err("unknown");
        assert!(error.help.contains("remora plugin trust none.so"), "{error}");
        assert_eq!(trust.remove("a"), [plugin("a", "1")]);
        assert!(trust.remove("a").is_empty());
    }

    #[test]
    fn the_file_is_written_and_read_back_and_damage_is_an_error() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let path = dir.path().join("deep/trust.toml");
        let mut trust = Trust::read(&path).expect("missing is empty");
        trust.add(plugin("b", "2"));
        trust.add(plugin("a", "1"));
        trust.add(plugin("b", "3"));
        trust.write().expect("written");
        let again = Trust::read(&path).expect("read");
        assert_eq!(again.plugins, [plugin("a", "1"), plugin("b", "3")]);
        for bad in [
            "[[plugin]]\nname = 1",
            "[[plugin]]\nname = \"a\"\nsha256 = \"xyz\"",
            "[[key]]\nname=\"k\"\nminisign=\"no\"",
        ] {
            fs::write(&path, bad).expect("written");
            assert_eq!(Trust::read(&path).expect_err(bad).step, LoadStep::Trust);
        }
    }
}
