//! `diagnose`: walks the whole path as the command `diagnose` does, and checks which cause it names.

use super::definition::client_or_default;
use super::{Causes, StepDefinition, Touches};
use crate::Span;
use crate::lint::Context;
use model::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Walks the path of a client, as `cargo xtask diagnose` does, and compares the findings. Without `first` there must be none.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Diagnose {
    /// Default: `default`.
    pub client: Option<String>,
    /// The cause that must be named first. Default: there must be no finding, neither an error nor a warning.
    pub first: Option<Cause>,
    /// The causes that must be named after it, in any order. No other cause may be named.
    #[serde(default)]
    pub also: Vec<Cause>,
    /// With `first`: the walk is repeated until this deadline, because a gateway takes a moment to apply a change.
    pub within: Option<Span>,
}

impl Diagnose {
    /// The default of `within`.
    pub const WITHIN: Span = Span::seconds(15);
}

impl StepDefinition for Diagnose {
    fn default_within() -> Option<Span> {
        Some(Self::WITHIN)
    }

    fn within(&self) -> Option<Span> {
        Some(self.within.unwrap_or(Self::WITHIN))
    }

    fn set_within(&mut self, within: Span) {
        self.within = Some(within);
    }

    fn summary(&self) -> String {
        match self.first {
            Some(cause) => format!("names {cause} first"),
            None => "finds nothing".to_owned(),
        }
    }

    fn client(&self) -> Option<&str> {
        client_or_default(&self.client)
    }

    fn topic(&self) -> Option<&str> {
        None
    }

    fn touches(&self) -> Touches<'_> {
        Touches::Nothing
    }

    fn causes(&self) -> Causes {
        Causes::connection()
            .and(&[Cause::ConditionUnmet])
            .help("it fails with the cause that it finds instead, or with `condition-unmet` if it finds none")
    }

    fn check(&self, context: &mut Context<'_>, at: &str) {
        if self.first.is_none() && !self.also.is_empty() {
            context.error(
                "scenario::diagnose",
                &format!("{at}/also"),
                "`also` has no effect without `first`".into(),
                "has no effect here",
                "write the cause that is nearest to the client as `first`",
            );
        }
        if self.first.is_some_and(|first| self.also.contains(&first)) {
            context.error(
                "scenario::diagnose",
                &format!("{at}/also"),
                "`also` repeats the cause of `first`".into(),
                "named twice",
                "one finding has all the addresses of its cause: remove it here",
            );
        }
    }
}
