//! `lab up | down | status | logs | env`

use crate::cli::{Exit, LogsArgs, NameArgs, UpArgs};
use crate::lab::{self, Error, Lab, LabDir, UpOptions};
use crate::progress::Progress;

/// # Errors
/// As [`lab::up`].
pub async fn up(args: &UpArgs) -> Result<(), Error> {
    let progress = Progress::stderr();
    let lab = lab::up(&UpOptions::from(args), &progress).await?;
    print!("{}", lab::page(&lab, progress.elapsed()));
    Ok(())
}

/// # Errors
/// As [`lab::down`].
pub async fn down(args: &NameArgs) -> Result<(), Error> {
    lab::down(&LabDir::of(&args.name)?, &args.name, &Progress::stderr()).await
}

/// # Errors
/// [`Error::NotUp`] when there is no such lab.
pub async fn status(args: &NameArgs) -> Result<Exit, Error> {
    let status = lab::status(&Lab::open(&args.name).await?).await?;
    print!("{status}");
    Ok(if status.healthy() { Exit::Passed } else { Exit::Lab })
}

/// # Errors
/// When there is no such log.
pub async fn logs(args: &LogsArgs) -> Result<(), Error> {
    let dir = LabDir::of(&args.name.name)?;
    match &args.component {
        Some(component) if lab::components(&dir)?.contains(component) => {
            print!("{}", lab::tail(&dir, component, args.lines)?);
        }
        Some(pod) => print!("{}", lab::pod_log(&Lab::open(&args.name.name).await?, pod, args.lines).await?),
        None => {
            let mut components = lab::components(&dir)?;
            match Lab::open(&args.name.name).await {
                Ok(lab) => components.extend(lab::pods_with_logs(&lab).await?),
                // A lab that came up half way has logs too, and that is when they are wanted.
                Err(error) if components.is_empty() => return Err(error),
                Err(_) => {}
            }
            for component in components {
                println!("{component}");
            }
        }
    }
    Ok(())
}

/// # Errors
/// [`Error::NotUp`] when there is no such lab.
pub async fn env(args: &NameArgs) -> Result<(), Error> {
    print!("{}", lab::variables(&Lab::open(&args.name).await?));
    Ok(())
}
