//! How many requests the API server has answered, by its own count.
//!
//! The count has everybody's requests: those of the program that is measured, those of the gateway and the operator
//! that react to it, and those that a lab makes by itself. The last are known from watching the idle lab. A watch counts
//! when it ends, and reading the count does not count.

use kubeapi::Catalog;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const METRIC: &str = "apiserver_request_total";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Server(#[from] kubeapi::Error),
    #[error("the API server's /metrics do not have {METRIC}")]
    NoMetric,
}

/// The count of one API server.
pub struct Requests {
    catalog: Catalog,
    /// What the idle lab asks by itself.
    pub idle_per_second: f64,
}

/// The count at a time.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    count: f64,
    at: Instant,
}

impl Requests {
    /// Watches the idle lab for a while.
    ///
    /// # Errors
    /// If the API server does not tell.
    pub async fn of_idle(catalog: Catalog, time: Duration) -> Result<Self, Error> {
        let mut requests = Self { catalog, idle_per_second: 0.0 };
        let before = requests.read().await?;
        sleep(time).await;
        let after = requests.read().await?;
        let asked = requests.between(before, after);
        requests.idle_per_second = asked / (after.at - before.at).as_secs_f64();
        Ok(requests)
    }

    /// # Errors
    /// If the API server does not tell.
    pub async fn read(&self) -> Result<Reading, Error> {
        let text = self.catalog.text("/metrics").await?;
        Ok(Reading { count: total(&text).ok_or(Error::NoMetric)?, at: Instant::now() })
    }

    /// The requests between two readings that the idle lab would not have made.
    pub fn between(&self, before: Reading, after: Reading) -> f64 {
        after.since(before, self.idle_per_second)
    }
}

impl Reading {
    /// It can be a little below zero, because a lab does not ask evenly.
    fn since(self, before: Self, idle_per_second: f64) -> f64 {
        self.count - before.count - idle_per_second * (self.at - before.at).as_secs_f64()
    }
}

/// The sum over all kinds of requests, or `None` if there is no such metric.
fn total(metrics: &str) -> Option<f64> {
    let values = metrics.lines().filter_map(|line| {
        let labels_and_value = line.strip_prefix(METRIC)?.strip_prefix('{')?;
        labels_and_value.rsplit_once('}')?.1.split_whitespace().next()?.parse::<f64>().ok()
    });
    values.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "\
# HELP apiserver_request_total [STABLE] Counter of apiserver requests broken out for each verb
# TYPE apiserver_request_total counter
apiserver_request_total{code=\"200\",resource=\"pods\",verb=\"LIST\"} 12
apiserver_request_total{code=\"0\",resource=\"odd } name\",verb=\"WATCH\"} 1.5e+02
apiserver_request_total{code=\"200\",resource=\"pods\",verb=\"GET\"} 3 1700000000000
apiserver_request_total_other{code=\"200\"} 1000
apiserver_request_terminations_total{code=\"200\"} 1000
";

    #[test]
    fn all_kinds_of_requests_are_added_and_no_other_metric() {
        assert_eq!(total(METRICS), Some(165.0));
    }

    #[test]
    fn a_server_without_the_metric_is_not_one_without_requests() {
        assert_eq!(total("# nothing here\nprocess_cpu_seconds_total 3\n"), None);
        assert_eq!(total("apiserver_request_total{code=\"200\"} none"), None);
    }

    #[test]
    fn what_the_idle_lab_asks_is_not_counted() {
        let at = Instant::now();
        let before = Reading { count: 100.0, at };
        let after = Reading { count: 130.0, at: at + Duration::from_secs(5) };
        assert_eq!(after.since(before, 2.0), 20.0);
    }
}
