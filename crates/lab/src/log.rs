//! The agent's log on standard error: the time, a level, the component and the text.

use std::{env, io};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt;

/// The components of the agent. Libraries do not log: they restart broken watches, which is not worth reporting.
const COMPONENTS: [&str; 6] = ["agent", "node", "services", "namespaces", "foreign-pods", "stand-in"];

/// Starts logging in this process. RUST_LOG selects what is logged, as in `services=debug,kube_runtime=warn`.
pub(super) fn begin() {
    let wanted = env::var("RUST_LOG").unwrap_or_default();
    let (filter, problem) = filter(&wanted);
    subscriber(filter, io::stderr).init();
    if let Some(problem) = problem {
        tracing::warn!(target: "agent", "ignoring RUST_LOG, because {wanted:?} cannot be parsed: {problem}");
    }
}

/// What is logged, and why RUST_LOG was ignored, if it was.
fn filter(wanted: &str) -> (Targets, Option<String>) {
    let default = Targets::new().with_targets(COMPONENTS.map(|component| (component, LevelFilter::INFO)));
    if wanted.is_empty() {
        return (default, None);
    }
    match wanted.parse() {
        Ok(filter) => (filter, None),
        Err(error) => (default, Some(error.to_string())),
    }
}

fn subscriber<W>(filter: Targets, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    registry().with(filter).with(fmt::layer().with_ansi(false).with_writer(writer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The log of three events with this RUST_LOG.
    fn log(wanted: &str) -> String {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        tracing::subscriber::with_default(subscriber(filter(wanted).0, move || writer.clone()), || {
            tracing::info!(target: "services", "listens");
            tracing::debug!(target: "services", "passes on");
            tracing::warn!(target: "kube_runtime::watcher", "a watch broke");
        });
        let bytes = buffer.0.lock().expect("not poisoned").clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn a_line_has_the_time_the_level_and_the_component() {
        let log = log("");
        let (time, rest) = log.trim_end().split_once(' ').expect("a time");
        assert_eq!(rest.trim_start(), "INFO services: listens", "and nothing of the libraries");
        assert!(time.starts_with("20") && time.contains('T') && time.ends_with('Z'), "{time}");
    }

    #[test]
    fn rust_log_turns_components_up_and_libraries_on() {
        let log = log("services=debug,kube_runtime=warn");
        assert!(log.contains("DEBUG services: passes on") && log.contains("WARN kube_runtime::watcher:"), "{log}");
    }

    #[test]
    fn a_rust_log_that_cannot_be_read_is_said_and_the_default_used() {
        let (filter, problem) = filter("services=shout");
        assert!(problem.is_some());
        assert!(filter.would_enable("services", &tracing::Level::INFO));
    }
}
