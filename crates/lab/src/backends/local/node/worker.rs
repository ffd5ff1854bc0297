//! The life of one Pod: its files, its process, its readiness, its restarts and its end.

use super::status::{LastExit, Report, Reporter, State, now};
use super::volumes::{MISSING, Trouble, materialise};
use super::{NodeConfig, Sources, container};
use crate::backends::local::process::Running;
use crate::backends::local::{Error, last_words_of, process};
use camino::{Utf8Path, Utf8PathBuf};
use host::{files, with_causes};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::api::{Api, DeleteParams, Preconditions};
use model::LabDir;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::warn;

/// The delay before the first restart. It doubles up to the last value, and starts over after a run of a minute.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LAST_PAUSE: Duration = Duration::from_secs(10);
const LONG_RUN: Duration = Duration::from_secs(60);

/// How often to retry files that cannot be written. Every change of their sources is another attempt.
const RETRY: Duration = Duration::from_secs(1);

pub struct Worker {
    pub client: kube::Client,
    pub dir: LabDir,
    pub config: Arc<NodeConfig>,
    pub sources: Sources,
    pub address: Ipv4Addr,
    pub folder: Utf8PathBuf,
    pub hosts: Utf8PathBuf,
    pub updates: watch::Receiver<Option<Arc<Pod>>>,
}

/// The container's process, across its restarts.
struct Life {
    process: Option<Running>,
    /// The earliest time to start the process.
    start: Instant,
    started: Instant,
    pause: Duration,
    failures: u32,
    report: Report,
}

impl Worker {
    /// Manages the Pod until its end. Every problem is reported in the Pod's status and retried.
    pub async fn run(mut self, pod: Arc<Pod>, adopted: Option<Running>) {
        let namespace = pod.metadata.namespace.clone().unwrap_or_default();
        let name = pod.metadata.name.clone().unwrap_or_default();
        let mut reporter = Reporter::new(Api::namespaced(self.client.clone(), &namespace), name);
        let mut life = self.begin(&pod, adopted);
        let mut pod = pod;
        loop {
            match self.updates.borrow_and_update().clone() {
                Some(now) => pod = now,
                None => break,
            }
            if pod.metadata.deletion_timestamp.is_some() {
                break;
            }
            if life.process.is_none() && Instant::now() >= life.start {
                self.start(&pod, &mut life);
            }
            if let Err(error) = reporter.send(&pod, &life.report).await {
                self.note(&pod, with_causes(&error));
            }
            let unsent = !reporter.is_sent(&life.report);
            tokio::select! {
                ended = exit(life.process.as_ref()) => life.ended(ended, last_lines(&self.log(&pod))),
                ready = probe(&pod, self.address, life.report.ready), if life.process.is_some() => life.probed(ready, threshold(&pod)),
                _ = self.updates.changed() => {}
                () = self.sources.changed() => match life.process {
                    Some(_) => {
                        // A missing source may only not be listed yet, so its files stay unchanged.
                        let refreshed = materialise(&pod, &self.folder, &self.sources);
                        if let Some(trouble) = refreshed.err().filter(|trouble| trouble.reason != MISSING) {
                            self.note(&pod, format!("could not refresh its files: {}", trouble.message));
                        }
                    }
                    // The missing source may exist now.
                    None if life.waits_for_files() => life.start = Instant::now(),
                    None => {}
                },
                () = sleep_until(life.start), if life.process.is_none() => {}
                () = sleep(RETRY), if unsent => {}
            }
        }
        self.end(&pod, &mut life, &reporter).await;
    }

    fn begin(&self, pod: &Pod, adopted: Option<Running>) -> Life {
        let status = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref()?.first());
        let since = status.and_then(|status| status.state.as_ref()?.running.as_ref()?.started_at.clone());
        let state = match &adopted {
            Some(_) => State::Running { since: since.map_or_else(now, |time| time.0.to_string()) },
            None => State::Waiting { reason: MISSING.to_owned(), message: String::new() },
        };
        let restarts = status.map(|status| status.restart_count).unwrap_or_default();
        Life {
            report: Report {
                address: self.address,
                state,
                // What an earlier agent knew may be outdated: a broker that is shutting down still runs, but accepts no
                // clients. The probe finds out within a moment.
                ready: false,
                restarts: if adopted.is_none() && status.is_some_and(|s| s.started == Some(true)) {
                    restarts + 1
                } else {
                    restarts
                },
                last: None,
            },
            process: adopted,
            start: Instant::now(),
            started: Instant::now(),
            pause: FIRST_PAUSE,
            failures: 0,
        }
    }

    fn start(&self, pod: &Pod, life: &mut Life) {
        match self.try_start(pod) {
            Ok(process) => {
                life.process = Some(process);
                life.started = Instant::now();
                life.report.state = State::Running { since: now() };
            }
            Err(trouble) => {
                life.start = Instant::now() + RETRY;
                life.report.state = State::Waiting { reason: trouble.reason.to_owned(), message: trouble.message };
            }
        }
    }

    fn try_start(&self, pod: &Pod) -> Result<Running, Trouble> {
        materialise(pod, &self.folder, &self.sources)?;
        container::format_storage(&self.folder)?;
        let spec = container::spec(&self.config, pod, self.address, &self.folder, &self.hosts)?;
        let pid = process::spawn(&self.dir, &spec)
            .map_err(|error| Trouble { reason: "RunContainerError", message: with_causes(&error) })?;
        Ok(process::identify(&spec, pid))
    }

    /// Stops the process, removes the folder, and releases the Pod.
    async fn end(&self, pod: &Pod, life: &mut Life, reporter: &Reporter) {
        let deleted = pod.metadata.deletion_timestamp.is_some();
        // A Pod that is already gone was deleted by force, and gets no time.
        let seconds = if deleted { pod.metadata.deletion_grace_period_seconds.unwrap_or(30) } else { 1 };
        let grace = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        if let Some(process) = life.process.take() {
            while let Err(error) = process::stop(std::slice::from_ref(&process), grace).await {
                self.note(pod, error);
                sleep(RETRY).await;
            }
        }
        if let Err(error) = files::remove_folder(&self.folder) {
            self.note(pod, with_causes(&error));
        }
        if deleted {
            self.let_go(pod, reporter).await;
        }
    }

    /// Tells the API server that nothing of the Pod is left, and retries until that succeeds.
    async fn let_go(&self, pod: &Pod, reporter: &Reporter) {
        let precondition = Preconditions { uid: pod.metadata.uid.clone(), resource_version: None };
        let params = DeleteParams::default().grace_period(0).preconditions(precondition);
        loop {
            match reporter.pods.delete(&reporter.name, &params).await {
                Ok(_) => return,
                // The Pod is gone, or another Pod has its name.
                Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => return,
                Err(error) => self.note(pod, with_causes(&error)),
            }
            sleep(RETRY).await;
        }
    }

    fn log(&self, pod: &Pod) -> Utf8PathBuf {
        process::log_of(&self.dir, &container::component(pod))
    }

    fn note(&self, pod: &Pod, text: impl std::fmt::Display) {
        warn!(target: "node", "Pod {}: {text}", container::folder_name(pod));
    }
}

impl Life {
    fn waits_for_files(&self) -> bool {
        matches!(&self.report.state, State::Waiting { reason, .. } if reason != BACKOFF)
    }

    fn ended(&mut self, status: Result<Option<ExitStatus>, Error>, log: String) {
        self.process = None;
        if self.started.elapsed() > LONG_RUN {
            self.pause = FIRST_PAUSE;
        }
        let status = status.unwrap_or_default();
        let how = status.map_or_else(|| "with an unknown status".to_owned(), |status| format!("with {status}"));
        self.report.state = State::Waiting {
            reason: BACKOFF.to_owned(),
            message: format!("the JVM exited {how}; it restarts in {:?}", self.pause),
        };
        self.report.last = Some(LastExit::now(status, log));
        self.report.ready = false;
        self.report.restarts += 1;
        self.failures = 0;
        self.start = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LAST_PAUSE);
    }

    fn probed(&mut self, ready: bool, threshold: u32) {
        self.failures = if ready { 0 } else { self.failures + 1 };
        if ready || self.failures >= threshold {
            self.report.ready = ready;
        }
    }
}

/// The end of a log for the Pod's status. If the reason appears before the last lines, it comes first.
fn last_lines(log: &Utf8Path) -> String {
    let tail = files::tail(log);
    match last_words_of(log) {
        Some(words) if !tail.contains(words.trim_end_matches("...")) => format!("{words}\n{tail}"),
        _ => tail,
    }
}

const BACKOFF: &str = "CrashLoopBackOff";

async fn exit(process: Option<&Running>) -> Result<Option<ExitStatus>, Error> {
    match process {
        Some(process) => process::exit_of(process).await,
        None => std::future::pending().await,
    }
}

/// Waits until the next probe is due, and returns whether it succeeds. Before the first success, it probes ten times a
/// second, so that nobody waits for a broker that is ready. Later it probes as often as the Pod says. A Pod without a
/// probe is ready.
async fn probe(pod: &Pod, address: Ipv4Addr, ready: bool) -> bool {
    let container = pod.spec.as_ref().and_then(|spec| spec.containers.first());
    let probe = container.and_then(|container| container.readiness_probe.as_ref());
    let Some((probe, socket)) = probe.and_then(|probe| Some((probe, probe.tcp_socket.as_ref()?))) else {
        if ready {
            std::future::pending::<()>().await;
        }
        return true;
    };
    let seconds =
        |value: Option<i32>| Duration::from_secs(value.and_then(|value| u64::try_from(value).ok()).unwrap_or(1).max(1));
    sleep(if ready { seconds(probe.period_seconds.or(Some(1))) } else { Duration::from_millis(100) }).await;
    let port = match &socket.port {
        IntOrString::Int(number) => u16::try_from(*number).ok(),
        IntOrString::String(name) => {
            let ports = container.and_then(|container| container.ports.as_deref()).unwrap_or_default();
            let named = ports.iter().find(|port| port.name.as_deref() == Some(name));
            named.and_then(|port| u16::try_from(port.container_port).ok())
        }
    };
    let Some(port) = port else { return false };
    let attempt = timeout(seconds(probe.timeout_seconds), TcpStream::connect(SocketAddr::from((address, port))));
    matches!(attempt.await, Ok(Ok(_)))
}

fn threshold(pod: &Pod) -> u32 {
    let container = pod.spec.as_ref().and_then(|spec| spec.containers.first());
    let probe = container.and_then(|container| container.readiness_probe.as_ref());
    probe.and_then(|probe| u32::try_from(probe.failure_threshold?).ok()).unwrap_or(3)
}
