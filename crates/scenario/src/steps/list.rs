//! From the one list of steps to everything that has to know all of them.

/// Makes `enum Step`, what it forwards to its steps' definitions, and [`with_step`](crate::with_step), by which the
/// runner reaches each step's execution. A step that lacks its definition or its execution does not compile.
macro_rules! steps {
    ($d:tt $($(#[$doc:meta])* $keyword:literal => $variant:ident($step:ty),)+) => {
        /// One step: a mapping with one key, the step's keyword.
        #[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema, serde::Serialize)]
        pub enum Step {
            $($(#[$doc])* #[serde(rename = $keyword)] $variant($step),)+
        }

        impl Step {
            /// Every keyword, in the order of the reference.
            pub const KEYWORDS: [&'static str; [$($keyword),+].len()] = [$($keyword),+];

            /// The keyword as it is written.
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

            /// The default deadline of each step that has one: keyword and time.
            pub(crate) fn default_deadlines() -> impl Iterator<Item = (&'static str, crate::Span)> {
                use definition::StepDefinition;
                [$(($keyword, <$step>::default_within()),)+]
                    .into_iter()
                    .filter_map(|(keyword, within)| Some((keyword, within?)))
            }
        }

        /// Evaluates an expression with whichever step it is, under a name of the caller's choice. It is a macro since
        /// each step has a type of its own, and it has an arm for each step of the language.
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
