//! The comparison as Markdown.

use super::comparison::{Agreement, Comparison, Row};
use std::fmt;

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| conformance test | verdict | scenarios | |\n|---|---|---|---|")?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let theirs = self.theirs.map_or("-".to_owned(), |verdict| verdict.to_string());
        let ours: Vec<_> = self.ours.iter().map(|(name, verdict)| format!("{name} {verdict}")).collect();
        write!(f, "| {} | {theirs} | {} | {} |", self.test, ours.join(", "), self.agreement)
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("the same"),
            Self::KnownDeviation(link) => write!(f, "a scenario asks more, and finds {link}"),
            Self::Different => f.write_str("**different, and not explained**"),
            Self::NotCompared(reason) => write!(f, "not compared: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TestVerdict;

    #[test]
    fn a_row_says_what_both_found() {
        let row = Row {
            test: "TLSRouteSimpleSameNamespace".into(),
            theirs: Some(TestVerdict::Passed),
            ours: vec![("native-tlsroute".into(), "failed".into())],
            agreement: Agreement::Different,
        };
        assert_eq!(
            row.to_string(),
            "| TLSRouteSimpleSameNamespace | passed | native-tlsroute failed | **different, and not explained** |"
        );
    }
}
