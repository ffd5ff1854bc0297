//! The one line of a log that says why its program ended.

use super::files;
use camino::Utf8Path;

/// Signs of an end's true reason, the most telling first. What follows such a line in a log is mostly its consequence.
const SIGNS: [&[&str]; 5] = [
    &["no space left on device", "disk quota exceeded"],
    &["address already in use", "bindexception"],
    &["outofmemoryerror", "unable to create native thread", "cannot allocate memory", "too many open files"],
    &["caused by:", "panic:", "\"level\":\"fatal\""],
    &["exception", "fatal", "error"],
];

/// As much as a line of a terminal bears.
const AT_MOST: usize = 200;

/// How much of a log's end is looked through: a stack trace of Go or Java is some kilobytes.
const BYTES: u64 = 64 * 1024;

/// The line of a log's end that tells most about why its program ended; `None` for a log without a word.
pub fn last_words(log: &str) -> Option<String> {
    let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty() && !is_frame(line)).collect();
    let with = |signs: &[&str]| {
        lines.iter().rev().find(|line| {
            let line = line.to_ascii_lowercase();
            signs.iter().any(|sign| line.contains(sign))
        })
    };
    let found = SIGNS.iter().find_map(|signs| with(signs)).or(lines.last())?;
    Some(if found.chars().count() > AT_MOST {
        format!("{}...", found.chars().take(AT_MOST).collect::<String>())
    } else {
        (*found).to_owned()
    })
}

/// The same of a component's log file; `None` as well where it cannot be read.
pub fn of_file(log: &Utf8Path) -> Option<String> {
    last_words(&files::end(log, BYTES).ok()?)
}

/// A line of a stack trace.
fn is_frame(line: &str) -> bool {
    line.starts_with("at ") || line.starts_with("goroutine ") || line.starts_with("... ") || line.contains(".go:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_found_above_its_consequences() {
        let java = "[2026-11-23] ERROR Exiting Kafka due to fatal exception\n\
            org.apache.kafka.common.KafkaException: Socket server failed to bind to 127.82.16.1:9092: Address already in use.\n\
            \tat kafka.network.Acceptor.openServerSocket(SocketServer.scala:700)\n\
            Caused by: java.net.BindException: Address already in use\n\
            \tat java.base/sun.nio.ch.Net.bind(Net.java:555)\n\
            [2026-11-23] INFO App info kafka.server for 10 unregistered\n";
        assert_eq!(last_words(java).as_deref(), Some("Caused by: java.net.BindException: Address already in use"));
        let etcd = "{\"level\":\"warn\",\"msg\":\"failed to write: no space left on device\"}\n\
            panic: failed to save\ngoroutine 1 [running]:\n\
            go.uber.org/zap/zapcore.(*CheckedEntry).Write(0xc0, {0x0, 0x0})\n\t/go/src/zapcore/entry.go:234 +0x4\n";
        assert_eq!(
            last_words(etcd).as_deref(),
            Some("{\"level\":\"warn\",\"msg\":\"failed to write: no space left on device\"}")
        );
    }

    #[test]
    fn without_a_sign_it_is_the_last_line_that_is_no_stack_frame() {
        assert_eq!(last_words("one\ntwo\n\tat x.y.Z(Z.java:1)\n\n").as_deref(), Some("two"));
        assert_eq!(last_words(" \n\n"), None);
        let long = last_words(&"x".repeat(5000)).expect("a line");
        assert_eq!(long.chars().count(), AT_MOST + 3);
    }
}
