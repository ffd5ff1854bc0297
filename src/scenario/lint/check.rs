//! All rules over one folder.

use super::context::Context;
use super::schemas::Schemas;
use super::{clients, cluster, flow, general, objects, sabotage, steps, variables};
use crate::scenario::{Folder, Problem};

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

fn rules(context: &mut Context<'_>) {
    general::check(context);
    variables::check(context);
    cluster::check(context);
    clients::check(context);
    objects::check(context);
    steps::check(context);
    flow::check(context);
    sabotage::check(context);
}
