//! Views.
pub mod line;
