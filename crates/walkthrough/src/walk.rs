//! The walk through the steps. It shows each step, runs its commands and compares what they print with what they must print.

use super::{CommandResult, Error, Folder, Shell, Step, Story};
use std::time::Duration;

/// How long a tool may take to say that it is there.
const STARTS_WITHIN: Duration = Duration::from_secs(10);

/// Which steps, and how.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The first step [default: the first that is not done].
    pub from: Option<String>,
    /// The last step.
    pub until: Option<String>,
    /// Show the steps without running anything.
    pub explain: bool,
    /// Somebody is there to read, and to type.
    pub somebody: bool,
}

/// What the audience sees.
#[derive(Debug)]
pub enum Event<'a> {
    /// A step that an earlier walk did.
    Done(&'a Step),
    /// A step is about to run; its number and the number of all steps.
    Step { step: &'a Step, number: usize, of: usize },
    /// A command begins.
    Command(&'a str),
    /// It still runs.
    StillRuns(Duration),
    /// It has ended.
    Ended(&'a CommandResult),
    /// The step did what it must.
    Passed(&'a Step),
    /// It did not.
    Failed { step: &'a Step, why: &'a str },
    /// It was left out.
    Skipped { step: &'a Step, why: &'a str },
}

/// Who the walk is shown to.
pub trait Audience {
    fn see(&mut self, event: &Event<'_>);

    /// Waits until the audience wants to go on. False ends the walk.
    ///
    /// # Errors
    /// If the audience cannot be asked.
    fn wants_more(&mut self) -> Result<bool, Error>;
}

/// What was done and printed, for a transcript.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// By step: its name, and what its commands printed.
    pub steps: Vec<(String, Vec<CommandResult>)>,
    /// The step that did not do what it must.
    pub failed: Option<String>,
    /// Whether the audience left early.
    pub left: bool,
}

impl Record {
    /// Whether the walk came to its end.
    pub fn is_whole(&self) -> bool {
        self.failed.is_none() && !self.left
    }
}

/// A walkthrough in a lab.
pub struct Walk<'a> {
    pub story: &'a Story,
    pub folder: &'a mut Folder,
    pub shell: &'a Shell,
}

impl Walk<'_> {
    /// Goes through the steps. Stops at the first that does not do what it must.
    ///
    /// # Errors
    /// If a chosen step does not exist, the folder cannot be written, or no command can be started.
    pub fn go(&mut self, choice: &Choice, audience: &mut dyn Audience) -> Result<Record, Error> {
        let story = self.story;
        let steps = &story.steps;
        let until = choice.until.as_ref().map_or(Ok(steps.len().saturating_sub(1)), |name| story.position(name))?;
        let from = match &choice.from {
            Some(name) => story.position(name)?,
            None => self.begin(choice)?,
        };
        if let (Some(first), Some(last)) = (&choice.from, &choice.until)
            && from > until
        {
            return Err(Error::Order { from: first.clone(), until: last.clone() });
        }
        let mut record = Record::default();
        for (index, step) in steps.iter().enumerate().take(until + 1) {
            if index < from {
                if self.folder.is_done(&step.name) && choice.from.is_none() {
                    audience.see(&Event::Done(step));
                }
                continue;
            }
            audience.see(&Event::Step { step, number: index + 1, of: steps.len() });
            if choice.explain {
                step.run.iter().for_each(|command| audience.see(&Event::Command(command)));
                continue;
            }
            if step.yours && !choice.somebody {
                audience.see(&Event::Skipped { step, why: "it needs somebody who types" });
                continue;
            }
            if let Some(need) = &step.needs
                && self.shell.run(&need.command, STARTS_WITHIN, |_| {})?.exit != Some(0)
            {
                audience.see(&Event::Skipped { step, why: &need.otherwise });
                self.folder.mark(&step.name)?;
                continue;
            }
            if !audience.wants_more()? {
                record.left = true;
                return Ok(record);
            }
            let (ran, why) = self.step(step, audience)?;
            record.steps.push((step.name.clone(), ran));
            if let Some(why) = why {
                audience.see(&Event::Failed { step, why: &why });
                record.failed = Some(step.name.clone());
                return Ok(record);
            }
            audience.see(&Event::Passed(step));
            self.folder.mark(&step.name)?;
        }
        Ok(record)
    }

    /// Where to begin: after what is done, or from the start if nothing is left to do.
    fn begin(&mut self, choice: &Choice) -> Result<usize, Error> {
        if choice.explain {
            return Ok(0);
        }
        let waits_for_nobody = |step: &Step| step.yours && !choice.somebody;
        let over = |step: &Step| self.folder.is_done(&step.name) || waits_for_nobody(step);
        match self.story.steps.iter().position(|step| !over(step)) {
            Some(first) => Ok(first),
            None => self.folder.forget().map(|()| 0),
        }
    }

    /// The commands of a step, and what is wrong with them.
    fn step(&self, step: &Step, audience: &mut dyn Audience) -> Result<(Vec<CommandResult>, Option<String>), Error> {
        let mut ran = Vec::new();
        let wrong = self.commands(step, audience, &mut ran);
        let mut undone = None;
        // Also after a failure: what a step broke must not stay broken.
        for command in &step.afterwards {
            let one = self.command(command, step, audience)?;
            if one.exit != Some(0) {
                undone.get_or_insert(format!("`{command}` ended with {}", exit(&one)));
            }
            ran.push(one);
        }
        Ok((ran, wrong?.or(undone)))
    }

    fn commands(
        &self,
        step: &Step,
        audience: &mut dyn Audience,
        ran: &mut Vec<CommandResult>,
    ) -> Result<Option<String>, Error> {
        for (index, command) in step.run.iter().enumerate() {
            let wanted = if index + 1 == step.run.len() { step.exit } else { 0 };
            let one = self.command(command, step, audience)?;
            let ended = (!step.yours && one.exit != Some(wanted))
                .then(|| format!("expected the command to end with {wanted}; it ended with {}", exit(&one)));
            ran.push(one);
            if ended.is_some() {
                return Ok(ended);
            }
        }
        let output: String = ran.iter().map(|one| one.output.as_str()).collect();
        Ok(if step.yours { None } else { step.problem_in(&output) })
    }

    fn command(&self, command: &str, step: &Step, audience: &mut dyn Audience) -> Result<CommandResult, Error> {
        audience.see(&Event::Command(command));
        let ran = if step.yours {
            self.shell.hand_over(command)?
        } else {
            self.shell.run(command, step.within(), |elapsed| audience.see(&Event::StillRuns(elapsed)))?
        };
        audience.see(&Event::Ended(&ran));
        Ok(ran)
    }
}

fn exit(ran: &CommandResult) -> String {
    ran.exit.map_or_else(|| "no exit code, because it took too long or was killed".to_owned(), |code| code.to_string())
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
