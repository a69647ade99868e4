//! What the user said, in layers, and what it means.
//!
//! A [`Layer`] is what one place said: the flags, `OTEL_RUN_*`, `OTEL_*`, the project's file, the user's file.
//! [`resolve`] puts them on top of each other and gives [`Settings`], every value with its [`Origin`], and all that is
//! wrong with what was said, as [`Complaint`]s. Nothing here reads a variable or a file: both come in as arguments.

pub mod attributes;
pub mod choice;
pub mod duration;
pub mod endpoint;
pub mod env;
pub mod exit_code;
pub mod file;
pub mod home;
pub mod layer;
mod resolve;
pub mod size;
mod upstream;
mod value;
pub mod variables;

pub use file::{FileText, PROJECT_FILE_NAME};
pub use home::user_file;
pub use layer::{Destination, Layer};
pub use resolve::{DEFAULT_EXPORT_TIMEOUT, resolve};
pub use upstream::{HeaderValue, Route, Upstream, header_of_text};
pub use value::{
    AgentChoice, Complaint, Content, DEFAULT_HEARTBEAT, DEFAULT_KEEP_AGE, DEFAULT_KEEP_RUNS, DEFAULT_KEEP_SIZE, Nest,
    Origin, Protocol, Sampler, Settings, Sourced,
};
