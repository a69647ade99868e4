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
mod given;
mod header;
pub mod home;
pub mod keys;
pub mod layer;
mod resolve;
mod service_name;
pub mod signals;
pub mod size;
mod upstream;
mod value;
pub mod variables;
pub mod written;

pub use crate::otlp::{PerSignal, Signal};
pub use endpoint::Place;
pub use file::{FileText, PROJECT_FILE_NAME};
pub use given::Given;
pub use header::{HeaderValue, Headers, header_of_text, literal_header, one_line};
pub use home::user_file;
pub use layer::{Layer, checked};
pub use resolve::resolve;
pub use service_name::ServiceName;
pub use upstream::{DEFAULT_EXPORT_TIMEOUT, DEFAULT_NAME, Destination, Identity, Route, Transport, Upstream};
pub use value::{
    AgentChoice, Complaint, Content, DEFAULT_EXPIRY, DEFAULT_HEARTBEAT, DEFAULT_KEEP_AGE, DEFAULT_KEEP_RUNS,
    DEFAULT_KEEP_SIZE, Detail, Fault, GenAi, Nest, Origin, Protocol, Required, Sampler, Settings, Sourced, Temporality,
};
