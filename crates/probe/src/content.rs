//! Message content that can be verified: its run, its sequence number and its integrity.

use super::certificate::hex;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

const MARK: &str = "kafka-gateway-lab";

/// The meaning of a payload.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Content {
    /// A message of this run.
    Ours(u64),
    /// A message of the harness whose bytes changed on the way.
    Corrupted,
    /// A message of another run or of another program.
    Foreign,
}

/// A run id that is unique on this machine. It distinguishes one run's messages from another's on the same topic.
pub fn new_run() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_micros());
    format!("{now:x}-{:x}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The payload of message `sequence` of `run`: a line with mark, run, sequence and checksum, padded to `bytes`.
pub(crate) fn encode(run: &str, sequence: u64, bytes: usize) -> Vec<u8> {
    let head = format!("{MARK} {} {sequence} ", token(run));
    // The padding differs between messages, so that a swapped body is detected.
    let seed = Sha256::digest(head.as_bytes());
    let body: Vec<u8> = seed.iter().copied().cycle().take(bytes.saturating_sub(head.len() + 65)).collect();
    let mut payload = head.clone().into_bytes();
    payload.extend_from_slice(checksum(&head, &body).as_bytes());
    payload.push(b'\n');
    payload.extend_from_slice(&body);
    payload
}

pub(crate) fn decode(run: &str, payload: &[u8]) -> Content {
    let Some(end) = payload.iter().position(|byte| *byte == b'\n') else {
        return if payload.starts_with(MARK.as_bytes()) { Content::Corrupted } else { Content::Foreign };
    };
    let (line, body) = (&payload[..end], &payload[end + 1..]);
    let fields: Vec<_> = std::str::from_utf8(line).unwrap_or_default().split(' ').collect();
    match fields[..] {
        [MARK, of, sequence, sum] => {
            if checksum(&format!("{MARK} {of} {sequence} "), body) != sum {
                return Content::Corrupted;
            }
            match sequence.parse() {
                Ok(sequence) if of == token(run) => Content::Ours(sequence),
                _ => Content::Foreign,
            }
        }
        _ if payload.starts_with(MARK.as_bytes()) => Content::Corrupted,
        _ => Content::Foreign,
    }
}

/// A run's name as one field of the head.
fn token(run: &str) -> String {
    run.replace(char::is_whitespace, "-")
}

fn checksum(head: &str, body: &[u8]) -> String {
    hex(&Sha256::new().chain_update(head.as_bytes()).chain_update(body).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_has_the_size_asked_for_and_comes_back() {
        let payload = encode("run", 7, 512);
        assert_eq!(payload.len(), 512);
        assert_eq!(decode("run", &payload), Content::Ours(7));
        assert_eq!(decode("other", &payload), Content::Foreign);
        assert_eq!(decode("run", &encode("run", 7, 0)), Content::Ours(7));
        assert_eq!(decode("a run", &encode("a run", 7, 0)), Content::Ours(7));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let payload = encode("run", 7, 160);
        for index in 0..payload.len() {
            let mut changed = payload.clone();
            changed[index] ^= 1;
            assert!(!matches!(decode("run", &changed), Content::Ours(_)), "byte {index}");
        }
        assert_eq!(decode("run", &payload[..100]), Content::Corrupted);
    }

    #[test]
    fn other_peoples_messages_are_foreign() {
        assert_eq!(decode("run", b""), Content::Foreign);
        assert_eq!(decode("run", b"hello\nworld"), Content::Foreign);
    }

    #[test]
    fn runs_differ() {
        assert_ne!(new_run(), new_run());
    }
}
