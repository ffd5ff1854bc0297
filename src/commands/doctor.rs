//! `lab doctor`

use artifacts::{Clients, Parts};
use cli::DoctorArgs;
use host::Progress;
use lab::doctor::Verdict;
use lab::{Error, doctor};

/// Prints which labs can run on this machine, what prevents the others, and the place or source of each part. With
/// `--updates`, prints which pins are behind instead.
///
/// # Errors
/// If the list of parts is invalid.
pub async fn doctor(args: &DoctorArgs) -> Result<(), Error> {
    let parts = Parts::load()?;
    if args.updates {
        let updates =
            tokio::task::spawn_blocking(move || parts.updates(&Clients::default(), &Progress::stderr())).await?;
        updates.iter().for_each(|update| println!("{update}"));
        return Ok(());
    }
    let findings = doctor::check(&parts).await;
    for Verdict { lab, says, .. } in &findings.verdicts {
        println!("{lab:<9} {says}");
    }
    if !findings.warnings.is_empty() {
        println!();
        findings.warnings.iter().for_each(|warning| println!("warning: {warning}"));
    }
    println!();
    for part in findings.parts {
        println!("{} {}: {}", part.name, part.version, part.purpose);
        match (part.found, part.cached) {
            (Some(found), _) => println!("  on this machine: {} {} ({})", found.path, found.version, found.origin),
            (None, Some(cached)) => println!("  in the cache: {} {} ({})", cached.path, cached.version, cached.origin),
            (None, None) => println!("  not in the cache yet"),
        }
        if part.versions.len() > 1 {
            println!("  for `lab up --version {}=VERSION`: {}", part.name, part.versions.join(", "));
        }
        println!("  set {} to use your own copy", part.override_variable);
        for source in part.sources {
            println!("  else: {source}");
        }
    }
    Ok(())
}
