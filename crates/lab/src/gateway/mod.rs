//! Gateway implementations, each described by data: `fixtures/gateways/NAME/gateway.yaml`.

pub mod check;

mod deviation;
mod features;
mod fixture;
mod kind;
mod new;
mod object;
mod places;

pub use deviation::{Deviation, Expected, Topic};
pub use features::{Statement, compared as compared_features};
pub use fixture::{Answer, GatewayFixture, LocalGateway, UnknownSni, folder, names};
pub use kind::{Gateways, KindGateway, KindManifest, PinnedImage};
pub use new::{NewError, NewGateway, create};

use camino::Utf8PathBuf;

/// A `gateway.yaml` that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    #[error("cannot read {path}")]
    Read {
        path: Utf8PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path}{}: {problem}", line.map(|line| format!(":{line}")).unwrap_or_default())]
    Invalid { path: Utf8PathBuf, line: Option<u64>, problem: String },
    #[error("unknown gateway {name:?}; known gateways: {}", known.join(", "))]
    Unknown { name: String, known: Vec<String> },
}
