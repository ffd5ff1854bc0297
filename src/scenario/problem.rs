//! One thing that is wrong with a scenario, and where.

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Worth knowing: something could not be checked.
    Note,
    /// Probably wrong.
    Warning,
    /// The scenario does not run like this.
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

/// A file of a scenario: the name that is shown and its text. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    name: Arc<str>,
    text: Arc<str>,
}

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// A finding of the linter or the reader: severity, code, text, place and help.
#[derive(Clone, Debug)]
pub struct Problem {
    pub severity: Severity,
    /// Stable and searchable, such as `scenario::unknown-key`.
    pub code: &'static str,
    message: String,
    label: String,
    help: Option<String>,
    source: Source,
    span: Option<Range<usize>>,
    shown: NamedSource<Arc<str>>,
}

impl Problem {
    pub(crate) fn new(severity: Severity, code: &'static str, source: &Source, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            label: String::new(),
            help: None,
            shown: NamedSource::new(&*source.name, Arc::clone(&source.text)),
            source: source.clone(),
            span: None,
        }
    }

    pub(crate) fn error(code: &'static str, source: &Source, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, source, message)
    }

    pub(crate) fn warning(code: &'static str, source: &Source, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, source, message)
    }

    /// Points at bytes of the file. A span that the text does not have is cut to what it has.
    pub(crate) fn at(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        let text = self.source.text();
        let floor = |at: usize| {
            let mut at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(span.start);
        // A caret below several lines would hide the one that matters.
        let line_end = text[start..].find('\n').map_or(text.len(), |length| start + length);
        let end = floor(span.end).min(line_end).max(start);
        self.span = Some(start..end);
        self.label = label.into();
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The file that it is about, as shown to the user.
    pub fn file(&self) -> &str {
        &self.source.name
    }

    /// The same about another text, at the place there that fits.
    pub(crate) fn moved(self, source: &Source, place: impl Fn(usize) -> usize) -> Self {
        let span = self.span.map(|span| place(span.start)..place(span.end));
        let mut moved = Self {
            source: source.clone(),
            shown: NamedSource::new(&*source.name, Arc::clone(&source.text)),
            span: None,
            ..self
        };
        let label = std::mem::take(&mut moved.label);
        match span {
            Some(span) => moved.at(span, label),
            None => moved,
        }
    }

    pub(crate) fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }

    /// Line and column, from 1; column counts characters.
    pub fn position(&self) -> Option<(usize, usize)> {
        let start = self.span.as_ref()?.start;
        let before = &self.source.text()[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Some((line, column))
    }

    /// What is wrong, without place and help.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The whole message as a terminal shows it: code, text, the lines around it with a caret, and help.
    pub fn render(&self, width: usize, colours: bool) -> String {
        let theme = if colours { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(width).with_links(false);
        let mut text = String::new();
        match handler.render_report(&mut text, self) {
            Ok(()) => text,
            Err(fmt::Error) => format!("{self}\n"),
        }
    }
}

/// The text alone: place, code and help are the report's.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
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
        self.span.as_ref().map(|_| &self.shown as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.span.clone()?;
        let label = if self.label.is_empty() { None } else { Some(self.label.clone()) };
        Some(Box::new(std::iter::once(LabeledSpan::new(label, span.start, span.len()))))
    }
}
