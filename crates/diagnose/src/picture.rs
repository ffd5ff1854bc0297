//! The diagnosis for a terminal: a line for each path, then each finding. Certificates, routes and brokers choose the texts,
//! so control characters in them are shown as text.

use super::diagnosis::{Diagnosis, Finding};
use super::hops::{Hop, HopState};
use model::visible;
use std::fmt::{self, Write};

/// The colours of a terminal, or none.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    colours: bool,
}

const GREEN: &str = "32";
const RED: &str = "31;1";
const YELLOW: &str = "33";
const DIM: &str = "2";
const BOLD: &str = "1";

impl Palette {
    /// Colours only on a terminal, and never if `NO_COLOR` is set to anything.
    pub fn new(terminal: bool) -> Self {
        Self { colours: terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The diagnosis as text.
pub fn picture(diagnosis: &Diagnosis, palette: Palette) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = render(&mut text, diagnosis, palette);
    text
}

fn render(out: &mut String, diagnosis: &Diagnosis, palette: Palette) -> fmt::Result {
    let width = diagnosis.paths.iter().map(|path| path.address.chars().count()).max().unwrap_or_default();
    for path in &diagnosis.paths {
        let who = path.broker.map_or_else(|| "bootstrap".to_owned(), |id| format!("broker {id}"));
        writeln!(out, "{who:<10}  {:<width$}  {}", visible(&path.address), line(&path.hops, palette))?;
    }
    for finding in &diagnosis.findings {
        self::finding(out, finding, palette)?;
    }
    writeln!(out)?;
    for gap in &diagnosis.not_looked_at {
        writeln!(out, "not looked at: {}", visible(gap))?;
    }
    let count = diagnosis.paths.len().saturating_sub(1);
    match diagnosis.findings.len() {
        0 => {
            let brokers = format!("{count} broker{}", if count == 1 { "" } else { "s" });
            let good = palette.paint(GREEN, "no fault");
            writeln!(out, "{good}: the bootstrap address and {brokers} were reached, in {:.1} s", diagnosis.seconds)
        }
        1 => writeln!(out, "1 finding in {:.1} s", diagnosis.seconds),
        several => writeln!(out, "{several} findings in {:.1} s", diagnosis.seconds),
    }
}

/// The hops in a row. What lies behind the fault is dim, and without colours in parentheses.
fn line(hops: &[Hop], palette: Palette) -> String {
    let one = |hop: &Hop| {
        let word = hop.hop.word();
        match hop.state {
            HopState::Good => palette.paint(GREEN, &format!("✓ {word}")),
            HopState::Fault => palette.paint(RED, &format!("✗ {word}")),
            HopState::NotKnown => palette.paint(YELLOW, &format!("? {word}")),
            HopState::NotReached => palette.paint(DIM, &format!("· {word}")),
        }
    };
    hops.iter().map(one).collect::<Vec<_>>().join(&palette.paint(DIM, " ─ "))
}

fn finding(out: &mut String, finding: &Finding, palette: Palette) -> fmt::Result {
    let title = format!("{} {}", finding.number, finding.cause);
    writeln!(
        out,
        "\n{} ({}): {}",
        palette.paint(BOLD, &title),
        finding.severity.word(),
        visible(&finding.addresses.join(", "))
    )?;
    writeln!(out, "  {}", finding.summary)?;
    writeln!(out, "  wanted    {}", visible(&finding.evidence.wanted))?;
    writeln!(out, "  seen      {}", visible(&finding.evidence.seen))?;
    for fact in &finding.evidence.facts {
        writeln!(out, "  {}  {}", palette.paint(DIM, "evidence"), visible(fact))?;
    }
    writeln!(out, "  repair    {}", finding.repair.text)?;
    for line in finding.repair.command.iter().flat_map(|command| command.lines()) {
        writeln!(out, "            {}", visible(line))?;
    }
    for consequence in &finding.consequences {
        writeln!(out, "  so        {}", visible(consequence))?;
    }
    writeln!(out, "  page      {}", finding.page)
}
