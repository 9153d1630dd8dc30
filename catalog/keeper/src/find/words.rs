//! Texts as sequences of words, so that `Any` is not found in `Company`.

/// The words of a text: its runs of letters and digits, in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Whether all words of `part` stand in `whole`, one after the other.
pub(super) fn has(whole: &[String], part: &[String]) -> bool {
    !part.is_empty() && whole.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_in_their_order() {
        for (whole, part, expected) in [
            ("AnyDesk MSI", "anydesk", true),
            ("chrome_remote_desktop", "Chrome Remote Desktop", true),
            ("Philandro Software GmbH", "philandro software", true),
            ("TeamViewerX", "TeamViewer", false),
            ("MyTeamViewer", "TeamViewer", false),
            ("Software philandro", "philandro software", false),
            ("Remote, Desktop", "remote desktop", true),
            ("Krämer IT", "krämer it", true),
            ("", "x", false),
            ("x", "", false),
            ("x", "-", false),
        ] {
            assert_eq!(has(&words(whole), &words(part)), expected, "{whole}: {part}");
        }
    }
}
