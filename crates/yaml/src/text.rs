//! Bytes of a file as text.

use super::problem::{Problem, Source};

/// The text of a file. The code of an error begins with `family`.
///
/// # Errors
/// If the bytes are not UTF-8. The problem shows the place.
pub fn decode(shown: &str, family: &str, bytes: Vec<u8>) -> Result<String, Box<Problem>> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        // The replacement character marks the place.
        let readable = format!("{}\u{fffd}", String::from_utf8_lossy(&error.as_bytes()[..at]));
        let source = Source::new(shown, &readable);
        let problem = Problem::error(format!("{family}::syntax"), &source, "the file is not UTF-8 text")
            .at(at..at + 3, "not UTF-8")
            .help("save it as UTF-8");
        Box::new(problem)
    })
}
