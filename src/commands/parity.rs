//! `parity snapshot | compare`

use camino::Utf8Path;
use cli::NameArgs;
use host::Progress;
use lab::Lab;
use model::{Exit, FileError};
use parity::{Differences, Error, Snapshot, compare as differences, table};
use std::fs;

/// Records the running lab's shared cluster.
///
/// # Errors
/// If no lab is up, or the file cannot be written.
pub async fn snapshot(name: &NameArgs, file: Option<&Utf8Path>) -> Result<(), Error> {
    let lab = Lab::open(&name.name).await?;
    let snapshot = Snapshot::of(&lab).await?;
    let text = snapshot.to_text();
    match file {
        Some(file) => {
            fs::write(file, text).map_err(FileError::of("write", file))?;
            Progress::stderr().say(format!("{file}: {} facts of {}", snapshot.facts.len(), snapshot.source));
        }
        None => print!("{text}"),
    }
    Ok(())
}

/// Prints the table; differences that nobody explained make it a failure. A file that is not a snapshot is a usage error.
///
/// # Errors
/// When the known differences cannot be read, or the table cannot be written.
pub fn compare(standin: &Utf8Path, strimzi: &Utf8Path, write: Option<&Utf8Path>) -> Result<Exit, Error> {
    let known = Differences::load()?;
    let (standin, strimzi) = match (Snapshot::read(standin), Snapshot::read(strimzi)) {
        (Ok(standin), Ok(strimzi)) => (standin, strimzi),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("error: {error}; expected a file that `parity snapshot --file` wrote");
            return Ok(Exit::Usage);
        }
    };
    let comparison = differences(&standin, &strimzi, &known);
    let text = table(&standin, &strimzi, &comparison);
    print!("{text}");
    if let Some(file) = write {
        fs::write(file, &text).map_err(FileError::of("write", file))?;
    }
    Ok(if comparison.unexplained() == 0 { Exit::Passed } else { Exit::Failed })
}
