//! Shows progress: a live line for each running scenario on a terminal, and occasional plain lines elsewhere. Both go
//! to standard error, so that they do not mix with piped output.

use super::Task;
use super::secret_text::hide_patterns;
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
    let bar = bars.add(ProgressBar::new_spinner());
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
mod tests {
    use super::*;
    use crate::Job;
    use crate::fake::scenario;

    fn view() -> (View, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let view = View::lines(move |line| sink.lock().expect("unpoisoned").push(line.to_owned()));
        (view, lines)
    }

    fn printed(lines: &Mutex<Vec<String>>) -> Vec<String> {
        std::mem::take(&mut *lines.lock().expect("unpoisoned"))
    }

    async fn pass(seconds: u64) {
        for _ in 0..seconds * 2 {
            sleep(Duration::from_millis(500)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_step_prints_lines_without_a_terminal() {
        let (view, lines) = view();
        let line = view.begin(&Task::plain(Job::new("/x", scenario("name: two-clusters\n"))));
        line.step("wait#2 Kafka two: Ready");
        pass(10).await;
        assert_eq!(printed(&lines), Vec::<String>::new(), "a short step needs no line");
        line.seen("NotReady=True (Creating)");
        pass(30).await;
        let seen = printed(&lines);
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert!(
            seen[0].starts_with("running          two-clusters  wait#2 Kafka two: Ready (NotReady=True (Creating))  1"),
            "{seen:?}"
        );
        line.step("produce");
        pass(10).await;
        assert_eq!(printed(&lines), Vec::<String>::new(), "each step has its own time");
        drop(line);
        pass(60).await;
        assert_eq!(printed(&lines), Vec::<String>::new(), "a finished task prints nothing more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_users_text_cannot_move_the_cursor() {
        let (view, lines) = view();
        let line = view.begin(&Task::plain(Job::new("/x", scenario("name: two-clusters\n"))));
        line.step("wait Kafka \u{1b}[2J: Ready");
        pass(20).await;
        assert!(printed(&lines)[0].contains("\\u{1b}[2J"));
    }

    /// A terminal that only remembers what was written to it.
    #[derive(Clone, Debug, Default)]
    struct Narrow(Arc<Mutex<String>>);

    impl indicatif::TermLike for Narrow {
        fn width(&self) -> u16 {
            60
        }
        fn move_cursor_up(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> std::io::Result<()> {
            self.write_str(&format!("{text}\n"))
        }
        fn write_str(&self, text: &str) -> std::io::Result<()> {
            self.0.lock().expect("unpoisoned").push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> std::io::Result<()> {
            self.write_str("\n")
        }
        fn flush(&self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_live_line_has_the_name_the_time_and_the_step_in_60_columns_without_colours() {
        let terminal = Narrow::default();
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
        let view = View(Kind::Live(bars, NAME_WIDTH));
        let line = view.begin(&Task::plain(Job::new("/x", scenario("name: certificate-without-bootstrap-name\n"))));
        line.step("wait#2 Kafka two: Ready");
        line.seen("NotReady=True (Creating a cluster takes a while, and this text is longer than the line)");
        let Shown::Bar(bar) = &line.0.shown else { panic!("it is live") };
        bar.tick();
        let written = terminal.0.lock().expect("unpoisoned").clone();
        let lines: Vec<&str> = written.lines().filter(|line| !line.trim().is_empty()).collect();
        assert!(lines.iter().all(|line| line.trim_end().chars().count() <= 60), "{lines:#?}");
        assert!(!written.contains('\u{1b}'), "{written:?}");
        let last = lines.last().expect("it was drawn");
        assert!(last.contains("certificate-without-…ap-name"), "{last}");
        assert!(last.contains("  0s wait#2 Kafka two"), "{last}");
    }

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        assert_eq!(short("native-tlsroute"), "native-tlsroute");
        let cut = short("certificate-without-bootstrap-name / 2");
        assert_eq!(cut.chars().count(), NAME_WIDTH);
        assert!(cut.starts_with("certificate-without-") && cut.ends_with("ame / 2"), "{cut}");
    }
}
