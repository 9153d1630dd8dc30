//! The user's own folders, as the XDG base directory specification has them.

use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy as _, Xdg};

/// Where plugins of the user's own lie: `remora/plugins` in the data folder.
pub(crate) fn plugins() -> Option<PathBuf> {
    Some(Xdg::new().ok()?.data_dir().join("remora/plugins"))
}

/// What the user trusts: `remora/trust.toml` in the configuration folder.
pub(crate) fn trust_file() -> Option<PathBuf> {
    Some(Xdg::new().ok()?.config_dir().join("remora/trust.toml"))
}
