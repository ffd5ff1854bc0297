//! What a waiting user sees on standard error: one line for each phase, with its time.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::fmt::Display;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Shows phases that run in parallel. Cheap to clone.
#[derive(Clone)]
pub struct Progress {
    start: Instant,
    bars: MultiProgress,
    live: bool,
    ended: Arc<Mutex<Vec<PhaseTime>>>,
}

/// A phase that has ended, with its times in seconds since the start of its [`Progress`].
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseTime {
    pub name: String,
    pub from: f64,
    pub to: f64,
}

impl PhaseTime {
    /// How long it took, in seconds.
    pub fn seconds(&self) -> f64 {
        self.to - self.from
    }
}

impl Progress {
    /// Spinners on a terminal, plain lines elsewhere.
    pub fn stderr() -> Self {
        let live = std::io::stderr().is_terminal();
        Self { start: Instant::now(), bars: MultiProgress::new(), live, ended: Arc::default() }
    }

    /// Plain lines everywhere, for a process that runs beside one that draws on the same terminal.
    pub fn lines() -> Self {
        Self { live: false, ..Self::stderr() }
    }

    /// Starts a phase. It ends with [`Phase::done`]. If it is dropped before that, it is shown as failed.
    pub fn phase(&self, name: impl Into<String>) -> Phase {
        let name = name.into();
        let bar = self.live.then(|| {
            let bar = self.bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix:<28} {elapsed:>5} {wide_msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(name.clone());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Phase { progress: self.clone(), name, start: Instant::now(), bar, last: None, ended: false }
    }

    /// Prints a line that belongs to no phase.
    pub fn say(&self, line: impl Display) {
        if self.live {
            // Fails only if standard error is closed, and then nobody reads it.
            let _ = self.bars.println(line.to_string());
        } else {
            eprintln!("{line}");
        }
    }

    /// The phases that have ended, in the order in which they ended.
    pub fn phases(&self) -> Vec<PhaseTime> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A phase that is running.
pub struct Phase {
    progress: Progress,
    name: String,
    start: Instant,
    bar: Option<ProgressBar>,
    last: Option<Instant>,
    ended: bool,
}

impl Phase {
    /// Says what the phase is doing now. Plain output gets at most one line in ten seconds.
    pub fn update(&mut self, now: impl Display) {
        match &self.bar {
            Some(bar) => bar.set_message(now.to_string()),
            None if self.last.is_none_or(|last| last.elapsed() > Duration::from_secs(10)) => {
                eprintln!("  {:<28} {:>6.1} s  ... {now}", self.name, self.start.elapsed().as_secs_f64());
                self.last = Some(Instant::now());
            }
            None => {}
        }
    }

    /// Ends the phase successfully.
    pub fn done(mut self, detail: impl Display) {
        self.ended = true;
        let seconds = self.start.elapsed().as_secs_f64();
        self.finish(&format!("  {:<28} {seconds:>6.1} s  {detail}", self.name));
    }

    fn finish(&self, line: &str) {
        let since_start = |time: Instant| time.duration_since(self.progress.start).as_secs_f64();
        let time =
            PhaseTime { name: self.name.clone(), from: since_start(self.start), to: since_start(Instant::now()) };
        self.progress.ended.lock().unwrap_or_else(PoisonError::into_inner).push(time);
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.progress.say(line);
    }
}

impl Drop for Phase {
    fn drop(&mut self) {
        if !self.ended {
            let line = format!("  {:<28} {:>6.1} s  failed", self.name, self.start.elapsed().as_secs_f64());
            self.finish(&line);
        }
    }
}
