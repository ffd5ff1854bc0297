//! From symptom to cause: a failed client, then the network, then the cluster's own objects.

mod advertised;
mod classify;
mod evidence;
mod facts;
mod gather;
mod names;
mod routes;
mod symptom;
mod wrong_broker;

pub use classify::classify;
pub use facts::{Backend, Condition, Declared, Facts, Gateway, Listener, Lookup, Parent, PodBroker, Route, Subject};
pub use gather::{Settings, diagnose};
pub use names::beside;
