//! All rules over one folder.

use super::context::Context;
use super::schemas::Schemas;
use super::{clients, cluster, flow, general, ids, objects, sabotage, steps, variables};
use crate::{Folder, Problem, Severity};

/// Everything that can be said about a scenario without a lab and without the schemas of its custom resources, in the
/// order of files and lines.
pub fn lint(folder: &Folder) -> Vec<Problem> {
    let mut context = Context::new(folder);
    rules(&mut context);
    context.finish()
}

/// As [`lint`], and the manifests against the schemas of CRDs.
pub fn lint_with_schemas(folder: &Folder, schemas: &Schemas) -> Vec<Problem> {
    let mut context = Context::new(folder);
    rules(&mut context);
    schemas.check(&mut context);
    context.finish()
}

/// What keeps scenarios from being run: the errors of [`lint_with_schemas`], with the schemas that are on this machine.
/// Warnings and notes are left to `scenario lint`.
///
/// # Errors
/// When a schema on this machine cannot be read.
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
