//! The node ids of a pool. A pool keeps its ids. More come from `strimzi.io/next-node-ids`, or else are the lowest free
//! ones. Those listed in `strimzi.io/remove-node-ids`, or else the highest, are removed.

use std::collections::BTreeSet;

/// An annotation that does not list node ids.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is not a list of node ids; expected one such as [0-9], [10,11,12] or [10-12,20]: {problem}")]
pub struct RangeError {
    pub text: String,
    pub problem: String,
}

/// The ids of a list such as `[10-100]` or `[10,11,12]`, in its order. A range may be descending (`[12-10]`).
///
/// # Errors
/// If the text is not such a list.
pub fn parse(text: &str) -> Result<Vec<u32>, RangeError> {
    const MOST: usize = 10_000;
    let broken = |problem: String| RangeError { text: text.to_owned(), problem };
    let inner = text
        .trim()
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .ok_or_else(|| broken("the brackets are missing".to_owned()))?;
    let number = |part: &str| part.trim().parse::<u32>().map_err(|_| broken(format!("`{part}` is not a node id")));
    let mut ids = Vec::new();
    for part in inner.split(',') {
        if let Some((first, last)) = part.split_once('-') {
            let (first, last) = (number(first)?, number(last)?);
            if first.abs_diff(last) as usize >= MOST {
                return Err(broken(format!("`{part}` contains more than {MOST} ids")));
            }
            if first <= last {
                ids.extend(first..=last);
            } else {
                ids.extend((last..=first).rev());
            }
        } else {
            ids.push(number(part)?);
        }
    }
    Ok(ids)
}

/// The pool's node ids, ascending.
///
/// `current` is what the pool's status remembers, and `taken` is what other pools of the cluster use. Listed ids that
/// are taken are skipped. If the lists do not suffice, the lowest free id is added, or the highest one is removed.
pub fn assign(
    replicas: u32,
    current: &BTreeSet<u32>,
    taken: &BTreeSet<u32>,
    next: Option<&[u32]>,
    remove: Option<&[u32]>,
) -> BTreeSet<u32> {
    let wanted = replicas as usize;
    let mut ids: BTreeSet<u32> = current.difference(taken).copied().collect();
    for id in next.unwrap_or_default() {
        if ids.len() >= wanted {
            break;
        }
        if !taken.contains(id) {
            ids.insert(*id);
        }
    }
    let mut lowest = 0;
    while ids.len() < wanted {
        if !taken.contains(&lowest) {
            ids.insert(lowest);
        }
        lowest += 1;
    }
    for id in remove.unwrap_or_default() {
        if ids.len() <= wanted {
            break;
        }
        ids.remove(id);
    }
    while ids.len() > wanted {
        ids.pop_last();
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: &[u32]) -> BTreeSet<u32> {
        ids.iter().copied().collect()
    }

    #[test]
    fn lists_and_ranges_are_read() {
        assert_eq!(parse("[10,11,12]"), Ok(vec![10, 11, 12]));
        assert_eq!(parse("[0-2, 20]"), Ok(vec![0, 1, 2, 20]));
        assert_eq!(parse("[12-10]"), Ok(vec![12, 11, 10]));
        assert_eq!(parse("[10-100]").map(|ids| ids.len()), Ok(91));
        for text in ["10", "[]", "[a]", "[1-]", "[0-4000000000]"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_new_pool_takes_the_next_ids() {
        assert_eq!(assign(3, &set(&[]), &set(&[0]), Some(&[10, 11, 12, 13]), None), set(&[10, 11, 12]));
        assert_eq!(assign(3, &set(&[]), &set(&[0, 2]), None, None), set(&[1, 3, 4]));
    }

    #[test]
    fn a_known_pool_keeps_its_ids() {
        let current = set(&[10, 11, 12]);
        assert_eq!(assign(3, &current, &set(&[]), Some(&[50]), None), current);
        assert_eq!(assign(4, &current, &set(&[]), Some(&[10, 50]), None), set(&[10, 11, 12, 50]));
    }

    #[test]
    fn removal_takes_the_listed_or_the_highest() {
        let current = set(&[10, 11, 12]);
        assert_eq!(assign(2, &current, &set(&[]), None, None), set(&[10, 11]));
        assert_eq!(assign(2, &current, &set(&[]), None, Some(&[11])), set(&[10, 12]));
        assert_eq!(assign(1, &current, &set(&[]), None, Some(&[11])), set(&[10]));
    }
}
