//! Which scenarios run, and in which order.

use super::{Error, Job};
use std::fmt;
use std::str::FromStr;

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Parts of names; one has to fit. Empty: all.
    pub filters: Vec<String>,
    /// Tags; one has to be there. Empty: all.
    pub tags: Vec<String>,
    /// Only these names, as the last run's failures are.
    pub only: Option<Vec<String>>,
    pub shard: Option<Shard>,
}

impl Selection {
    /// From words as a user writes them: parts of names, and `tag:WORD`.
    pub fn of(words: &[String]) -> Self {
        let (tags, filters): (Vec<_>, Vec<_>) = words.iter().partition(|word| word.starts_with("tag:"));
        Self {
            filters: filters.into_iter().cloned().collect(),
            tags: tags.into_iter().map(|tag| tag.trim_start_matches("tag:").to_owned()).collect(),
            ..Self::default()
        }
    }

    /// The jobs that fit, by name.
    ///
    /// # Errors
    /// When none fits a filter or a tag. An empty shard, or no failure to run again, is fine.
    pub fn choose(&self, mut jobs: Vec<Job>) -> Result<Vec<Job>, Error> {
        jobs.sort_by(|a, b| a.name().cmp(b.name()));
        let names: Vec<_> = jobs.iter().map(|job| job.name().to_owned()).collect();
        jobs.retain(|job| self.filters.is_empty() || self.filters.iter().any(|filter| job.name().contains(filter)));
        jobs.retain(|job| self.tags.is_empty() || self.tags.iter().any(|tag| job.scenario.tags.contains(tag)));
        if jobs.is_empty() {
            return Err(Error::NothingChosen {
                asked: self.filters.iter().cloned().chain(self.tags.iter().map(|tag| format!("tag {tag}"))).collect(),
                known: names,
            });
        }
        if let Some(only) = &self.only {
            jobs.retain(|job| only.iter().any(|name| name == job.name()));
        }
        if let Some(shard) = self.shard {
            jobs.retain(|job| shard.holds(job.name()));
        }
        Ok(jobs)
    }
}

/// One of several parts of the scenarios, `2/3` for the second of three. A scenario's part depends on its name alone,
/// so that a new scenario moves no other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shard {
    part: u32,
    parts: u32,
}

impl Shard {
    pub fn holds(self, name: &str) -> bool {
        // FNV-1a: stable from version to version, which std's hasher does not promise.
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        // The low bits of short names are alike; fold the high ones in.
        (hash ^ (hash >> 32)) % u64::from(self.parts) == u64::from(self.part - 1)
    }
}

/// A text that names no shard.
#[derive(Debug, thiserror::Error)]
#[error("found `{0}`, expected I/N with 1 <= I <= N, as in `1/3`")]
pub struct NotAShard(String);

impl FromStr for Shard {
    type Err = NotAShard;

    fn from_str(text: &str) -> Result<Self, NotAShard> {
        let wrong = || NotAShard(text.to_owned());
        let (part, parts) = text.split_once('/').ok_or_else(wrong)?;
        let (part, parts) = (part.parse().map_err(|_| wrong())?, parts.parse().map_err(|_| wrong())?);
        if part >= 1 && part <= parts { Ok(Self { part, parts }) } else { Err(wrong()) }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.parts)
    }
}

/// Puts `items` into the order that `seed` stands for.
pub fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for end in (1..items.len()).rev() {
        let bound = end as u64 + 1;
        // The bias of the remainder is far below anything that a few hundred scenarios could show.
        let chosen = usize::try_from(splitmix(&mut state) % bound).unwrap_or(end);
        items.swap(end, chosen);
    }
}

/// A seed that nobody chose, short enough to be typed.
pub fn any_seed() -> u64 {
    super::ident::random() % 1_000_000
}

fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::run::fake::scenario;

    fn jobs() -> Vec<Job> {
        ["unknown-sni", "mutual-tls", "native-tlsroute", "manual-tlsroute"]
            .into_iter()
            .map(|name| Job::new("/x", scenario(&format!("name: {name}\ntags: [{}]\n", &name[..3]))))
            .collect()
    }

    fn chosen(selection: &Selection) -> Vec<String> {
        let jobs = selection.choose(jobs()).expect("some fit");
        jobs.iter().map(|job| job.name().to_owned()).collect()
    }

    #[test]
    fn filters_tags_and_names_narrow_the_choice() {
        assert_eq!(chosen(&Selection::default()).len(), 4);
        let filters = vec!["tlsroute".to_owned()];
        assert_eq!(chosen(&Selection { filters, ..Default::default() }), ["manual-tlsroute", "native-tlsroute"]);
        assert_eq!(chosen(&Selection::of(&["tlsroute".into(), "tag:nat".into()])), ["native-tlsroute"]);
        let only = Some(vec!["unknown-sni".to_owned(), "gone-meanwhile".to_owned()]);
        assert_eq!(chosen(&Selection { only, ..Default::default() }), ["unknown-sni"]);
    }

    #[test]
    fn a_filter_that_fits_nothing_is_an_error_that_lists_what_there_is() {
        let selection = Selection { filters: vec!["nativ-tls".into()], ..Default::default() };
        let error = selection.choose(jobs()).expect_err("nothing fits").to_string();
        assert!(error.contains("nativ-tls") && error.contains("native-tlsroute"), "{error}");
    }

    #[test]
    fn shards_share_all_scenarios_out_once() {
        let shards: Vec<Shard> = ["1/3", "2/3", "3/3"].iter().map(|text| text.parse().expect(text)).collect();
        let mut sizes = [0; 3];
        for n in 0..300 {
            let holders: Vec<_> = (0..3).filter(|i| shards[*i].holds(&format!("scenario-{n}"))).collect();
            assert_eq!(holders.len(), 1, "scenario-{n}");
            sizes[holders[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (60..140).contains(size)), "{sizes:?}");
        for text in ["0/3", "4/3", "1", "1/0", "a/b", "1/2/3", ""] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_seed_stands_for_one_order() {
        let order = |seed| {
            let mut items: Vec<_> = (0..20).collect();
            shuffle(&mut items, seed);
            items
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
        let mut sorted = order(7);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..20).collect::<Vec<_>>());
    }
}
