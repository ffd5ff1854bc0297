//! What Strimzi computes from a Kafka resource and its node pools: pure rules, which the stand-in applies and which a check of
//! manifests predicts.

pub mod node_ids;
pub mod services;
pub mod template;
