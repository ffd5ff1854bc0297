//! Finds the line of a log that says why its program ended.

use camino::Utf8Path;
use host::files;

/// Signs of the true reason, the most telling first. Whatever follows such a line in a log is mostly a consequence.
const SIGNS: [&[&str]; 5] = [
    &["no space left on device", "disk quota exceeded"],
    &["address already in use", "bindexception"],
    &["outofmemoryerror", "unable to create native thread", "cannot allocate memory", "too many open files"],
    &["caused by:", "panic:", "\"level\":\"fatal\""],
    &["exception", "fatal", "error"],
];

/// The line in a log before the output of a new process of the component.
pub const STARTED: &str = "---- started ----";

/// The longest text that fits a line of a terminal.
const AT_MOST: usize = 200;

/// How much of the end of a log is searched. A stack trace of Go or Java takes some kilobytes.
const BYTES: u64 = 64 * 1024;

/// The line that says most about why its program ended. `None` for a log without a line.
pub fn last_words(log: &str) -> Option<String> {
    // The output of an earlier process in the same log is not the reason why this one ended.
    let log = log.rsplit_once(STARTED).map_or(log, |(_, since)| since);
    let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty() && !is_frame(line)).collect();
    let with = |signs: &[&str]| {
        lines.iter().rev().find(|line| {
            let line = line.to_ascii_lowercase();
            signs.iter().any(|sign| line.contains(sign))
        })
    };
    let found = SIGNS.iter().find_map(|signs| with(signs)).or(lines.last())?;
    Some(around_its_sign(found))
}

/// A long line, cut so that it contains its most telling words. In a line of JSON these are near the end.
fn around_its_sign(line: &str) -> String {
    let characters: Vec<char> = line.chars().collect();
    if characters.len() <= AT_MOST {
        return line.to_owned();
    }
    let lower = line.to_ascii_lowercase();
    let sign = SIGNS.iter().find_map(|signs| signs.iter().find_map(|sign| Some((lower.find(sign)?, sign.len()))));
    let end = sign.map_or(0, |(at, length)| lower[..at + length].chars().count());
    let from = end.saturating_sub(AT_MOST);
    let until = (from + AT_MOST).min(characters.len());
    let cut: String = characters[from..until].iter().collect();
    let dots = |hidden: bool| if hidden { "..." } else { "" };
    format!("{}{cut}{}", dots(from > 0), dots(until < characters.len()))
}

/// The same for a component's log file. `None` also if the file cannot be read.
pub fn of_file(log: &Utf8Path) -> Option<String> {
    last_words(&files::end(log, BYTES).ok()?)
}

/// A line of a stack trace.
fn is_frame(line: &str) -> bool {
    line.starts_with("at ")
        || line.starts_with("goroutine ")
        || line.starts_with("... ")
        || (line.contains(".go:") && line.contains(" +0x"))
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
        let etcd = "{\"level\":\"warn\",\"caller\":\"wal/wal.go:805\",\"msg\":\"failed to write: no space left on device\"}\n\
            panic: failed to save\ngoroutine 1 [running]:\n\
            go.uber.org/zap/zapcore.(*CheckedEntry).Write(0xc0, {0x0, 0x0})\n\t/go/src/zapcore/entry.go:234 +0x4\n";
        assert_eq!(
            last_words(etcd).as_deref(),
            Some(
                "{\"level\":\"warn\",\"caller\":\"wal/wal.go:805\",\"msg\":\"failed to write: no space left on device\"}"
            )
        );
        let klog = "I1124 18:20:01.1 1 serving.go:386] Generated self-signed cert\n\
            E1124 18:20:02.2 1 run.go:72] \"command failed\" err=\"failed to create listener: listen tcp 127.0.0.1:6443: bind: address already in use\"\n";
        assert!(last_words(klog).is_some_and(|words| words.ends_with("bind: address already in use\"")), "{klog}");
    }

    #[test]
    fn what_an_earlier_process_said_is_not_the_reason() {
        let log = format!("panic: no space left on device\n{STARTED}\nserving\n");
        assert_eq!(last_words(&log).as_deref(), Some("serving"));
        assert_eq!(last_words(&format!("panic: bad\n{STARTED}\n")), None);
    }

    #[test]
    fn a_long_line_keeps_its_telling_end() {
        let line =
            format!("{{\"level\":\"fatal\",\"pad\":\"{}\",\"error\":\"no space left on device\"}}", "x".repeat(400));
        let words = last_words(&line).expect("a line");
        assert!(words.starts_with("...") && words.contains("no space left on device"), "{words}");
        assert!(words.chars().count() <= AT_MOST + 6, "{words}");
    }

    #[test]
    fn without_a_sign_it_is_the_last_line_that_is_no_stack_frame() {
        assert_eq!(last_words("one\ntwo\n\tat x.y.Z(Z.java:1)\n\n").as_deref(), Some("two"));
        assert_eq!(last_words(" \n\n"), None);
        let long = last_words(&"x".repeat(5000)).expect("a line");
        assert_eq!(long.chars().count(), AT_MOST + 3);
    }
}
