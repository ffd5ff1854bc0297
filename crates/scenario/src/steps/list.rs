//! The macro that generates everything which must know all steps.

/// Generates `enum Step`, its methods that forward to the steps' definitions, and [`with_step`](crate::with_step),
/// which the runner uses to execute a step. A step without a definition or an execution does not compile.
macro_rules! steps {
    ($d:tt $($(#[$doc:meta])* $keyword:literal => $variant:ident($step:ty),)+) => {
        /// A step: a mapping with one key, the step's keyword.
        #[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema, serde::Serialize)]
        pub enum Step {
            $($(#[$doc])* #[serde(rename = $keyword)] $variant($step),)+
        }

        impl Step {
            /// Every keyword, in the order of the reference.
            pub const KEYWORDS: [&'static str; [$($keyword),+].len()] = [$($keyword),+];

            /// The step's keyword.
            pub fn keyword(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $keyword,)+
                }
            }

            pub(crate) fn definition(&self) -> &dyn definition::StepDefinition {
                match self {
                    $(Self::$variant(step) => step,)+
                }
            }

            fn definition_mut(&mut self) -> &mut dyn definition::StepDefinition {
                match self {
                    $(Self::$variant(step) => step,)+
                }
            }

            /// The keyword and the default deadline of each step that has one.
            pub(crate) fn default_deadlines() -> impl Iterator<Item = (&'static str, crate::Span)> {
                use definition::StepDefinition;
                [$(($keyword, <$step>::default_within()),)+]
                    .into_iter()
                    .filter_map(|(keyword, within)| Some((keyword, within?)))
            }
        }

        /// Evaluates an expression with the step's own type, under a name that the caller chooses. It is a macro
        /// because each step has a type of its own.
        #[macro_export]
        macro_rules! with_step {
            ($d step:expr, $d inner:ident => $d body:expr) => {
                match $d step {
                    $($crate::Step::$variant($d inner) => $d body,)+
                }
            };
        }
    };
}

pub(super) use steps;
