//! `fixtures/standin/differences.yaml`: where the stand-in is known to differ from Strimzi, and why.

use super::Error;
use model::{FileError, paths};
use serde::Deserialize;
use std::fs;

/// The known differences.
#[derive(Clone, Debug, Default)]
pub struct Differences(Vec<Known>);

/// One known difference. In patterns, a `*` stands for any text.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    fact: String,
    /// Values that only the stand-in has.
    standin: Option<String>,
    /// Values that only Strimzi has.
    strimzi: Option<String>,
    why: String,
}

impl Differences {
    /// # Errors
    /// If the file cannot be used.
    pub fn load() -> Result<Self, Error> {
        let path = paths::fixtures().join("standin/differences.yaml");
        let text = fs::read_to_string(&path).map_err(FileError::of("read", &path))?;
        Self::parse(&text).map_err(|problem| Error::Content { path, problem })
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        serde_saphyr::from_str(text).map(Self).map_err(|error| error.to_string())
    }

    /// Why only the stand-in has this value.
    pub fn of_standin(&self, fact: &str, value: &str) -> Option<String> {
        self.why(fact, value, |known| known.standin.as_deref())
    }

    /// Why only Strimzi has this value.
    pub fn of_strimzi(&self, fact: &str, value: &str) -> Option<String> {
        self.why(fact, value, |known| known.strimzi.as_deref())
    }

    fn why(&self, fact: &str, value: &str, side: impl Fn(&Known) -> Option<&str>) -> Option<String> {
        let explains =
            |known: &&Known| fits(&known.fact, fact) && side(known).is_some_and(|pattern| fits(pattern, value));
        self.0.iter().find(explains).map(|known| known.why.clone())
    }
}

/// Whether a pattern matches the whole text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| fits(rest, &text[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        for (pattern, text, wanted) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "a", true),
            ("Secret *-certs", "Secret x-certs", true),
            ("*b*", "abc", true),
            ("*b", "abc", false),
            ("ä*", "äöü", true),
        ] {
            assert_eq!(fits(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn the_data_file_is_sound_and_says_why() {
        let known = Differences::load().expect("sound");
        assert!(known.0.iter().all(|one| one.why.len() > 10 && (one.standin.is_some() || one.strimzi.is_some())));
    }
}
