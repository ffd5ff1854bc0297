//! The record of a walk, as a page of the docs.

use super::{CommandResult, Record, Step, Story};
use std::fmt::{self, Write};

/// The most lines of one command's output.
const LINES: usize = 60;

/// The page. `place` is the lab in a few words; `folder` is replaced by a dot, wherever a command printed it.
pub fn transcript(story: &Story, record: &Record, place: &str, folder: &str) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = page(&mut text, story, record, place, folder);
    text
}

fn page(out: &mut String, story: &Story, record: &Record, place: &str, folder: &str) -> fmt::Result {
    let Story { name, title, post, about, .. } = story;
    writeln!(out, "# {title}\n\n{about}\n\nThe post: <{post}>.\n")?;
    writeln!(
        out,
        "This page was written by `cargo xtask walkthrough {name} --yes --transcript FILE` on {place}. Its manifests are in \
         [fixtures/walkthrough/{name}](../fixtures/walkthrough/{name}), with the post's own values."
    )?;
    for (number, step) in story.steps.iter().enumerate() {
        writeln!(out, "\n## {}. {}\n\n{}", number + 1, step.title, step.why)?;
        for today in &step.today {
            let link = today.link.as_ref().map(|link| format!(" ([more]({link}))")).unwrap_or_default();
            writeln!(out, "\n> {}{link}", today.text)?;
        }
        for file in &step.shows {
            let (text, kind) = (story.files().get(file).map_or("", String::as_str), kind(file));
            writeln!(out, "\n`{file}`:\n\n```{kind}\n{}\n```", text.trim_end())?;
        }
        commands(out, step, record, folder)?;
    }
    Ok(())
}

fn commands(out: &mut String, step: &Step, record: &Record, folder: &str) -> fmt::Result {
    let ran = record.steps.iter().find(|(name, _)| *name == step.name).map_or(&[] as &[CommandResult], |(_, ran)| ran);
    writeln!(out, "\n```console")?;
    for (index, command) in step.run.iter().chain(&step.afterwards).enumerate() {
        writeln!(out, "$ {}", command.trim_end())?;
        let output = ran.get(index).map_or("", |one| &one.output).replace(folder, ".");
        let lines: Vec<&str> = output.trim_end().lines().map(str::trim_end).collect();
        lines.iter().take(LINES).try_for_each(|line| writeln!(out, "{line}"))?;
        if lines.len() > LINES {
            writeln!(out, "... {} more lines", lines.len() - LINES)?;
        }
    }
    writeln!(out, "```")
}

/// What a reader's editor calls such a file.
fn kind(file: &str) -> &'static str {
    match file.rsplit_once('.') {
        Some((_, "yaml")) => "yaml",
        Some((_, "sh")) => "sh",
        _ => "text",
    }
}
