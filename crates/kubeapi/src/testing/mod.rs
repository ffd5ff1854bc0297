//! An API server for unit tests, behind a real client and within this process.

mod discovery;
mod server;
mod store;

pub use server::{Answer, ApiServer, Asked, event, list, pod, status};
pub use store::Store;
