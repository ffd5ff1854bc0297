//! An error and its causes.

use std::error::Error;
use std::iter;

/// The causes of an error, the nearest first, without the error itself.
pub fn causes<'a>(error: &'a dyn Error) -> impl Iterator<Item = &'a dyn Error> {
    iter::successors(error.source(), |cause: &&'a dyn Error| (*cause).source())
}

/// An error and its causes on one line. A cause is left out if the line already contains its text, because several
/// crates repeat causes in their own message.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    for cause in causes(error) {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|layer| layer as _)
        }
    }

    fn layers(words: &[&'static str]) -> Layer {
        Layer(words[0], (words.len() > 1).then(|| Box::new(layers(&words[1..]))))
    }

    #[test]
    fn every_cause_is_listed_once() {
        let error = layers(&["cannot list the Pods", "request failed: refused", "refused", "os error 111"]);
        assert_eq!(with_causes(&error), "cannot list the Pods: request failed: refused: os error 111");
        assert_eq!(causes(&error).count(), 3);
        assert_eq!(with_causes(&layers(&["alone"])), "alone");
    }
}
