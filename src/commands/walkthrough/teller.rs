//! A walkthrough on the terminal.

use super::workplace::described;
use ::walkthrough::{Audience, Change, Error, Event, Record, Step, Story};
use camino::Utf8Path;
use lab::Lab;
use model::visible;
use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;

/// The widest text, in columns.
const WIDEST: usize = 100;

/// Shows a walk to the person at the terminal.
pub struct Teller {
    story: Story,
    somebody: bool,
    width: usize,
    bold: bool,
    /// The second of the running command that was shown last.
    shown: u64,
}

impl Teller {
    pub fn new(story: Story, somebody: bool) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
        let bold = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { story, somebody, width: width.clamp(40, WIDEST), bold, shown: 0 }
    }

    /// What the walk is about.
    pub fn introduce(&self) {
        println!("{}\n{}\n", self.strong(&self.story.title), self.story.post);
        self.text(&self.story.about);
    }

    /// Where it takes place, and what is different there.
    pub fn place(&self, lab: &Lab, folder: &Utf8Path, changes: &[Change]) {
        self.text(&format!("This is {}.", described(lab)));
        if !changes.is_empty() {
            println!("In this lab:\n");
            for Change { file, from, to, why } in changes {
                self.item(&format!("{file}: `{from}` is `{to}`, because {why}"));
            }
            println!();
        }
        self.text("The commands run in this folder, in which you can repeat each of them:");
        println!("  cd {folder} && . ./env");
    }

    /// The last words.
    pub fn end(&self, record: &Record, folder: &Utf8Path) {
        println!();
        if let Some(step) = &record.failed {
            self.text(&format!(
                "Stopped at the step `{step}`. The next `cargo xtask walkthrough {}` continues with it. To look around:",
                self.story.name
            ));
            println!("  cd {folder} && . ./env");
        } else if record.left {
            self.text(&format!("`cargo xtask walkthrough {}` continues here.", self.story.name));
        } else {
            self.text("Every step did what it must. `cargo xtask walkthrough clean` removes what was made.");
        }
    }

    fn step(&self, step: &Step, number: usize, of: usize) {
        println!("\n{}\n", self.strong(&format!("{number}/{of} {} ({})", step.title, step.name)));
        self.text(&step.why);
        for today in &step.today {
            self.item(&format!("today: {}", today.text));
            if let Some(link) = &today.link {
                println!("    {link}");
            }
        }
        if !step.today.is_empty() {
            println!();
        }
        for file in &step.shows {
            println!("{}", self.strong(file));
            let text = self.story.files().get(file).map_or("", String::as_str);
            text.lines().for_each(|line| println!("  {line}"));
            println!();
        }
    }

    fn text(&self, text: &str) {
        println!("{}\n", textwrap::fill(text, self.options()));
    }

    fn item(&self, text: &str) {
        println!("{}", textwrap::fill(text, self.options().initial_indent("  - ").subsequent_indent("    ")));
    }

    /// Lines end only at spaces, so that commands and names stay whole.
    fn options(&self) -> textwrap::Options<'static> {
        textwrap::Options::new(self.width)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .break_words(false)
    }

    fn strong(&self, text: &str) -> String {
        if self.bold { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A line for a command that takes long.
    fn runs(&mut self, elapsed: Duration) {
        let seconds = elapsed.as_secs();
        // Nothing is silent for more than a second where somebody watches, and a log needs less.
        let every = if self.bold { 1 } else { 10 };
        if seconds >= self.shown + every {
            self.shown = seconds;
            if self.bold {
                eprint!("\r  {seconds} s ");
            } else {
                eprintln!("  for {seconds} s");
            }
        }
    }
}

impl Audience for Teller {
    fn see(&mut self, event: &Event<'_>) {
        match event {
            Event::Done(step) => println!("{} is done already", step.name),
            Event::Step { step, number, of } => self.step(step, *number, *of),
            Event::Command(command) => {
                println!("{}", self.strong(&format!("$ {}", command.trim_end())));
                self.shown = 0;
            }
            Event::StillRuns(elapsed) => self.runs(*elapsed),
            Event::Ended(ran) => {
                if self.shown > 0 && self.bold {
                    eprint!("\r          \r");
                }
                print!("{}", visible(&ran.output));
            }
            Event::Passed(step) => println!("✓ {}", step.name),
            Event::Failed { step, why } => println!("✗ {}: {why}", step.name),
            Event::Skipped { step, why } => println!("- {} is skipped: {why}", step.name),
        }
    }

    fn wants_more(&mut self) -> Result<bool, Error> {
        if !self.somebody {
            return Ok(true);
        }
        print!("Enter runs it, q ends: ");
        std::io::stdout().flush().map_err(Error::Terminal)?;
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line).map_err(Error::Terminal)?;
        Ok(read > 0 && !line.trim().eq_ignore_ascii_case("q"))
    }
}
