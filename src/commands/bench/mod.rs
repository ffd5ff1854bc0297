//! `bench`: what takes how long, and compared with what.

mod checkout;
mod compare;
mod contestant;
mod cost;
mod curve;
mod grown_lab;
mod growth;
mod lab;
mod requests;
mod scenarios;
mod tools;
mod turns;

pub use compare::compare;
pub use growth::growth;
pub use lab::lab;
pub use scenarios::scenarios;
