//! Shortens a client's log: drops repetitions and misleading guesses.

/// The number of log lines to show.
const LINES: usize = 4;

/// librdkafka's guess when a TLS handshake ends early. A gateway that does not serve a name closes the connection in
/// the same way.
pub const GUESS: &str = ": connecting to a PLAINTEXT broker listener?";

/// The last lines of a client's log, each once, with the number of occurrences. `plain` says that the peer does not
/// speak TLS. Only then librdkafka's guess is kept.
pub fn collapsed(log: &[String], plain: bool) -> Vec<String> {
    let mut lines: Vec<(String, String, usize)> = Vec::new();
    for line in log {
        let line = if plain { line.clone() } else { line.replace(GUESS, "") };
        let key = key(&line);
        match lines.iter().position(|(known, ..)| *known == key) {
            Some(at) => {
                // The last occurrence is kept, with its time and its place.
                let (_, _, count) = lines.remove(at);
                lines.push((key, line, count + 1));
            }
            None => lines.push((key, line, 1)),
        }
    }
    let first = lines.len().saturating_sub(LINES);
    lines[first..]
        .iter()
        .map(|(_, line, count)| match count {
            1 => format!("client log: {line}"),
            count => format!("client log ({count} times): {line}"),
        })
        .collect()
}

/// The text of a line without the parts that differ each time: facility, thread and duration.
fn key(line: &str) -> String {
    let text = line.split_once(": ").map_or(line, |(_, text)| text);
    let text = text.strip_prefix("[thrd:").and_then(|rest| rest.split_once("]: ")).map_or(text, |(_, rest)| rest);
    // `(after 3ms in state SSL_HANDSHAKE, 1 identical error(s) suppressed)`
    let text = text.split_once(" (after ").map_or(text, |(text, _)| text);
    // librdkafka reports a failed handshake with and without this prefix.
    text.replace(": SSL handshake failed: ", ": ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    /// The log of librdkafka for a name that the gateway closes. Each attempt occurs twice: as a log line and as an
    /// error.
    const CLOSED: [&str; 6] = [
        "FAIL: [thrd:ssl://b11.x:9092/11]: ssl://b11.x:9092/11: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener? (after 3ms in state SSL_HANDSHAKE)",
        "SSL: ssl://b11.x:9092/11: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener? (after 3ms in state SSL_HANDSHAKE)",
        "FAIL: [thrd:ssl://b11.x:9092/11]: ssl://b11.x:9092/11: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener? (after 5ms in state SSL_HANDSHAKE, 1 identical error(s) suppressed)",
        "SSL: ssl://b11.x:9092/11: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener? (after 5ms in state SSL_HANDSHAKE, 1 identical error(s) suppressed)",
        "FAIL: [thrd:ssl://b12.x:9092/12]: ssl://b12.x:9092/12: Connection refused (after 0ms in state CONNECT)",
        "SSL: ssl://b11.x:9092/11: Disconnected: connecting to a PLAINTEXT broker listener? (after 9ms in state SSL_HANDSHAKE)",
    ];

    #[test]
    fn repeated_lines_are_shown_once() {
        let lines = collapsed(&log(&CLOSED), false);
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert!(lines[0].starts_with("client log: FAIL: [thrd:ssl://b12.x:9092/12]"), "{lines:#?}");
        assert!(lines[1].starts_with("client log (5 times): SSL: ssl://b11.x:9092/11: Disconnected"));
        assert!(lines[1].contains("after 9ms"), "the time of the last occurrence: {}", lines[1]);
    }

    #[test]
    fn the_plaintext_guess_is_shown_only_for_plaintext_peers() {
        assert!(!collapsed(&log(&CLOSED), false).iter().any(|line| line.contains("PLAINTEXT")));
        assert!(collapsed(&log(&CLOSED), true).iter().any(|line| line.contains("PLAINTEXT")));
    }

    #[test]
    fn only_the_last_lines_of_a_long_log_are_shown() {
        let lines = collapsed(&log(&["FAIL: a", "FAIL: b", "FAIL: c", "FAIL: d", "FAIL: e"]), false);
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines.last().map(String::as_str), Some("client log: FAIL: e"));
    }
}
