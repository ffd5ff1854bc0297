//! The lab's background process: the loops that a cluster's controllers and kubelets would run.

use super::process::Spec;
use super::{Error, NodeConfig, control_plane, foreign, namespaces, node, process, services};
use camino::Utf8Path;
use host::with_causes;
use kubeapi::Catalog;
use model::LabDir;
use std::fs;
use std::future::Future;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep};
use tracing::{error, info, warn};

/// The agent's component.
pub const COMPONENT: &str = "agent";

/// The delay before a failed loop is restarted. It doubles up to the last value, and starts over after a good run.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(10);
const GOOD_RUN: Duration = Duration::from_secs(60);

/// Starts `program args...` as the agent, unless it runs. An agent with other arguments, for another API `server`, or
/// of an older build is replaced. The new agent takes over the brokers.
///
/// # Errors
/// If it cannot be started, or ends at once.
pub async fn start(
    dir: &LabDir,
    server: String,
    program: &Utf8Path,
    args: Vec<String>,
    env: Vec<(String, String)>,
) -> Result<(), Error> {
    let spec = Spec {
        component: COMPONENT.to_owned(),
        // An agent that knows another address of the API server is useless.
        instance: server,
        program: program.to_owned(),
        args,
        env,
        dir: dir.path().to_owned(),
    };
    let running = process::running(dir)?.into_iter().filter(|process| process.component == COMPONENT);
    let (mut current, mut other): (Vec<_>, Vec<_>) =
        running.partition(|p| p.runs(&spec) && p.instance == spec.instance && !is_outdated(p.pid) && !p.is_stopped());
    other.extend(current.drain(1.min(current.len())..));
    process::stop(&other, Duration::from_secs(2)).await?;
    if current.is_empty() {
        process::spawn_and_watch(dir, &spec, Duration::from_millis(150)).await?;
    }
    Ok(())
}

/// Runs the loops of a local lab until SIGTERM. The brokers' processes continue without it.
///
/// `standin` returns the controller of the Kafka resources, which is restarted when it ends.
///
/// # Errors
/// If there is no usable kubeconfig.
pub async fn run<F, E>(dir: LabDir, config: NodeConfig, standin: impl Fn(Catalog) -> F) -> Result<(), Error>
where
    F: Future<Output = Result<(), E>>,
    E: std::error::Error,
{
    let unsupported = |error: std::io::Error| Error::Unsupported { lacks: format!("signals: {error}") };
    let mut terminate = signal(SignalKind::terminate()).map_err(unsupported)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(unsupported)?;
    let catalog = Catalog::new(control_plane::client(&dir).await?);
    info!(target: COMPONENT, "started");
    tokio::select! {
        () = forever("node", || node::run(catalog.clone(), dir.clone(), config.clone())) => {}
        () = forever("services", || services::run(catalog.clone(), config.net)) => {}
        () = forever("namespaces", || namespaces::run(catalog.clone())) => {}
        () = forever("foreign Pods", || foreign::run(catalog.clone())) => {}
        () = forever("stand-in", || standin(catalog.clone())) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    info!(target: COMPONENT, "stopped");
    Ok(())
}

/// Runs what a cluster with its own controllers and kubelets lacks until SIGTERM: the stand-in, and addresses for Services.
///
/// # Errors
/// If signals cannot be received.
pub async fn run_beside<F, E, G, D>(
    catalog: Catalog,
    standin: Option<impl Fn(Catalog) -> F>,
    addresses: Option<impl Fn(Catalog) -> G>,
) -> Result<(), Error>
where
    F: Future<Output = Result<(), E>>,
    E: std::error::Error,
    G: Future<Output = Result<(), D>>,
    D: std::error::Error,
{
    let unsupported = |error: std::io::Error| Error::Unsupported { lacks: format!("signals: {error}") };
    let mut terminate = signal(SignalKind::terminate()).map_err(unsupported)?;
    info!(target: COMPONENT, "started");
    tokio::select! {
        () = if_any("stand-in", standin, &catalog) => {}
        () = if_any("addresses", addresses, &catalog) => {}
        _ = terminate.recv() => {}
    }
    info!(target: COMPONENT, "stopped");
    Ok(())
}

async fn if_any<F, E>(name: &str, start: Option<impl Fn(Catalog) -> F>, catalog: &Catalog)
where
    F: Future<Output = Result<(), E>>,
    E: std::error::Error,
{
    match start {
        Some(start) => forever(name, || start(catalog.clone())).await,
        None => std::future::pending().await,
    }
}

/// Restarts a loop whenever it ends. Never returns.
async fn forever<F, E>(name: &str, start: impl Fn() -> F)
where
    F: Future<Output = Result<(), E>>,
    E: std::error::Error,
{
    let mut pause = FIRST_PAUSE;
    loop {
        let started = Instant::now();
        match start().await {
            Ok(()) => warn!(target: COMPONENT, "{name} ended"),
            Err(error) => error!(target: COMPONENT, "{name}: {}", with_causes(&error)),
        }
        if started.elapsed() > GOOD_RUN {
            pause = FIRST_PAUSE;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

/// Whether a process runs a program that is no longer on disk, as after a build.
fn is_outdated(pid: u32) -> bool {
    let program = fs::read_link(format!("/proc/{pid}/exe"));
    program.is_ok_and(|path| path.to_string_lossy().ends_with(" (deleted)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_fails_is_started_again_with_growing_pauses() {
        let begun = Instant::now();
        let starts = Mutex::new(Vec::new());
        let run = forever("test", || async {
            starts.lock().expect("not poisoned").push(begun.elapsed().as_millis());
            Err::<(), _>(std::io::Error::other("it broke"))
        });
        let _ = tokio::time::timeout(Duration::from_secs(40), run).await;
        let starts = starts.into_inner().expect("not poisoned");
        let pauses: Vec<u128> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(pauses[..7], [200, 400, 800, 1600, 3200, 6400, 10_000], "then ten seconds each");
        assert!(pauses[7..].iter().all(|pause| *pause == 10_000), "{pauses:?}");
    }
}
