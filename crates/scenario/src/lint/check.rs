//! Runs all rules on one folder.

use super::context::Context;
use super::schemas::Schemas;
use super::{clients, cluster, flow, general, ids, objects, sabotage, steps, variables};
use crate::{Folder, Problem, Severity};

/// Runs the rules that need neither a lab nor the schemas of custom resources. Problems are sorted by file and line.
pub fn lint(folder: &Folder) -> Vec<Problem> {
    let mut context = Context::new(folder);
    rules(&mut context);
    context.finish()
}

/// As [`lint`], and validates the manifests against the schemas of CRDs.
pub fn lint_with_schemas(folder: &Folder, schemas: &Schemas) -> Vec<Problem> {
    let mut context = Context::new(folder);
    rules(&mut context);
    schemas.check(&mut context);
    context.finish()
}

/// The problems that stop a run: the errors of [`lint_with_schemas`], with the schemas on this machine. Only `scenario
/// lint` reports warnings and notes.
///
/// # Errors
/// If a schema on this machine is not valid.
pub fn errors<'a>(folders: impl IntoIterator<Item = &'a Folder>) -> Result<Vec<Problem>, Box<Problem>> {
    let schemas = Schemas::at_hand()?;
    let found = folders.into_iter().flat_map(|folder| lint_with_schemas(folder, &schemas));
    Ok(found.filter(|problem| problem.severity == Severity::Error).collect())
}

fn rules(context: &mut Context<'_>) {
    general::check(context);
    variables::check(context);
    cluster::check(context);
    clients::check(context);
    objects::check(context);
    ids::check(context);
    steps::check(context);
    flow::check(context);
    sabotage::check(context);
}
