//! Executes `pause`.

use super::ownership::{Ownership, ownership, protected};
use super::pods::of_broker;
use super::{Execute, Outcome};
use crate::Context;
use crate::journal::Undo;
use lab::backends::local;
use model::{Cause, Failure, LabDir};
use scenario::Pause;

impl Execute for Pause {
    async fn execute(&self, context: &mut Context<'_>) -> Outcome {
        let target = match (&self.pod, self.broker) {
            (Some(pod), _) => format!("Pod {pod}"),
            (None, broker) => format!("broker {}", broker.unwrap_or_default()),
        };
        let expected = format!("{target} is frozen");
        if context.lab.backend.process_node().is_none() {
            let seen = "the step requires `--lab local`, in which Pods are processes on this machine";
            return Err(Failure::new(Cause::Unknown, expected, seen));
        }
        let (namespace, pod) = match (&self.pod, self.broker) {
            (Some(pod), _) => (self.namespace.clone().unwrap_or_else(|| context.namespace.clone()), pod.clone()),
            (None, broker) => {
                let (pod, _) = of_broker(context, broker.unwrap_or_default(), &expected).await?;
                (context.kafka_namespace.clone(), pod)
            }
        };
        let object = context.object("Pod", &pod, Some(&namespace)).await?;
        if ownership(context, &object, true) == Ownership::Protected {
            return Err(protected(&object));
        }
        // Recorded first, in case the run is killed. Resuming a process that was never frozen does no harm.
        context.journal.push(Undo::Resume { namespace: namespace.clone(), pod: pod.clone() });
        let frozen = Frozen::new(context.lab.dir.clone(), namespace, pod)
            .map_err(|error| Failure::new(Cause::BrokerDown, &expected, error.to_string()))?;
        let evidence = format!("Pod {} is frozen for {}", frozen.pod, self.r#for);
        let time = self.r#for.0;
        // The task ends with the context, and dropping it resumes the process.
        context.tasks.spawn(async move {
            tokio::time::sleep(time).await;
            drop(frozen);
        });
        Ok(vec![evidence])
    }
}

/// A frozen process. Dropping this resumes it.
#[derive(Debug)]
struct Frozen {
    dir: LabDir,
    namespace: String,
    pod: String,
}

impl Frozen {
    fn new(dir: LabDir, namespace: String, pod: String) -> Result<Self, local::Error> {
        local::freeze(&dir, &namespace, &pod, true)?;
        Ok(Self { dir, namespace, pod })
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // A process that has ended cannot be resumed, which is not an error.
        let _ = local::freeze(&self.dir, &self.namespace, &self.pod, false);
    }
}
