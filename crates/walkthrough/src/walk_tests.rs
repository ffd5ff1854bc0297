use super::*;
use crate::Story;
use camino::Utf8Path;
use std::fs;

/// What was seen, in a few words, and how often the audience wants to go on.
struct Notes {
    seen: Vec<String>,
    patience: usize,
}

impl Audience for Notes {
    fn see(&mut self, event: &Event<'_>) {
        self.seen.push(match event {
            Event::Done(step) => format!("done {}", step.name),
            Event::Step { step, number, of } => format!("step {} {number}/{of}", step.name),
            Event::Command(command) => format!("$ {command}"),
            Event::StillRuns(_) => return,
            Event::Ended(ran) => format!("printed {}", ran.output.trim_end()),
            Event::Passed(step) => format!("passed {}", step.name),
            Event::Failed { step, why } => format!("failed {}: {why}", step.name),
            Event::Skipped { step, .. } => format!("skipped {}", step.name),
        });
    }

    fn wants_more(&mut self) -> Result<bool, Error> {
        self.patience = self.patience.saturating_sub(1);
        Ok(self.patience > 0)
    }
}

struct Workshop {
    folder: tempfile::TempDir,
    story: Story,
}

impl Workshop {
    fn new(steps: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let text = format!("title: T\npost: P\nabout: A\nsteps:\n{steps}");
        fs::write(path.join("walkthrough.yaml"), text).expect("written");
        let story = Story::read(path).expect("sound");
        Self { folder, story }
    }

    fn walk(&self, choice: &Choice, patience: usize) -> (Result<Record, Error>, Vec<String>) {
        let path = Utf8Path::from_path(self.folder.path()).expect("UTF-8").join("work");
        let mut folder = Folder::open(path.clone(), &self.story).expect("made");
        let environment = vec![("OF_THE_LAB".to_owned(), "value".to_owned())];
        let shell = Shell { folder: path, environment };
        let mut notes = Notes { seen: Vec::new(), patience };
        let record = Walk { story: &self.story, folder: &mut folder, shell: &shell }.go(choice, &mut notes);
        (record, notes.seen)
    }

    fn all(&self) -> (Record, Vec<String>) {
        let (record, seen) = self.walk(&Choice::default(), 100);
        (record.expect("no error"), seen)
    }
}

const TWO: &str = r#"
  - {name: one, title: T, why: W, run: ["echo \"$OF_THE_LAB\" > made"], expect: [""]}
  - {name: two, title: T, why: W, run: ["cat made", "test -e open && echo two"], expect: [value, two]}
"#;

#[test]
fn it_stops_at_a_step_that_does_not_do_what_it_must_and_goes_on_there() {
    let held = Workshop::new(TWO);
    let (record, seen) = held.all();
    assert_eq!(record.failed.as_deref(), Some("two"));
    assert_eq!(
        seen.last().map(String::as_str),
        Some("failed two: expected the command to end with 0; it ended with 1")
    );
    fs::write(held.folder.path().join("work/open"), "").expect("written");
    let (record, seen) = held.all();
    assert_eq!(record.failed, None);
    assert_eq!(
        seen,
        [
            "done one",
            "step two 2/2",
            "$ cat made",
            "printed value",
            "$ test -e open && echo two",
            "printed two",
            "passed two"
        ]
    );
    let (_, seen) = held.all();
    assert_eq!(seen.first().map(String::as_str), Some("step one 1/2"), "nothing was left, so it begins again");
}

#[test]
fn the_output_is_compared_with_what_it_must_and_must_not_contain() {
    let failed = |step: &str| Workshop::new(&format!("  - {{name: one, title: T, why: W, {step}}}\n")).all();
    let why = |step: &str| failed(step).1.last().cloned().unwrap_or_default();
    assert_eq!(why(r#"run: ["echo a"], expect: [b]"#), r#"failed one: expected "b" in the output"#);
    assert_eq!(why(r#"run: ["echo a >&2"], expect: [a], lacks: [a]"#), r#"failed one: expected no "a" in the output"#);
    assert_eq!(why(r#"run: ["echo a; exit 1"], expect: [a], exit: 1"#), "passed one");
    let slow = why(r#"run: ["echo a; exec sleep 60"], expect: [a], within: 1"#);
    assert!(slow.contains("it ended with no exit code, because it took too long"), "{slow}");
}

#[test]
fn what_a_step_breaks_is_repaired_also_when_the_step_fails() {
    let held = Workshop::new(
        r#"  - {name: one, title: T, why: W, run: ["touch broken", "false"], expect: [x], afterwards: ["rm broken"]}
"#,
    );
    let (record, _) = held.all();
    assert_eq!(record.failed.as_deref(), Some("one"));
    assert!(!held.folder.path().join("work/broken").exists());
}

#[test]
fn from_and_until_choose_steps_and_explain_runs_none() {
    let held = Workshop::new(TWO);
    let named = |name: &str| Some(name.to_owned());
    let (_, seen) = held.walk(&Choice { until: named("one"), ..Choice::default() }, 100);
    assert_eq!(seen.last().map(String::as_str), Some("passed one"));
    let (_, seen) = held.walk(&Choice { from: named("two"), until: named("two"), ..Choice::default() }, 100);
    assert_eq!(seen.first().map(String::as_str), Some("step two 2/2"));
    let swapped = Choice { from: named("two"), until: named("one"), ..Choice::default() };
    let error = held.walk(&swapped, 100).0.expect_err("swapped").to_string();
    assert_eq!(error, "the step `one` comes before `two`; swap `--from` and `--until`");
    let (_, seen) = held.walk(&Choice { explain: true, ..Choice::default() }, 0);
    assert!(seen.iter().all(|one| !one.starts_with("printed")) && seen.len() == 5, "{seen:?}");
}

#[test]
fn who_has_seen_enough_leaves_and_who_is_not_there_types_nothing() {
    let (record, seen) = Workshop::new(TWO).walk(&Choice::default(), 2);
    assert!(record.expect("no error").left, "{seen:?}");
    let typed = Workshop::new("  - {name: one, title: T, why: W, yours: true, run: [\"cat\"]}\n");
    let (_, seen) = typed.all();
    assert_eq!(seen, ["step one 1/1", "skipped one"]);
}

#[test]
fn a_step_whose_tool_is_missing_is_left_out_with_its_reason_and_the_walk_goes_on() {
    let steps = r#"
  - {name: one, title: T, why: W, run: [echo one], expect: [one]}
  - {name: tool, title: T, why: W, needs: {command: "test -e tool", otherwise: no tool}, run: [echo used], expect: [used]}
  - {name: two, title: T, why: W, run: [echo two], expect: [two]}
"#;
    let (record, seen) = Workshop::new(steps).all();
    assert!(record.is_whole(), "{seen:?}");
    assert!(seen.contains(&"skipped tool".to_owned()) && !seen.contains(&"printed used".to_owned()), "{seen:?}");
    assert_eq!(seen.last().map(String::as_str), Some("passed two"));
    let (_, seen) = Workshop::new(&steps.replace("test -e tool", "true")).all();
    assert!(seen.contains(&"printed used".to_owned()), "{seen:?}");
}
