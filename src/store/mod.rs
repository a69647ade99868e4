//! Runs on disk.

pub mod facts;
