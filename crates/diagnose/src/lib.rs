//! From symptom to cause: a failed client, then the network, then the cluster's own objects.

mod advertised;
mod backends;
mod broker_ids;
mod classify;
mod diagnosis;
mod endurance;
mod evidence;
mod facts;
mod gateways;
mod gather;
mod hello;
mod hops;
mod jaas;
mod junit;
pub mod manifest;
mod names;
mod network;
mod picture;
mod policies;
mod properties;
mod protocol;
mod remarks;
mod repair;
mod routes;
mod routing;
mod second_look;
mod silent;
mod snapshot;
mod symptom;
mod walk;
mod walk_client;
mod wanted;
mod wrong_broker;

pub use classify::classify;
pub use diagnosis::{Diagnosis, Evidence, Finding, Path, SCHEMA};
pub use endurance::Endurance;
pub use facts::{
    Backend, Condition, Declared, Facts, Gateway, Listener, Lookup, Parent, PodBroker, Route, Subject, Walked,
};
pub use gateways::GatewayState;
pub use gather::{Settings, diagnose};
pub use hops::{Hop, HopKind, HopState};
pub use junit::junit;
pub use names::beside;
pub use picture::{Palette, picture};
pub use properties::{Properties, PropertiesError};
pub use repair::Repair;
pub use snapshot::Snapshot;
pub use walk::{Walk, WalkOptions, Walks, walk};
pub use walk_client::WalkClient;
