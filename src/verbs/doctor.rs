//! `lab doctor`

use crate::parts::{Error, Parts};

/// Prints where each part of a lab is, or would come from.
///
/// # Errors
/// When the list of parts is broken.
pub fn doctor() -> Result<(), Error> {
    for part in Parts::load()?.list() {
        println!("{} {}: {}", part.name, part.version, part.purpose);
        match part.cached {
            Some(cached) => println!("  in the cache: {} ({})", cached.path, cached.origin),
            None => println!("  not in the cache yet"),
        }
        println!("  set {} to use your own", part.override_variable);
        for source in part.sources {
            println!("  else: {source}");
        }
    }
    Ok(())
}
