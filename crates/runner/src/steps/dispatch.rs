//! From a step to what carries it out.

use super::takeover::GatewaySnapshot;
use super::{certificate, connections, life, load, objects, operator, probe, probe_tcp, refuse, traffic, wait};
use crate::{Context, StepFailure};
use scenario::{Sabotage, Step};
use std::time::Duration;

/// What a step found, or how it failed.
pub type Outcome = Result<Vec<String>, StepFailure>;

/// Time beyond a step's own deadline until the runner gives it up: its own error tells more than the runner could.
const GRACE: Duration = Duration::from_secs(20);

/// A step's client may first have to wait for its Secrets.
const SECRETS: Duration = Duration::from_secs(60);

/// Carries a step out.
///
/// # Errors
/// When it did not do what it had to.
pub async fn perform(context: &mut Context<'_>, step: &Step) -> Outcome {
    // Replaced here and nowhere else, so that no step can forget it.
    let step = context.resolve(step)?;
    match &step {
        Step::Apply(file) => objects::apply(context, file).await,
        Step::Churn(churn) => objects::churn(context, churn).await,
        Step::Delete(target) => objects::delete(context, target).await,
        Step::Patch(patch) => objects::patch(context, patch).await,
        Step::Wait(wanted) => wait::wait(context, wanted).await,
        Step::Certificate(wanted) => certificate::certificate(context, wanted).await,
        Step::CreateTopic(topic) => traffic::create_topic(context, topic).await,
        Step::DescribeCluster(wanted) => traffic::describe_cluster(context, wanted).await,
        Step::Produce(messages) => traffic::produce(context, messages).await,
        Step::Consume(messages) => traffic::consume(context, messages).await,
        Step::ProduceAndConsume(messages) => traffic::produce_and_consume(context, messages).await,
        Step::Refuse(attempt) => refuse::refuse(context, attempt).await,
        Step::Probe(look) => probe::probe(context, look).await,
        Step::ProbeTcp(look) => probe_tcp::probe_tcp(context, look).await,
        Step::Start(start) => load::start(context, start).await,
        Step::Stop(stop) => load::stop(context, stop).await,
        Step::Connections(many) => connections::connections(context, many).await,
        Step::Scale(scale) => life::scale(context, scale).await,
        Step::Restart(restart) => life::restart(context, restart).await,
        Step::Sleep(sleep) => {
            context.clock.waiting(tokio::time::sleep(sleep.r#for.0)).await;
            Ok(Vec::new())
        }
    }
}

/// Carries out the deletion, patch or manifest of a sabotage, and waits until the gateway can have taken notice. The
/// operator is kept from repairing it.
///
/// # Errors
/// When the change itself fails.
pub async fn sabotage(context: &mut Context<'_>, sabotage: &Sabotage) -> Outcome {
    let sabotage = context.resolve(sabotage)?;
    if sabotage.leave_out.is_some() {
        return Ok(Vec::new());
    }
    if let Some(target) = &sabotage.delete {
        operator::pause(context, &target.kind, &target.name, target.namespace.as_deref()).await?;
    }
    if let Some(patch) = &sabotage.patch {
        operator::pause(context, &patch.kind, &patch.name, patch.namespace.as_deref()).await?;
    }
    let before = context.clock.waiting(GatewaySnapshot::of(context, &sabotage)).await?;
    if let Some(target) = &sabotage.delete {
        objects::delete(context, target).await?;
    }
    if let Some(file) = &sabotage.apply {
        objects::apply(context, file).await?;
    }
    if let Some(patch) = &sabotage.patch {
        objects::patch(context, patch).await?;
    }
    context.clock.waiting(before.passed(context)).await;
    Ok(Vec::new())
}

/// When the runner gives a step up that does not keep its own deadline.
pub fn limit(step: &Step) -> Duration {
    let own = match step {
        Step::Churn(churn) => Duration::from_secs(60 + 2 * u64::from(churn.times)),
        // Each half has the whole time.
        Step::ProduceAndConsume(_) => step.within().map_or(Duration::ZERO, |within| within.0 * 2),
        _ => step.within().map_or(Duration::from_secs(60), |within| within.0),
    };
    own + SECRETS + GRACE
}
