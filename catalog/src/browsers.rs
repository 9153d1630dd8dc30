//! Which programs are browsers.

use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    embedded: Vec<String>,
    images: Vec<String>,
}

static FILE: LazyLock<File> = LazyLock::new(|| {
    toml::from_str(include_str!("../browsers.toml")).expect("the tests read browsers.toml")
});

/// The file names of browsers' images, as `browsers.toml` spells them; to be
/// compared without regard to case.
pub fn browsers() -> &'static [String] {
    &FILE.images
}

/// The file names of web views inside other programs; whether one is a browser,
/// its parent decides.
pub fn web_views() -> &'static [String] {
    &FILE.embedded
}

/// Whether an image of this file name (`process.name`) is a browser.
pub fn is_browser(image: &str) -> bool {
    FILE.images.iter().any(|browser| browser.eq_ignore_ascii_case(image))
}

#[cfg(test)]
mod tests {
    use super::{browsers, is_browser};

    #[test]
    fn the_list_is_read() {
        assert!(is_browser("chrome.exe"));
        assert!(is_browser("MSEDGE.EXE"));
        assert!(is_browser("Google Chrome"));
        // The web view inside other programs, and an absent name.
        assert!(!is_browser("msedgewebview2.exe"));
        assert!(!is_browser(""));
        // Names, not paths; whole names, not parts.
        assert!(!is_browser("C:\\x\\chrome.exe"));
        assert!(!is_browser("hrome.exe"));
    }

    #[test]
    fn no_name_stands_twice() {
        for (at, name) in browsers().iter().enumerate() {
            let twice = browsers()[..at].iter().any(|other| other == name);
            assert!(!twice && !name.is_empty(), "{name}");
        }
    }
}
