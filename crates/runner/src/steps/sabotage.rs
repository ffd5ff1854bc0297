//! Carries out a sabotage.

use super::takeover::GatewaySnapshot;
use super::{Execute, Outcome, operator};
use crate::Context;
use scenario::{Apply, Sabotage};

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
