//! Shows progress: a live line for each running scenario on a terminal, and occasional plain lines elsewhere. Both go
//! to standard error, so that they do not mix with piped output.

use super::Task;
use super::secret_text::hide_patterns;
use super::total::Total;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::{excerpt, visible};
use std::fmt::{self, Display};
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

/// On plain output, a step gets a line each time that this much time has passed.
const PLAIN_EVERY: Duration = Duration::from_secs(15);

/// Names are cut to this length, so that the step fits beside them in 60 columns.
const NAME_WIDTH: usize = 28;

/// A condition's text has no limit of its own.
const SEEN_LENGTH: usize = 160;

type Sink = Arc<dyn Fn(&str) + Send + Sync>;

/// Shows what runs. Cheap to clone. The default shows nothing.
#[derive(Clone, Default)]
pub struct View(Kind);

#[derive(Clone, Default)]
enum Kind {
    #[default]
    Hidden,
    /// With the width of the names.
    Live(MultiProgress, usize),
    Plain(Sink),
}

impl View {
    /// Live lines if standard error is a terminal, otherwise plain lines. `longest` is the length of the longest name.
    pub fn stderr(longest: usize) -> Self {
        if std::io::stderr().is_terminal() {
            Self(Kind::Live(MultiProgress::new(), longest.min(NAME_WIDTH)))
        } else {
            Self::plain()
        }
    }

    /// Plain lines on standard error.
    pub fn plain() -> Self {
        Self::lines(|line| eprintln!("{line}"))
    }

    fn lines(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Kind::Plain(Arc::new(sink)))
    }

    /// The line of a new task. It disappears when its last clone is dropped. This must be called within the runtime.
    pub fn begin(&self, task: &Task) -> Line {
        let name = match task.sabotage {
            Some(index) => format!("{} / {}", task.job.name(), index + 1),
            None => task.job.name().to_owned(),
        };
        let state = Arc::new(Mutex::new(State::new("starting".to_owned())));
        let shown = match &self.0 {
            Kind::Hidden => Shown::Nothing,
            Kind::Live(bars, width) => Shown::Bar(bar(bars, &short(&name), *width)),
            Kind::Plain(sink) => {
                let (state, sink) = (Arc::clone(&state), Arc::clone(sink));
                let ticker = tokio::spawn(async move {
                    loop {
                        sleep(Duration::from_secs(1)).await;
                        if let Some(line) = lock(&state).plain_line(&name) {
                            sink(&line);
                        }
                    }
                });
                Shown::Ticker(ticker.abort_handle())
            }
        };
        Line(Arc::new(Held { state, shown }))
    }

    /// The line that counts this many results. It must begin before all others.
    pub fn total(&self, all: usize) -> Total {
        match &self.0 {
            Kind::Live(bars, _) => Total::below(Some(bars), all),
            Kind::Hidden | Kind::Plain(_) => Total::below(None, all),
        }
    }

    /// Prints a line on standard output, above the live lines.
    pub fn print(&self, line: impl Display) {
        self.above(|| println!("{line}"));
    }

    /// Prints a line on standard error, above the live lines.
    pub fn say(&self, line: impl Display) {
        self.above(|| eprintln!("{line}"));
    }

    fn above(&self, write: impl FnOnce()) {
        match &self.0 {
            Kind::Live(bars, _) => bars.suspend(write),
            Kind::Hidden | Kind::Plain(_) => write(),
        }
    }

    /// Hides the live lines while `shown` is false, because another part of the program talks to the user.
    pub fn show(&self, shown: bool) {
        if let Kind::Live(bars, _) = &self.0 {
            if !shown {
                // A line that cannot be cleared is overwritten.
                let _ = bars.clear();
            }
            bars.set_draw_target(if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() });
        }
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Hidden => "hidden",
            Kind::Live(..) => "live",
            Kind::Plain(_) => "plain",
        })
    }
}

/// The line of one running scenario. Cheap to clone.
#[derive(Clone)]
pub struct Line(Arc<Held>);

struct Held {
    state: Arc<Mutex<State>>,
    shown: Shown,
}

enum Shown {
    Nothing,
    Bar(ProgressBar),
    Ticker(AbortHandle),
}

impl Drop for Held {
    fn drop(&mut self) {
        match &self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.finish_and_clear(),
            Shown::Ticker(ticker) => ticker.abort(),
        }
    }
}

impl Line {
    /// Shows that a step, or other work, begins.
    pub fn step(&self, what: impl Display) {
        let mut state = lock(&self.0.state);
        *state = State::new(visible(&what.to_string()).into_owned());
        if let Shown::Bar(bar) = &self.0.shown {
            bar.reset_elapsed();
            bar.set_message(state.message());
        }
    }

    /// Shows the last condition seen in the current step.
    pub fn seen(&self, seen: &str) {
        let seen = hide_patterns(seen);
        let mut state = lock(&self.0.state);
        if state.seen != seen {
            state.seen = seen;
            if let Shown::Bar(bar) = &self.0.shown {
                bar.set_message(state.message());
            }
        }
    }
}

/// The progress of one scenario.
struct State {
    step: String,
    since: Instant,
    seen: String,
    /// The number of plain lines that the current step had.
    printed: u32,
}

impl State {
    fn new(step: String) -> Self {
        Self { step, since: Instant::now(), seen: String::new(), printed: 0 }
    }

    fn message(&self) -> String {
        match self.seen.as_str() {
            "" => self.step.clone(),
            seen => format!("{} ({})", self.step, excerpt(seen, SEEN_LENGTH)),
        }
    }

    /// The plain line, if it is time for one.
    fn plain_line(&mut self, name: &str) -> Option<String> {
        let took = self.since.elapsed();
        if took < PLAIN_EVERY * (self.printed + 1) {
            return None;
        }
        self.printed += 1;
        Some(format!("{:<15}  {name}  {}  {} s", "running", self.message(), took.as_secs()))
    }
}

fn bar(bars: &MultiProgress, name: &str, width: usize) -> ProgressBar {
    // The line with the total stays below.
    let bar = bars.insert(0, ProgressBar::new_spinner());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {elapsed:>4} {wide_msg}") {
        bar.set_style(style);
    }
    bar.set_prefix(format!("{name:<width$}"));
    bar.set_message("starting");
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// A long name is cut in the middle, because its end has the sabotage's number.
fn short(name: &str) -> String {
    let name = visible(name);
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= NAME_WIDTH {
        return name.into_owned();
    }
    let (head, tail) = (NAME_WIDTH - 8, 7);
    letters[..head].iter().chain(&['…']).chain(&letters[letters.len() - tail..]).collect()
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
