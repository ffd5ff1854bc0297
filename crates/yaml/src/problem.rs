//! A problem of a file, with its place.

use super::excerpt::Excerpt;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use model::{excerpt, visible};
use std::borrow::Cow;
use std::fmt;
use std::io::IsTerminal;
use std::ops::Range;
use std::sync::Arc;

/// The longest message, label or help text. They may contain a user's value.
const LONGEST_TEXT: usize = 1000;

/// Most terminals are at least this wide.
const TERMINAL_WIDTH: usize = 110;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Something could not be checked.
    Note,
    /// Something is probably wrong.
    Warning,
    /// It cannot work.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A file: its displayed name and its text. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    /// Where each line begins, so that finding many places does not read the text again for each.
    lines: Arc<[usize]>,
    /// Whether messages must not quote the file.
    private: bool,
}

impl Source {
    pub fn new(name: &str, text: &str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name: visible(name).as_ref().into(), text: text.into(), lines, private: false }
    }

    /// The same file, which no message quotes: for one that contains secrets.
    pub fn private(self) -> Self {
        Self { private: true, ..self }
    }

    /// The line number of a place, from 0.
    pub fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// The bytes of a line without its line end. `None` if there is no such line.
    pub fn line_span(&self, line: usize) -> Option<Range<usize>> {
        let start = *self.lines.get(line)?;
        let end = self.lines.get(line + 1).map_or(self.text.len(), |next| next - 1);
        Some(start..end)
    }

    /// The file's displayed name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A finding of a linter or a reader: severity, code, text, place and help.
#[derive(Clone, Debug)]
pub struct Problem {
    pub severity: Severity,
    /// Stable and searchable, such as `scenario::unknown-key` or `KGL005 route-missing`.
    pub code: Cow<'static, str>,
    message: String,
    label: String,
    help: Option<String>,
    source: Source,
    span: Option<Range<usize>>,
    /// The lines around the span, unless the file must not be quoted.
    shown: Option<Excerpt>,
}

impl Problem {
    pub fn new(
        severity: Severity,
        code: impl Into<Cow<'static, str>>,
        source: &Source,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            code: code.into(),
            message: excerpt(&message.into(), LONGEST_TEXT).into_owned(),
            label: String::new(),
            help: None,
            source: source.clone(),
            span: None,
            shown: None,
        }
    }

    pub fn error(code: impl Into<Cow<'static, str>>, source: &Source, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, source, message)
    }

    pub fn warning(code: impl Into<Cow<'static, str>>, source: &Source, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, source, message)
    }

    /// Points at bytes of the file. A span beyond the text is cut.
    pub fn at(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        let text = self.source.text();
        let floor = |at: usize| {
            let mut at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(span.start);
        // The mark stays in the first line, which is the one that matters.
        let line_end = self.source.line_span(self.source.line(start)).map_or(text.len(), |line| line.end);
        let end = floor(span.end).min(line_end).max(start);
        self.shown = (!self.source.private).then(|| Excerpt::of(&self.source, start..end));
        self.span = Some(start..end);
        self.label = excerpt(&label.into(), LONGEST_TEXT).into_owned();
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(excerpt(&help.into(), LONGEST_TEXT).into_owned());
        self
    }

    /// The displayed name of the file.
    pub fn file(&self) -> &str {
        &self.source.name
    }

    /// The same problem in another text. `place` converts positions.
    pub fn moved(self, source: &Source, place: impl Fn(usize) -> usize) -> Self {
        let span = self.span.map(|span| place(span.start)..place(span.end));
        let mut moved = Self { source: source.clone(), shown: None, span: None, ..self };
        let label = std::mem::take(&mut moved.label);
        match span {
            Some(span) => moved.at(span, label),
            None => moved,
        }
    }

    pub fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }

    /// Line and column, from 1. The column counts characters.
    pub fn position(&self) -> Option<(usize, usize)> {
        let start = self.span.as_ref()?.start;
        let line = self.source.line(start);
        let line_start = self.source.line_span(line).map_or(start, |span| span.start);
        let column = self.source.text()[line_start..start].chars().count() + 1;
        Some((line + 1, column))
    }

    /// The message, without place and help.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// As [`Self::render`], for standard error. A terminal gets colours, unless `NO_COLOR` is set.
    pub fn for_terminal(&self) -> String {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        self.render(TERMINAL_WIDTH, std::io::stderr().is_terminal() && !refused)
    }

    /// The whole message for a terminal: code, text, the lines around the place, and help.
    pub fn render(&self, width: usize, colours: bool) -> String {
        let theme = if colours { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(width).with_links(false);
        let mut text = String::new();
        match handler.render_report(&mut text, self) {
            Ok(()) if self.shown.is_none() => text + &self.place_line(),
            Ok(()) => text,
            Err(fmt::Error) => format!("{self}\n"),
        }
    }
}

impl Problem {
    /// The place in words, where an excerpt would show it.
    fn place_line(&self) -> String {
        let place = self.position().map(|(line, column)| format!("  at {}:{line}:{column}\n", self.file()));
        place.unwrap_or_default()
    }
}

/// Only the message. The report adds place, code and help.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Note => miette::Severity::Advice,
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.shown.as_ref().map(|shown| shown as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.shown.as_ref()?.span();
        let label = if self.label.is_empty() { None } else { Some(self.label.clone()) };
        Some(Box::new(std::iter::once(LabeledSpan::new(label, span.start, span.len()))))
    }
}
