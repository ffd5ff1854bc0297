//! `walkthrough`

mod teller;
mod workplace;

use ::walkthrough::{Choice, Folder, Story, Walk, transcript};
use camino::Utf8Path;
use cli::{WalkthroughArgs, WalkthroughVerb};
use host::Progress;
use lab::Lab;
use model::{Exit, FileError, LabKind, visible};
use std::error::Error;
use std::fs;
use std::io::IsTerminal;
use std::time::Duration;
use teller::Teller;
use workplace::{folder_of, places, shell, variables};

/// The time for each command of `walkthrough clean`.
const CLEAN: Duration = Duration::from_secs(180);

/// Walks through a post, or removes what walks made.
///
/// # Errors
/// If no lab is up, or the walkthrough's folder cannot be used.
pub async fn walkthrough(args: &WalkthroughArgs) -> Result<Exit, Box<dyn Error>> {
    if let Some(WalkthroughVerb::Clean(name)) = &args.verb {
        return clean(&running(&name.name).await?).await;
    }
    let Some(post) = &args.post else { return Ok(Exit::Usage) };
    let original = Story::load(post)?;
    let lab = match running(&args.name.name).await {
        Ok(lab) => Some(lab),
        // Reading needs no lab.
        Err(lab::Error::NotUp { .. }) if args.explain => None,
        Err(error) => return Err(error.into()),
    };
    let somebody = !args.yes && std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if !(args.yes || args.explain || somebody) {
        eprintln!("error: this is no terminal, so nobody can press Enter; pass `--yes`, or `--explain` to only read");
        return Ok(Exit::Usage);
    }
    // A transcript has every step, also those of an earlier walk.
    let first = args.transcript.as_ref().and(original.steps.first()).map(|step| step.name.clone());
    let from = args.from.clone().or(first);
    let choice = Choice { from, until: args.until.clone(), explain: args.explain, somebody };
    match lab {
        Some(lab) => walk(&lab, &original, choice, args.transcript.as_deref()).await,
        None => read_without_a_lab(&original, &choice),
    }
}

/// The lab, if it works.
async fn running(name: &str) -> Result<Lab, lab::Error> {
    let lab = Lab::open(name).await?;
    lab.check().await?;
    Ok(lab)
}

async fn walk(lab: &Lab, original: &Story, choice: Choice, file: Option<&Utf8Path>) -> Result<Exit, Box<dyn Error>> {
    if lab.info.kind == LabKind::Existing {
        eprintln!(
            "error: a walkthrough needs a lab of its own, and {} is your cluster; start one with `lab up`",
            lab.info.name
        );
        return Ok(Exit::Usage);
    }
    let (story, changes) = original.adapted(&places(&lab.info), &variables(&lab.info))?;
    let path = folder_of(lab)?.join(&story.name);
    let mut folder = Folder::open(path.clone(), &story)?;
    let progress = Progress::stderr();
    let shell = if choice.explain { workplace::nothing(&path) } else { shell(lab, &path, &progress).await? };
    let explain = choice.explain;
    let mut teller = Teller::new(story.clone(), choice.somebody);
    teller.introduce();
    teller.place(lab, &path, &changes);
    // Commands block, and somebody may think for minutes.
    let (record, teller, story) = tokio::task::spawn_blocking(move || {
        let record = Walk { story: &story, folder: &mut folder, shell: &shell }.go(&choice, &mut teller);
        (record, teller, story)
    })
    .await?;
    let record = match record {
        Ok(record) => record,
        Err(error) => return refused(error),
    };
    if let Some(file) = file.filter(|_| record.is_whole()) {
        let text = transcript(&story, &record, &workplace::described(lab), path.as_str());
        fs::write(file, text).map_err(FileError::of("write", file))?;
    }
    if !explain {
        teller.end(&record, &path);
    }
    Ok(if record.failed.is_some() { Exit::Failed } else { Exit::Passed })
}

/// A step that does not exist is a mistake on the command line.
fn refused(error: ::walkthrough::Error) -> Result<Exit, Box<dyn Error>> {
    match error {
        ::walkthrough::Error::Step { .. } | ::walkthrough::Error::Order { .. } => {
            eprintln!("error: {}", visible(&error.to_string()));
            Ok(Exit::Usage)
        }
        error => Err(error.into()),
    }
}

/// The post's own values, since there is no lab.
fn read_without_a_lab(story: &Story, choice: &Choice) -> Result<Exit, Box<dyn Error>> {
    let held = tempfile::tempdir()?;
    let path = Utf8Path::from_path(held.path()).ok_or("the folder for temporary files is not UTF-8")?.join("walk");
    let mut folder = Folder::open(path.clone(), story)?;
    let mut teller = Teller::new(story.clone(), false);
    teller.introduce();
    let shell = workplace::nothing(&path);
    let record = Walk { story, folder: &mut folder, shell: &shell }.go(choice, &mut teller);
    record.map_or_else(refused, |_| Ok(Exit::Passed))
}

async fn clean(lab: &Lab) -> Result<Exit, Box<dyn Error>> {
    let all = folder_of(lab)?;
    let mut folders: Vec<_> = all.read_dir_utf8()?.collect::<Result<_, _>>()?;
    folders.sort_by_key(|folder| folder.file_name().to_owned());
    let progress = Progress::stderr();
    let mut exit = Exit::Passed;
    for folder in &folders {
        let path = folder.path();
        let (story, _) = Story::load(folder.file_name())?.adapted(&places(&lab.info), &variables(&lab.info))?;
        let shell = shell(lab, path, &progress).await?;
        let left = tokio::task::spawn_blocking(move || workplace::clean(&story, &shell, CLEAN)).await??;
        if left {
            exit = Exit::Cleanup;
        } else {
            host::files::remove_folder(path)?;
        }
    }
    if folders.is_empty() {
        println!("There is nothing to remove: no walkthrough was begun in the lab {}.", lab.info.name);
    }
    Ok(exit)
}
