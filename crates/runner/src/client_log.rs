//! What a client logged, without what says the same again or misleads.

/// How much of a client's log is worth a reader's time; the rest repeats itself.
const LINES: usize = 4;

/// librdkafka's guess when a TLS handshake ends early. Gateways close a connection for a name that they do not serve, which
/// looks the same.
pub const GUESS: &str = ": connecting to a PLAINTEXT broker listener?";

/// The last lines of a client's log, each thing said once, with how often it was said. `plain` is whether what answered
/// does not speak TLS: only then the guess that it is plain text is one.
pub fn collapsed(log: &[String], plain: bool) -> Vec<String> {
    let mut said: Vec<(String, String, usize)> = Vec::new();
    for line in log {
        let line = if plain { line.clone() } else { line.replace(GUESS, "") };
        let key = key(&line);
        match said.iter().position(|(known, ..)| *known == key) {
            Some(at) => {
                // The last one's time tells most, and its place is the last one's.
                let (_, _, count) = said.remove(at);
                said.push((key, line, count + 1));
            }
            None => said.push((key, line, 1)),
        }
    }
    let first = said.len().saturating_sub(LINES);
    said[first..]
        .iter()
        .map(|(_, line, count)| match count {
            1 => format!("client log: {line}"),
            count => format!("client log ({count} times): {line}"),
        })
        .collect()
}

/// What a line says, without what differs each time: the facility, the thread, how long it took.
fn key(line: &str) -> String {
    let text = line.split_once(": ").map_or(line, |(_, text)| text);
    let text = text.strip_prefix("[thrd:").and_then(|rest| rest.split_once("]: ")).map_or(text, |(_, rest)| rest);
    // `(after 3ms in state SSL_HANDSHAKE, 1 identical error(s) suppressed)`
    let text = text.split_once(" (after ").map_or(text, |(said, _)| said);
    // A connection that ends in the handshake is told in both ways.
    text.replace(": SSL handshake failed: ", ": ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    /// As librdkafka logs a name that the gateway closes: each attempt twice, as a line of the log and as an error.
    const CLOSED: [&str; 6] = [
        "FAIL: [thrd:ssl://b11.x:9092/11]: ssl://b11.x:9092/11: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener? (after 3ms in state SSL_HANDSHAKE)",
        "SSL: ssl://b11.x:9092/11: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener? (after 3ms in state SSL_HANDSHAKE)",
        "FAIL: [thrd:ssl://b11.x:9092/11]: ssl://b11.x:9092/11: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener? (after 5ms in state SSL_HANDSHAKE, 1 identical error(s) suppressed)",
        "SSL: ssl://b11.x:9092/11: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener? (after 5ms in state SSL_HANDSHAKE, 1 identical error(s) suppressed)",
        "FAIL: [thrd:ssl://b12.x:9092/12]: ssl://b12.x:9092/12: Connection refused (after 0ms in state CONNECT)",
        "SSL: ssl://b11.x:9092/11: Disconnected: connecting to a PLAINTEXT broker listener? (after 9ms in state SSL_HANDSHAKE)",
    ];

    #[test]
    fn what_is_said_six_times_is_said_once() {
        let lines = collapsed(&log(&CLOSED), false);
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert!(lines[0].starts_with("client log: FAIL: [thrd:ssl://b12.x:9092/12]"), "{lines:#?}");
        assert!(lines[1].starts_with("client log (5 times): SSL: ssl://b11.x:9092/11: Disconnected"));
        assert!(lines[1].contains("after 9ms"), "the last one's time: {}", lines[1]);
    }

    #[test]
    fn the_guess_of_a_plaintext_listener_is_told_only_where_it_is_one() {
        assert!(!collapsed(&log(&CLOSED), false).iter().any(|line| line.contains("PLAINTEXT")));
        assert!(collapsed(&log(&CLOSED), true).iter().any(|line| line.contains("PLAINTEXT")));
    }

    #[test]
    fn of_many_things_the_last_ones_are_told() {
        let lines = collapsed(&log(&["FAIL: a", "FAIL: b", "FAIL: c", "FAIL: d", "FAIL: e"]), false);
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines.last().map(String::as_str), Some("client log: FAIL: e"));
    }
}
