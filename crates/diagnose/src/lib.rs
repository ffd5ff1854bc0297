//! From symptom to cause: a failed client, then the network, then the cluster's own objects.

mod advertised;
mod evidence;
mod facts;
mod gather;
mod judge;
mod names;
mod routes;
mod symptom;
mod wrong_broker;

pub use facts::{
    Backend, Condition, Declared, Diagnosis, Facts, Gateway, Listener, Lookup, Parent, PodBroker, Route, Subject,
};
pub use gather::{Settings, explain};
pub use judge::judge;
pub use names::beside;
