//! `gateway new | check`

mod check;
mod new;

pub use check::check;
pub use new::new;
