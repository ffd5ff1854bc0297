//! Prints one line per scenario, and a short block for each that did not end as expected.

use super::causes::by_cause;
use camino::Utf8Path;
use model::{Cause, Failure, Report, RunStats, ScenarioResult, Verdict, visible};
use std::fmt::Write as _;
use std::io::IsTerminal;

/// Formats lines, with or without colours.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    colours: bool,
    width: usize,
}

impl Console {
    /// For standard output. A terminal gets colours, unless `NO_COLOR` is set. `width` is the length of the longest
    /// name.
    pub fn stdout(width: usize) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colours: std::io::stdout().is_terminal() && !refused, width }
    }

    pub fn plain(width: usize) -> Self {
        Self { colours: false, width }
    }

    /// The line of one scenario, followed by its block if it failed. There is no line end.
    pub fn scenario(&self, result: &ScenarioResult) -> String {
        let mut text = self.line(result);
        text += &self.block(result);
        text
    }

    /// Only the line.
    pub fn line(&self, result: &ScenarioResult) -> String {
        let word = self.paint(result);
        let id = result.id();
        let mut text = format!("{word}  {:<width$} {:>7.1} s", visible(&id), result.seconds, width = self.width);
        match &result.verdict {
            Verdict::Skipped { reason } => add(&mut text, reason),
            Verdict::Unsupported { feature } => add(&mut text, &format!("the gateway does not claim {feature}")),
            Verdict::ExpectedFailure { link, .. } => add(&mut text, link),
            _ => {}
        }
        if let (Some(row), Verdict::Passed) = (&result.sabotage, &result.verdict) {
            add(&mut text, &format!("{}, {}", row.step, row.cause));
        }
        if result.flaky {
            let tried = result.attempts.iter().filter(|attempt| attempt.verdict.ran());
            let (good, bad): (Vec<_>, Vec<_>) = tried.partition(|attempt| !attempt.verdict.is_bad());
            add(&mut text, &format!("flaky: {} of {} attempts passed", good.len(), good.len() + bad.len()));
        } else if result.attempts.len() > 1 {
            add(&mut text, &format!("{} attempts", result.attempts.len()));
        }
        if result.cleanup_failed.is_some() {
            // This word contains our own colour codes, so it must not be escaped.
            text.push_str("  ");
            text.push_str(&self.colour("31", "cleanup-failed"));
        }
        text
    }

    /// The block below the line of a scenario that failed, or an empty text.
    pub fn block(&self, result: &ScenarioResult) -> String {
        let mut text = String::new();
        if let Verdict::UnexpectedPass { link, expected, .. } = &result.verdict {
            entry(&mut text, "wanted", &format!("a failure{} ({link})", cause(*expected)));
            entry(&mut text, "seen", "the scenario passed; remove the deviation from the gateway's fixture");
        }
        if result.is_bad()
            && let Some(failure) = result.verdict.failure()
        {
            failure_block(&mut text, failure);
        }
        if let Some(problem) = &result.cleanup_failed {
            entry(&mut text, "cleanup", problem);
        }
        if result.is_bad()
            && let Some(folder) = result.diagnostics()
        {
            entry(&mut text, "more", folder.as_str());
        }
        text
    }

    /// The last lines of a run.
    pub fn summary(&self, report: &Report, folder: &Utf8Path) -> String {
        let stats = RunStats::of(report);
        let counts = [
            (stats.passed, "passed"),
            (stats.red_as_demanded, "red as demanded"),
            (stats.failed, "failed"),
            (stats.expected_failures, "expected failures"),
            (stats.skipped, "skipped"),
            (stats.unsupported, "unsupported"),
        ];
        let mut parts: Vec<_> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        if stats.flaky > 0 {
            parts.push(format!("{} of them flaky", stats.flaky));
        }
        if stats.cleanup_failed > 0 {
            parts.push(format!("{} cleanup-failed", stats.cleanup_failed));
        }
        if parts.is_empty() {
            parts.push("no scenario ran".to_owned());
        }
        let mut text = String::new();
        let (causes, more) = by_cause(report);
        for one in &causes {
            // The results' names are made visible there, and the cause is our own word.
            let _ = write!(text, "\n{}\n{}", self.colour("31", &one.cause), one.results);
        }
        if more > 0 {
            let _ = write!(text, "\nand {more} more causes");
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = write!(text, "\n{} in {:.1} s", parts.join(", "), report.seconds);
        if let Some(seed) = report.seed {
            let _ = write!(text, "\norder: --shuffle {seed}");
        }
        if let Some(why) = &report.interrupted {
            let _ = write!(text, "\ninterrupted: {}", visible(why));
        }
        let _ = write!(text, "\nreports: {}", folder.join("report.json"));
        text
    }

    fn paint(&self, result: &ScenarioResult) -> String {
        let word = format!("{:<16}", result.word());
        let code = match &result.verdict {
            _ if result.is_bad() => "31",
            Verdict::Passed => "32",
            _ => "33",
        };
        self.colour(code, &word)
    }

    fn colour(&self, code: &str, text: &str) -> String {
        if self.colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn cause(expected: Option<Cause>) -> String {
    expected.map_or_else(String::new, |cause| format!(" for {cause}"))
}

fn add(line: &mut String, more: &str) {
    line.push_str("  ");
    line.push_str(&visible(more));
}

fn failure_block(text: &mut String, failure: &Failure) {
    if let Some(step) = &failure.step {
        entry(text, "step", &format!("{} at {}:{}", step.label, step.file, step.line));
    }
    let cause = failure.cause;
    entry(text, "cause", &format!("{cause} ({}, {})", cause.number(), cause.page()));
    entry(text, "wanted", &failure.wanted);
    match failure.since_change {
        Some(seconds) => entry(text, "last seen", &format!("{} (for {seconds:.1} s)", failure.seen)),
        None => entry(text, "last seen", &failure.seen),
    }
    for evidence in &failure.evidence {
        entry(text, "evidence", evidence);
    }
}

/// A line of a block. Further lines of the text are aligned below the first.
fn entry(text: &mut String, name: &str, value: &str) {
    for (number, line) in value.lines().enumerate() {
        let name = if number == 0 { name } else { "" };
        let _ = write!(text, "\n    {name:<10} {}", visible(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::sample::{failure, report, result};

    #[test]
    fn a_failure_takes_a_few_lines() {
        let text = Console::plain(16).scenario(&result("native-tlsroute", Verdict::Failed(failure())));
        assert_eq!(
            text,
            "failed            native-tlsroute      4.0 s
    step       produce-and-consume at scenarios/native-tlsroute/scenario.yaml:17
    cause      route-missing (KGL005, docs/causes/route-missing.md)
    wanted     300 messages through every broker
    last seen  no TLSRoute leads to broker-11.kafka.test:9092 (for 4.2 s)
    evidence   broker 11 advertises broker-11.kafka.test:9092
    more       /reports/run/native-tlsroute"
        );
    }

    #[test]
    fn a_good_scenario_is_one_line() {
        let console = Console::plain(4);
        assert_eq!(console.scenario(&result("fine", Verdict::Passed)), "passed            fine     4.0 s");
        let skipped = console.scenario(&result("no", Verdict::Skipped { reason: "needs the kind lab".into() }));
        assert!(skipped.ends_with("needs the kind lab") && !skipped.contains('\n'), "{skipped}");
        let known = Verdict::ExpectedFailure { link: "https://example.test/1".into(), failure: failure() };
        let known = console.scenario(&result("known", known));
        assert!(known.starts_with("expected-failure") && known.ends_with("https://example.test/1"), "{known}");
    }

    #[test]
    fn a_sabotage_is_reported_by_its_outcome() {
        let row = model::SabotageRow {
            name: "no route".into(),
            step: "wait#5".into(),
            cause: Cause::ConditionUnmet,
            mentions: None,
            red: Some(failure()),
        };
        let red = ScenarioResult { sabotage: Some(row.clone()), ..result("weights", Verdict::Passed) };
        let line = Console::plain(18).line(&red);
        assert_eq!(line, "red as demanded   weights / no route     4.0 s  wait#5, condition-unmet");
        let otherwise = ScenarioResult { sabotage: Some(row.clone()), ..result("weights", Verdict::Failed(failure())) };
        assert!(Console::plain(18).line(&otherwise).starts_with("red otherwise "));
        let row = model::SabotageRow { red: None, ..row };
        let green = ScenarioResult { sabotage: Some(row), ..result("weights", Verdict::Failed(failure())) };
        assert!(Console::plain(18).line(&green).starts_with("green although sabotaged "));
        let summary = Console::plain(8).summary(&report(vec![red, green, otherwise]), Utf8Path::new("/r"));
        assert_eq!(
            summary,
            "\nroute-missing (KGL005)\n    weights / no route, weights / no route\n\n1 red as demanded, 2 failed in 12.5 s\nreports: /r/report.json"
        );
    }

    #[test]
    fn a_failed_cleanup_is_never_hidden() {
        let mut unclean = result("unclean", Verdict::Passed);
        unclean.cleanup_failed = Some("TLSRoute x/y is still there".into());
        let text = Console::plain(8).scenario(&unclean);
        assert!(text.lines().next().is_some_and(|line| line.ends_with("cleanup-failed")), "{text}");
        assert!(text.contains("cleanup    TLSRoute x/y is still there"), "{text}");
        let summary = Console::plain(8).summary(&report(vec![unclean]), Utf8Path::new("/r"));
        assert!(summary.contains("1 passed, 1 cleanup-failed in 12.5 s"), "{summary}");
    }

    #[test]
    fn control_characters_are_escaped() {
        let broken = Failure { seen: "broker says \u{1b}[2J".into(), ..failure() };
        let text = Console::plain(4).scenario(&result("red\u{202e}", Verdict::Failed(broken)));
        assert!(text.contains("broker says \\u{1b}[2J") && text.contains("red\\u{202e}"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
        let link = "https://example.test/\u{1b}[2J".to_owned();
        for verdict in [
            Verdict::Skipped { reason: link.clone() },
            Verdict::Unsupported { feature: link.clone() },
            Verdict::ExpectedFailure { link: link.clone(), failure: failure() },
            Verdict::UnexpectedPass { link, expected: None },
        ] {
            let mut unclean = result("a", verdict);
            unclean.cleanup_failed = Some("left".to_owned());
            let text = Console::plain(4).scenario(&unclean);
            assert!(text.contains("test/\\u{1b}[2J") && !text.contains('\u{1b}'), "{text:?}");
            let red = Console { colours: true, width: 4 }.line(&unclean);
            assert!(red.contains("\u{1b}[31mcleanup-failed"), "our own colours stay: {red:?}");
        }
    }

    #[test]
    fn colours_are_off_by_default() {
        let painted = Console { colours: true, width: 4 }.line(&result("fine", Verdict::Passed));
        assert!(painted.starts_with("\u{1b}[32m"), "{painted:?}");
        assert!(!Console::plain(4).line(&result("fine", Verdict::Passed)).contains('\u{1b}'));
    }
}
