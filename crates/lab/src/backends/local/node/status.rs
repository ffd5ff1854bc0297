//! A Pod's status, as a kubelet would write it.

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// The current state of the container.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    Waiting { reason: String, message: String },
    Running { since: String },
}

/// How its last run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct LastExit {
    exit_code: i32,
    at: String,
    /// The end of its log, if it failed.
    last_words: String,
}

impl LastExit {
    /// The end of a process, whose status is unknown if an earlier agent started it, with the end of its log.
    pub fn now(status: Option<ExitStatus>, log: String) -> Self {
        let code = status.and_then(|status| status.code().or(status.signal().map(|signal| 128 + signal)));
        let exit_code = code.unwrap_or(255);
        Self { exit_code, at: now(), last_words: if exit_code == 0 { String::new() } else { log } }
    }
}

/// What to report about a Pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub address: Ipv4Addr,
    pub state: State,
    pub ready: bool,
    pub restarts: i32,
    pub last: Option<LastExit>,
}

/// Writes reports to the API, each change once.
pub struct Reporter {
    pub pods: Api<Pod>,
    pub name: String,
    /// What the API server has accepted, and when readiness last changed.
    sent: Option<Report>,
    ready_since: String,
    start_time: String,
}

impl Reporter {
    pub fn new(pods: Api<Pod>, name: String) -> Self {
        Self { pods, name, sent: None, ready_since: now(), start_time: now() }
    }

    /// Whether the API server has this report.
    pub fn is_sent(&self, report: &Report) -> bool {
        self.sent.as_ref() == Some(report)
    }

    /// Sends a report, unless the API server already has it. A Pod that is gone needs none.
    ///
    /// # Errors
    /// If the API server refuses it.
    pub async fn send(&mut self, pod: &Pod, report: &Report) -> Result<(), kube::Error> {
        if self.is_sent(report) {
            return Ok(());
        }
        if self.sent.as_ref().is_none_or(|sent| sent.ready != report.ready) {
            self.ready_since = now();
        }
        let patch = Patch::Merge(json!({"status": self.status(pod, report)}));
        match self.pods.patch_status(&self.name, &PatchParams::default(), &patch).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => return Err(error),
        }
        self.sent = Some(report.clone());
        Ok(())
    }

    fn status(&self, pod: &Pod, report: &Report) -> Value {
        let container = pod.spec.as_ref().and_then(|spec| spec.containers.first());
        let (phase, state) = match &report.state {
            State::Waiting { reason, message } => {
                let phase = if report.restarts == 0 { "Pending" } else { "Running" };
                (phase, json!({"waiting": {"reason": reason, "message": message}}))
            }
            State::Running { since } => ("Running", json!({"running": {"startedAt": since}})),
        };
        let last = report.last.as_ref().map_or(json!({}), |last| {
            let reason = if last.exit_code == 0 { "Completed" } else { "Error" };
            json!({"terminated": {"exitCode": last.exit_code, "reason": reason, "finishedAt": last.at, "message": last.last_words}})
        });
        let condition = |kind: &str, met: bool, since: &str| json!({"type": kind, "status": if met { "True" } else { "False" }, "lastTransitionTime": since});
        let start_time = pod.status.as_ref().and_then(|status| status.start_time.as_ref());
        let start_time = start_time.map_or(self.start_time.clone(), |time| time.0.to_string());
        json!({
            "phase": phase,
            "startTime": start_time,
            "hostIP": "127.0.0.1",
            "podIP": report.address.to_string(),
            "podIPs": [{"ip": report.address.to_string()}],
            "conditions": [
                condition("PodScheduled", true, &self.start_time),
                condition("Initialized", true, &self.start_time),
                condition("ContainersReady", report.ready, &self.ready_since),
                condition("Ready", report.ready, &self.ready_since),
            ],
            "containerStatuses": [{
                "name": container.map(|container| container.name.as_str()).unwrap_or_default(),
                "image": container.and_then(|container| container.image.as_deref()).unwrap_or_default(),
                "imageID": "",
                "ready": report.ready,
                "started": matches!(report.state, State::Running { .. }),
                "restartCount": report.restarts,
                "state": state,
                "lastState": last,
            }],
        })
    }
}

/// The current time as Kubernetes writes it, to the second.
pub fn now() -> String {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default().to_string()
}
