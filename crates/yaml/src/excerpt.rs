//! The few lines of a file that a message shows. Long lines are cut, and control characters are escaped.

use super::problem::Source;
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use model::visible;
use std::ops::Range;

/// A longer line is cut around the marked text.
const LONGEST_LINE: usize = 160;
/// How many characters of a cut line are kept before the marked text.
const LEAD: usize = 40;
const CUT: &str = "...";

/// The line of a place, the one before it and the one after it.
#[derive(Clone, Debug)]
pub(crate) struct Excerpt {
    name: String,
    text: String,
    /// The place, in `text`.
    span: Range<usize>,
    /// The number of the first line of `text` in the file, from 0.
    first: usize,
    /// The place's column in the file, in bytes from 0.
    column: usize,
}

impl Excerpt {
    /// `span` must be inside one line of the source.
    pub(crate) fn of(source: &Source, span: Range<usize>) -> Self {
        let marked = source.line(span.start);
        let first = marked.saturating_sub(1);
        let mut excerpt = Self { name: source.name().to_owned(), text: String::new(), span: 0..0, first, column: 0 };
        for line in first..=marked + 1 {
            let Some(place) = source.line_span(line) else { break };
            if line > first {
                excerpt.text.push('\n');
            }
            let text = &source.text()[place.clone()];
            let mark = if line == marked {
                excerpt.column = span.start - place.start;
                span.start - place.start..span.end - place.start
            } else {
                0..0
            };
            let start = excerpt.text.len();
            let (shown, mark) = line_around(text, mark);
            excerpt.text.push_str(&shown);
            if line == marked {
                excerpt.span = start + mark.start..start + mark.end;
            }
        }
        excerpt
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

/// A line as it is shown, and the place of `mark` in it.
fn line_around(line: &str, mark: Range<usize>) -> (String, Range<usize>) {
    // The line ends without the carriage return of Windows.
    let line = line.strip_suffix('\r').unwrap_or(line);
    let mark = mark.start.min(line.len())..mark.end.min(line.len());
    let (mut from, mut to) = (0, line.len());
    if line.char_indices().nth(LONGEST_LINE).is_some() {
        from = line[..mark.start].char_indices().rev().take(LEAD).last().map_or(mark.start, |(at, _)| at);
        to = line[from..].char_indices().nth(LONGEST_LINE).map_or(line.len(), |(at, _)| from + at);
    }
    let mut shown = if from > 0 { CUT.to_owned() } else { String::new() };
    shown.push_str(&visible(&line[from..mark.start]));
    let start = shown.len();
    let marked_to = mark.end.min(to);
    shown.push_str(&visible(&line[mark.start..marked_to]));
    let end = shown.len();
    shown.push_str(&visible(&line[marked_to..to]));
    if to < line.len() {
        shown.push_str(CUT);
    }
    (shown, start..end)
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.read_span(span, before, after)?;
        // The caller asks for no lines before the place.
        let column = if before == 0 { self.column } else { found.column() };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            found.data(),
            *found.span(),
            self.first + found.line(),
            column,
            found.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        let line = format!("{}WRONG{}", "a".repeat(5000), "b".repeat(5000));
        let (shown, mark) = line_around(&line, 5000..5005);
        assert_eq!(&shown[mark], "WRONG");
        assert!(shown.starts_with("...aaa") && shown.ends_with("bbb...") && shown.len() < 200, "{shown}");
        let (shown, mark) = line_around(&line, 0..line.len());
        assert!(shown.len() < 200 && mark.end <= shown.len(), "{shown}");
    }

    #[test]
    fn the_mark_is_correct_after_escaped_characters() {
        let (shown, mark) = line_around("a\u{1b}[0m: WRONG\u{202e}\r", 7..12);
        assert_eq!(shown, "a\\u{1b}[0m: WRONG\\u{202e}");
        assert_eq!(&shown[mark], "WRONG");
    }
}
