//! Nothing: the dependencies of this crate are its purpose. `Cargo.toml` says why.
