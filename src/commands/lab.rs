//! `lab up | down | status | logs | env`

use cli::{DownArgs, LogsArgs, NameArgs, Output, StatusArgs, UpArgs};
use host::Progress;
use lab::{Error, Lab, Status};
use model::{Exit, LabDir, UpOptions};
use runner::under_way as scenarios_under_way;
use std::io::Write;

/// # Errors
/// As for [`lab::up`].
pub async fn up(args: &UpArgs) -> Result<(), Error> {
    let progress = Progress::stderr();
    let options = UpOptions::from(args);
    let lab = tokio::select! {
        lab = lab::up(&options, &progress) => lab?,
        Ok(()) = tokio::signal::ctrl_c() => return Err(Error::Interrupted { name: args.name.name.clone() }),
    };
    print!("{}", lab::page(&lab, progress.elapsed(), args.hosts));
    Ok(())
}

/// # Errors
/// As for [`lab::down`] and [`lab::down_keeping_state`].
pub async fn down(args: &DownArgs) -> Result<(), Error> {
    let name = &args.name.name;
    let (dir, progress) = (LabDir::of(name)?, Progress::stderr());
    // `down` itself reports what cannot be read, because it reads the same folder.
    match scenarios_under_way(&dir).unwrap_or_default() {
        0 => {}
        1 => progress.say("a scenario is running on this lab and will end with it"),
        several => progress.say(format!("{several} scenarios are running on this lab and will end with it")),
    }
    if args.keep_state {
        lab::down_keeping_state(&dir, name, &progress).await
    } else {
        lab::down(&dir, name, &progress).await
    }
}

/// Prints the processes at once, and the rest when the API server has answered or its time is up.
///
/// # Errors
/// [`Error::NotUp`] if there is no such lab.
pub async fn status(args: &StatusArgs) -> Result<Exit, Error> {
    let name = &args.name.name;
    let text = args.output == Output::Text;
    let lab = match Lab::open(name).await {
        Ok(lab) => Some(lab),
        Err(Error::NotUp { .. }) => None,
        Err(error) => return Err(error),
    };
    let begun = match &lab {
        Some(lab) => Status::of(lab)?,
        None => Status::half(&LabDir::of(name)?, name)?.ok_or_else(|| Error::NotUp { name: name.clone() })?,
    };
    if text {
        print!("{}", begun.head());
        // The rest may take seconds, so the buffer is flushed. If the output is closed, the next print reports it.
        let _ = std::io::stdout().flush();
    }
    let status = match &lab {
        Some(lab) => begun.asked(lab, args.probe).await,
        None => begun,
    };
    if text {
        print!("{}", status.rest());
    } else {
        println!("{:#}", serde_json::json!(status));
    }
    Ok(if status.healthy() { Exit::Passed } else { Exit::Failed })
}

/// # Errors
/// If there is no such log.
pub async fn logs(args: &LogsArgs) -> Result<(), Error> {
    let name = &args.name.name;
    match &args.component {
        Some(component) => print!("{}", lab::log(name, component, args.lines).await?),
        None => lab::log_names(name).await?.iter().for_each(|name| println!("{name}")),
    }
    Ok(())
}

/// # Errors
/// [`Error::NotUp`] if there is no such lab.
pub async fn env(args: &NameArgs) -> Result<(), Error> {
    print!("{}", lab::variables(&Lab::open(&args.name).await?));
    Ok(())
}
