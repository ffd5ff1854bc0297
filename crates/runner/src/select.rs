//! Selects the scenarios to run, and their order.

use model::suggest;
use scenario::{Broken, Folder};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The selection on the command line.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Parts of names, of which one must match. Empty selects all.
    pub filters: Vec<String>,
    /// Tags, of which the scenario must have one. Empty selects all.
    pub tags: Vec<String>,
    /// Only these names, such as the failures of the last run.
    pub only: Option<Vec<String>>,
    pub shard: Option<Shard>,
}

impl Selection {
    /// Parses a user's words: parts of names, and `tag:WORD`.
    pub fn of(words: &[String]) -> Self {
        let (tags, filters): (Vec<_>, Vec<_>) = words.iter().partition(|word| word.starts_with("tag:"));
        Self {
            filters: filters.into_iter().cloned().collect(),
            tags: tags.into_iter().map(|tag| tag.trim_start_matches("tag:").to_owned()).collect(),
            ..Self::default()
        }
    }

    /// The matching scenarios, sorted by name. A folder that cannot be read is selected by its name and has no tags.
    ///
    /// # Errors
    /// If a filter or a tag matches nothing, because a typing error must not leave a scenario out. An empty shard is
    /// not an error, nor is a last run without failures.
    pub fn choose(&self, loaded: Vec<Result<Folder, Broken>>) -> Result<Chosen, NothingChosen> {
        self.known(&loaded)?;
        let mut chosen = Chosen::default();
        let mut any = false;
        for one in loaded {
            let (name, tags) = described(&one);
            let asked = self.asked_for(name, tags);
            any |= asked;
            let fits = asked
                && self.only.as_ref().is_none_or(|only| only.iter().any(|one| one == name))
                && self.shard.is_none_or(|shard| shard.holds(name));
            match one {
                Ok(folder) if fits => chosen.folders.push(folder),
                Err(broken) if fits => chosen.broken.push(broken),
                Err(broken) => chosen.passed_over.push(broken.name),
                Ok(_) => {}
            }
        }
        chosen.folders.sort_by(|a, b| a.name().cmp(b.name()));
        if any { Ok(chosen) } else { Err(NothingChosen::Together) }
    }

    fn asked_for(&self, name: &str, tags: &[String]) -> bool {
        let filtered = self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter.as_str()));
        filtered && (self.tags.is_empty() || self.tags.iter().any(|tag| tags.contains(tag)))
    }

    /// Checks that each filter and each tag matches something.
    fn known(&self, loaded: &[Result<Folder, Broken>]) -> Result<(), NothingChosen> {
        let mut names: Vec<&str> = loaded.iter().map(|one| described(one).0).collect();
        names.sort_unstable();
        let unknown = self.filters.iter().find(|filter| !names.iter().any(|name| name.contains(filter.as_str())));
        if let Some(filter) = unknown {
            let advice = match suggest::nearest_part(filter, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "run `cargo xtask scenario list` to see all".to_owned(),
            };
            return Err(NothingChosen::Filter { filter: filter.clone(), advice });
        }
        let tags: BTreeSet<&str> = loaded.iter().flat_map(|one| described(one).1).map(String::as_str).collect();
        if let Some(tag) = self.tags.iter().find(|tag| !tags.contains(tag.as_str())) {
            let all = format!("the tags are {}", suggest::all_of(tags.iter().copied()));
            let advice = match suggest::nearest(tag, tags.iter().copied()) {
                Some(near) => format!("did you mean `tag:{near}`? ({all})"),
                None => all,
            };
            return Err(NothingChosen::Tag { tag: tag.clone(), advice });
        }
        Ok(())
    }
}

fn described(one: &Result<Folder, Broken>) -> (&str, &[String]) {
    match one {
        Ok(folder) => (folder.name(), &folder.scenario.tags),
        Err(broken) => (&broken.name, &[]),
    }
}

/// The scenarios that a selection matches.
#[derive(Debug, Default)]
pub struct Chosen {
    pub folders: Vec<Folder>,
    /// Selected folders that cannot be read.
    pub broken: Vec<Broken>,
    /// The names of folders that cannot be read and are not selected.
    pub passed_over: Vec<String>,
}

/// A selection that matches no scenario.
#[derive(Debug, thiserror::Error)]
pub enum NothingChosen {
    #[error("no scenario has `{filter}` in its name; {advice}")]
    Filter { filter: String, advice: String },
    #[error("no scenario has the tag `{tag}`; {advice}")]
    Tag { tag: String, advice: String },
    #[error("no scenario matches both the names and the tags; run `cargo xtask scenario list` to see all")]
    Together,
}

/// One of several parts of the scenarios, such as `2/3` for the second of three. The part of a scenario depends only on
/// its name, so that a new scenario does not move others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shard {
    part: u32,
    parts: u32,
}

impl Shard {
    pub fn holds(self, name: &str) -> bool {
        // FNV-1a is stable across versions, which std's hasher does not guarantee.
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        // The low bits of short names are similar, so the high bits are mixed in.
        (hash ^ (hash >> 32)) % u64::from(self.parts) == u64::from(self.part - 1)
    }
}

/// A text that is not a shard.
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

/// Shuffles `items`. The same seed gives the same order.
pub fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for end in (1..items.len()).rev() {
        let bound = end as u64 + 1;
        // The bias of the remainder is negligible for a few hundred scenarios.
        let chosen = usize::try_from(splitmix(&mut state) % bound).unwrap_or(end);
        items.swap(end, chosen);
    }
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
    use scenario::parse;
    use std::collections::BTreeMap;

    fn folder(name: &str, tags: &str) -> Result<Folder, Broken> {
        let text = format!(
            "name: {name}\ntitle: t\nwhy: w\ntags: [{tags}]\nkafka: {{cluster: shared}}\nsteps: []\nsabotage: []\n"
        );
        parse(format!("scenarios/{name}").as_str().into(), &text, BTreeMap::new())
    }

    fn loaded() -> Vec<Result<Folder, Broken>> {
        ["unknown-sni", "mutual-tls", "native-tlsroute", "manual-tlsroute"]
            .into_iter()
            .map(|name| folder(name, &name[..3]))
            .collect()
    }

    fn half_written() -> Result<Folder, Broken> {
        parse("scenarios/half-written".into(), "nam: half-written\n", BTreeMap::new())
    }

    fn chosen(selection: &Selection) -> Vec<String> {
        let chosen = selection.choose(loaded()).expect("some fit");
        chosen.folders.iter().map(|folder| folder.name().to_owned()).collect()
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
    fn a_filter_or_tag_without_a_match_is_an_error_with_a_suggestion() {
        let message = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            Selection::of(&words).choose(loaded()).expect_err("nothing matches").to_string()
        };
        assert_eq!(message(&["nativ-tls"]), "no scenario has `nativ-tls` in its name; did you mean `native-tlsroute`?");
        let one_of_two = message(&["native", "mutal"]);
        assert!(one_of_two.contains("`mutal`") && one_of_two.contains("did you mean `mutual-tls`"), "{one_of_two}");
        assert!(message(&["frobnicate"]).ends_with("run `cargo xtask scenario list` to see all"));
        let tag = message(&["tag:nope"]);
        assert_eq!(tag, "no scenario has the tag `nope`; the tags are `man`, `mut`, `nat` and `unk`");
        assert!(message(&["tag:natt"]).contains("did you mean `tag:nat`?"));
        assert!(message(&["mutual", "tag:nat"]).contains("both the names and the tags"));
    }

    #[test]
    fn an_unreadable_folder_only_matters_if_it_is_selected() {
        let with_broken = || loaded().into_iter().chain([half_written()]).collect();
        let all = Selection::default().choose(with_broken()).expect("all fit");
        assert_eq!((all.folders.len(), all.broken.len(), all.passed_over.len()), (4, 1, 0));
        for words in [["native"], ["tag:nat"]] {
            let some = Selection::of(&words.map(String::from)).choose(with_broken()).expect("one fits");
            assert_eq!((some.folders.len(), some.broken.len()), (1, 0), "{words:?}");
            assert_eq!(some.passed_over, ["half-written"]);
        }
        let named = Selection::of(&["half".to_owned()]).choose(with_broken()).expect("one fits");
        assert_eq!((named.folders.len(), named.broken.len()), (0, 1));
    }

    #[test]
    fn each_scenario_is_in_exactly_one_shard() {
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
    fn a_seed_determines_the_order() {
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
