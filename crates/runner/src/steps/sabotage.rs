//! Executes a sabotage.

use super::takeover::GatewaySnapshot;
use super::{Execute, Outcome, operator};
use crate::Context;
use scenario::{Apply, Sabotage};

/// Executes the deletion, patch or manifest of a sabotage, and waits until the gateway can have applied it. Keeps the
/// operator from repairing the change.
///
/// # Errors
/// If the change itself fails.
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
        target.execute(context).await?;
    }
    if let Some(file) = &sabotage.apply {
        Apply(file.clone()).execute(context).await?;
    }
    if let Some(patch) = &sabotage.patch {
        patch.execute(context).await?;
    }
    context.clock.waiting(before.passed(context)).await;
    Ok(Vec::new())
}
