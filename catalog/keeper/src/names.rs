//! Names of tools: as ids, and compared by their letters and digits.

/// The id that a name makes: lower case, and every run of other characters
/// than letters and digits one hyphen. Empty if the name has none of them.
pub fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

/// The letters and digits of a name, without case: what is left where two
/// lists spell one tool in their own ways.
pub(crate) fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_slugs_of_names() {
        for (name, id) in [
            ("SupRemo", "supremo"),
            ("MSP360_CloudBerry", "msp360-cloudberry"),
            ("BlueTrait.io", "bluetrait-io"),
            ("parsec.app", "parsec-app"),
            ("A  b--C.", "a-b-c"),
            ("Ünder", "nder"),
            ("…", ""),
        ] {
            assert_eq!(slug(name), id);
        }
    }

    #[test]
    fn spelling_is_not_the_name() {
        assert_eq!(bare("Any-Desk 2.0"), bare("anydesk20"));
        assert_ne!(bare("TightVNC"), bare("TigerVNC"));
    }
}
