//! "Did you mean": the nearest word of a closed list.

/// With more candidates than this, a guess is not worth the time of the comparisons.
const MOST_CANDIDATES: usize = 200;

/// The candidate that `found` most likely stands for, if one is near enough and there are at most 200.
pub fn nearest<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let normalized = found.to_lowercase().replace('_', "-");
    let candidates: Vec<&str> = candidates.into_iter().take(MOST_CANDIDATES + 1).collect();
    if candidates.len() > MOST_CANDIDATES {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&normalized, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            *distance <= (candidate.chars().count().max(normalized.chars().count()) / 3).max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The candidate with a component that `found` most likely stands for, for words that name only a part.
pub fn nearest_part<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let normalized: Vec<char> = found.to_lowercase().replace('_', "-").chars().collect();
    let distance = |candidate: &str| {
        let letters: Vec<char> = candidate.to_lowercase().chars().collect();
        // One letter too few or too many changes the length of the component.
        let lengths = normalized.len().saturating_sub(1).max(1)..=normalized.len() + 1;
        let parts = lengths.flat_map(|length| letters.windows(length.min(letters.len().max(1))));
        parts.map(|part| strsim::generic_damerau_levenshtein(&normalized, part)).min().unwrap_or(usize::MAX)
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, _)| *distance <= (normalized.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "did you mean `x`?" if a candidate is near, otherwise the whole list.
pub fn advice<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(found, candidates.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected {}", one_of(candidates)),
    }
}

/// "`a`, `b` or `c`".
pub fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    list(words, "or")
}

/// "`a`, `b` and `c`".
pub fn all_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    list(words, "and")
}

/// A word of the language, as it is written in YAML.
pub fn word(choice: &impl serde::Serialize) -> String {
    match serde_json::to_value(choice) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn list<'a>(words: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((end, before)) => format!("{} {last} {end}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let words = ["apply", "delete", "produce-and-consume", "sni"];
        assert_eq!(nearest("aply", words), Some("apply"));
        assert_eq!(nearest("produce_and_consume", words), Some("produce-and-consume"));
        assert_eq!(nearest("Delete", words), Some("delete"));
        assert_eq!(nearest("frobnicate", words), None);
    }

    #[test]
    fn among_very_many_words_none_is_guessed() {
        let words: Vec<String> = (0..MOST_CANDIDATES).map(|n| format!("word-{n}")).collect();
        let all = || words.iter().map(String::as_str);
        assert_eq!(nearest("wrod-7", all()), Some("word-7"));
        assert_eq!(nearest("wrod-7", all().chain(["one-more"])), None);
    }

    #[test]
    fn without_a_near_word_the_list_is_shown() {
        assert_eq!(advice("zzz", ["a-word", "b-word", "c-word"]), "expected `a-word`, `b-word` or `c-word`");
    }
}
