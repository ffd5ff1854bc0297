//! From symptom to cause: a failed client, then the network, then the cluster's own objects.

mod facts;
mod gather;
mod judge;
mod routes;
mod symptom;

pub use facts::{Backend, Condition, Declared, Diagnosis, Facts, Gateway, Listener, Lookup, Route, Subject};
pub use gather::{Settings, explain};
pub use judge::judge;
