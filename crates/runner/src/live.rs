//! What runs now, for somebody who waits: on a terminal a live line for each running scenario, elsewhere a plain line now
//! and then. Both go to standard error, so that no report and no pipe gets them.

use super::Task;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::{excerpt, visible};
use std::fmt::{self, Display};
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

/// On plain output: a step that takes this long is worth a line, and then again after each further time of it.
const PLAIN_EVERY: Duration = Duration::from_secs(15);

/// Names are cut to this, so that the step beside them has room at 60 columns.
const NAME_WIDTH: usize = 28;

/// A condition can be as long as an operator likes.
const SEEN_LENGTH: usize = 160;

type Sink = Arc<dyn Fn(&str) + Send + Sync>;

/// Shows what runs. Cheap to clone; by default nothing is shown.
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
    /// Live lines where standard error is a terminal, plain ones elsewhere. `longest` is the length of the longest name.
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

    /// The line of a task that begins; it goes away when its last clone is dropped. Must be called within the runtime.
    pub fn begin(&self, task: &Task) -> Line {
        let name = match task.sabotage {
            Some(index) => format!("{} / {}", task.job.name(), index + 1),
            None => task.job.name().to_owned(),
        };
        let state = Arc::new(Mutex::new(State::new("starts".to_owned())));
        let shown = match &self.0 {
            Kind::Hidden => Shown::Nothing,
            Kind::Live(bars, width) => Shown::Bar(bar(bars, &short(&name), *width)),
            Kind::Plain(sink) => {
                let (state, sink) = (Arc::clone(&state), Arc::clone(sink));
                let ticker = tokio::spawn(async move {
                    loop {
                        sleep(Duration::from_secs(1)).await;
                        if let Some(line) = lock(&state).due(&name) {
                            sink(&line);
                        }
                    }
                });
                Shown::Ticker(ticker.abort_handle())
            }
        };
        Line(Arc::new(Held { state, shown }))
    }

    /// A line on standard output, above the live lines.
    pub fn print(&self, line: impl Display) {
        self.above(|| println!("{line}"));
    }

    /// A line on standard error, above the live lines.
    pub fn say(&self, line: impl Display) {
        self.above(|| eprintln!("{line}"));
    }

    fn above(&self, write: impl FnOnce()) {
        match &self.0 {
            Kind::Live(bars, _) => bars.suspend(write),
            Kind::Hidden | Kind::Plain(_) => write(),
        }
    }

    /// Takes the live lines off the screen while `shown` is false: somebody else talks to the user.
    pub fn show(&self, shown: bool) {
        if let Kind::Live(bars, _) = &self.0 {
            if !shown {
                // Whatever cannot be cleared is overwritten.
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
    /// A step begins, or something else that takes its time.
    pub fn step(&self, what: impl Display) {
        let mut state = lock(&self.0.state);
        *state = State::new(visible(&what.to_string()).into_owned());
        if let Shown::Bar(bar) = &self.0.shown {
            bar.reset_elapsed();
            bar.set_message(state.message());
        }
    }

    /// The last condition seen in the present step.
    pub fn seen(&self, seen: &str) {
        let mut state = lock(&self.0.state);
        if state.seen != seen {
            seen.clone_into(&mut state.seen);
            if let Shown::Bar(bar) = &self.0.shown {
                bar.set_message(state.message());
            }
        }
    }
}

/// What one scenario is doing.
struct State {
    step: String,
    since: Instant,
    seen: String,
    /// How many plain lines the present step had.
    said: u32,
}

impl State {
    fn new(step: String) -> Self {
        Self { step, since: Instant::now(), seen: String::new(), said: 0 }
    }

    fn message(&self) -> String {
        match self.seen.as_str() {
            "" => self.step.clone(),
            seen => format!("{} ({})", self.step, excerpt(seen, SEEN_LENGTH)),
        }
    }

    /// The plain line, when it is time for one.
    fn due(&mut self, name: &str) -> Option<String> {
        let took = self.since.elapsed();
        if took < PLAIN_EVERY * (self.said + 1) {
            return None;
        }
        self.said += 1;
        Some(format!("{:<15}  {name}  {}  {} s", "running", self.message(), took.as_secs()))
    }
}

fn bar(bars: &MultiProgress, name: &str, width: usize) -> ProgressBar {
    let bar = bars.add(ProgressBar::new_spinner());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {elapsed:>4} {wide_msg}") {
        bar.set_style(style);
    }
    bar.set_prefix(format!("{name:<width$}"));
    bar.set_message("starts");
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// The end of a long name, which has the sabotage's number, is worth more than its middle.
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

    fn said(lines: &Mutex<Vec<String>>) -> Vec<String> {
        std::mem::take(&mut *lines.lock().expect("unpoisoned"))
    }

    async fn pass(seconds: u64) {
        for _ in 0..seconds * 2 {
            sleep(Duration::from_millis(500)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_terminal_a_long_step_is_never_silent_for_long() {
        let (view, lines) = view();
        let line = view.begin(&Task::plain(Job::new("/x", scenario("name: two-clusters\n"))));
        line.step("wait#2 Kafka two: Ready");
        pass(10).await;
        assert_eq!(said(&lines), Vec::<String>::new(), "a short step needs no line");
        line.seen("NotReady=True (Creating)");
        pass(30).await;
        let seen = said(&lines);
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert!(
            seen[0].starts_with("running          two-clusters  wait#2 Kafka two: Ready (NotReady=True (Creating))  1"),
            "{seen:?}"
        );
        line.step("produce");
        pass(10).await;
        assert_eq!(said(&lines), Vec::<String>::new(), "each step has its own time");
        drop(line);
        pass(60).await;
        assert_eq!(said(&lines), Vec::<String>::new(), "what is over says nothing more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_users_text_cannot_move_the_cursor() {
        let (view, lines) = view();
        let line = view.begin(&Task::plain(Job::new("/x", scenario("name: two-clusters\n"))));
        line.step("wait Kafka \u{1b}[2J: Ready");
        pass(20).await;
        assert!(said(&lines)[0].contains("\\u{1b}[2J"));
    }

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        assert_eq!(short("native-tlsroute"), "native-tlsroute");
        let cut = short("certificate-without-bootstrap-name / 2");
        assert_eq!(cut.chars().count(), NAME_WIDTH);
        assert!(cut.starts_with("certificate-without-") && cut.ends_with("ame / 2"), "{cut}");
    }
}
