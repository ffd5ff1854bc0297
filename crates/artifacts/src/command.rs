//! External commands with a deadline, and their output in a log.

use super::failure::Failure;
use camino::Utf8Path;
use host::files;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::time::Duration;

/// How many of the last lines of a log an error shows.
const TAIL: usize = 12;

/// A command and its limits.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub program: &'a str,
    pub args: &'a [&'a str],
    pub dir: Option<&'a Utf8Path>,
    /// Variables to add to the environment.
    pub env: &'a [(&'a str, &'a str)],
    pub within: Duration,
}

impl<'a> Run<'a> {
    pub fn new(program: &'a str, within: Duration) -> Self {
        Self { program, args: &[], dir: None, env: &[], within }
    }

    fn expression(&self) -> Result<duct::Expression, Failure> {
        let mut expression = duct::cmd(self.program, self.args).stdin_null();
        if let Some(dir) = self.dir {
            // A killed pip or Maven leaves files in its temporary folder, so that folder is swept with the staging. It
            // is a folder inside the command's own, because Go ignores a go.mod in the temporary folder itself.
            let tmp = dir.join(".tmp");
            fs::create_dir_all(&tmp).map_err(Failure::io(&tmp))?;
            expression = expression.dir(dir).env("JAVA_TOOL_OPTIONS", temporary(&tmp)).env("TMPDIR", tmp);
        }
        Ok(self.env.iter().fold(expression, |expression, (name, value)| expression.env(name, value)))
    }

    /// The command as a user would type it, without long arguments such as linker flags.
    fn shown(&self) -> String {
        let args = self.args.iter().map(|arg| if arg.len() > 100 { "..." } else { arg });
        std::iter::once(self.program).chain(args).collect::<Vec<_>>().join(" ")
    }
}

/// The JVM options for the temporary folder, because Java ignores TMPDIR. The user's own options are kept.
fn temporary(dir: &Utf8Path) -> String {
    let own = std::env::var("JAVA_TOOL_OPTIONS").unwrap_or_default();
    // The JVM splits the variable at blanks, except inside quotes.
    format!("{own} \"-Djava.io.tmpdir={dir}\"").trim_start().to_owned()
}

/// Runs a short command and returns what it printed on both streams, whatever its exit code.
pub fn output(run: &Run<'_>) -> Result<String, Failure> {
    let program = Utf8Path::new(run.program);
    let expression = run.expression()?.stderr_to_stdout().stdout_capture();
    match host::command::run(&expression, run.within, |_| {}).map_err(Failure::io(program))? {
        Some(output) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        None => Err(Failure::timed_out(&run.shown(), run.within, Utf8Path::new("none"), String::new())),
    }
}

/// Runs a command and appends both streams to `log`. Calls `tick` twice a second with the elapsed time and the last
/// line of the log. `tool` says what to install if the program does not exist.
pub fn logged(run: &Run<'_>, log: &Utf8Path, tool: Tool, mut tick: impl FnMut(Duration, &str)) -> Result<(), Failure> {
    let mut file = OpenOptions::new().create(true).append(true).open(log).map_err(Failure::io(log))?;
    writeln!(file, "$ {}", run.shown()).map_err(Failure::io(log))?;
    let expression = run.expression()?.stderr_to_stdout().stdout_file(file);
    finish(run, expression, log, tool, &mut tick).map(drop)
}

/// As [`logged`], but returns standard output and logs only standard error.
pub fn captured(run: &Run<'_>, log: &Utf8Path, tool: Tool) -> Result<String, Failure> {
    let mut file = OpenOptions::new().create(true).append(true).open(log).map_err(Failure::io(log))?;
    writeln!(file, "$ {}", run.shown()).map_err(Failure::io(log))?;
    let expression = run.expression()?.stdout_capture().stderr_file(file);
    let output = finish(run, expression, log, tool, &mut |_, _| {});
    output.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// A program that some sources need, and how to install it.
#[derive(Clone, Copy)]
pub struct Tool {
    pub name: &'static str,
    pub install: &'static str,
}

fn finish(
    run: &Run<'_>,
    expression: duct::Expression,
    log: &Utf8Path,
    tool: Tool,
    tick: &mut dyn FnMut(Duration, &str),
) -> Result<Vec<u8>, Failure> {
    let tail = |lines| files::last_lines(log, lines).unwrap_or_default();
    let ended = host::command::run(&expression, run.within, |elapsed| tick(elapsed, &tail(1)));
    let output = ended.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Failure::NoTool { tool: tool.name, install: tool.install },
        _ => Failure::Io { path: run.program.into(), source },
    })?;
    let Some(output) = output else {
        return Err(Failure::timed_out(&run.shown(), run.within, log, tail(TAIL)));
    };
    if output.status.success() {
        return Ok(output.stdout);
    }
    let how = format!("failed ({})", output.status);
    Err(Failure::Command { command: run.shown(), how, log: log.to_owned(), tail: tail(TAIL) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8PathBuf;
    use std::time::Instant;

    const SH: Tool = Tool { name: "sh", install: "install sh" };

    fn log(folder: &tempfile::TempDir) -> Utf8PathBuf {
        Utf8Path::from_path(folder.path()).expect("UTF-8").join("log")
    }

    #[test]
    fn a_failed_command_shows_the_end_of_its_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let args = ["-c", "for i in 1 2 3; do echo line $i; done; echo broken >&2; exit 7"];
        let run = Run { args: &args, ..Run::new("sh", Duration::from_secs(20)) };
        let failure = logged(&run, &log(&folder), SH, |_, _| {}).expect_err("it exits with 7").to_string();
        assert!(failure.contains("exit status: 7"), "{failure}");
        assert!(failure.ends_with("      line 3\n      broken"), "{failure}");
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = Run { args: &["60"], ..Run::new("sleep", Duration::from_millis(50)) };
        let start = Instant::now();
        let failure = logged(&run, &log(&folder), SH, |_, _| {}).expect_err("it takes a minute").to_string();
        assert!(failure.contains("did not end within"), "{failure}");
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_missing_program_says_what_to_install() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = Run::new("no-such-program-here", Duration::from_secs(20));
        let failure = logged(&run, &log(&folder), SH, |_, _| {}).expect_err("there is none");
        assert_eq!(failure.remedy(), Some("install sh"));
    }
}
