//! Makes user-supplied text safe for a terminal: whatever would move the cursor, change colours or change the direction
//! of writing is shown and not executed.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with control characters and bidirectional marks as escapes, such as `\u{1b}`. Line ends and tabs are kept.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_hidden(letter) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(letter));
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// As [`visible`], cut off after `most` characters with `...`.
pub fn excerpt(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}...", visible(&text[..end]))),
        None => visible(text),
    }
}

fn is_hidden(letter: char) -> bool {
    let bidirectional = matches!(letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    bidirectional || (letter.is_control() && !matches!(letter, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_an_escape() {
        assert_eq!(visible("a\u{1b}[31mRED\u{7}"), "a\\u{1b}[31mRED\\u{7}");
        assert_eq!(visible("x\u{202e}y\u{2066}z\r"), "x\\u{202e}y\\u{2066}z\\u{d}");
        assert!(matches!(visible("plain, é, 漢\n\ttext"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(excerpt("ééééé", 3), "ééé...");
        assert_eq!(excerpt("ééé", 3), "ééé");
    }
}
