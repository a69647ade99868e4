//! The command as a process: started, signalled, waited for, witnessed, and imitated at the end.
//!
//! All of it is synchronous and belongs to the main thread. This is the only room with `unsafe` code.
#![allow(unsafe_code)] // waitpid, sigaction, inherited descriptors and their kind have no safe form that keeps what is needed here

mod aftermath;
mod decide;
mod ending;
mod entry;
mod family;
mod service;
mod signals;
mod spawn;
mod supervise;
mod terminal;
mod usage;
mod wait;
mod watch;

pub use aftermath::{Aftermath, Left, Woken};
pub use decide::{Decision, Sender};
pub use ending::end_as;
pub use family::is_carried;
pub use service::Service;
pub use signals::{Signals, signal_name};
pub use spawn::{Child, EnvironmentChanges, ExecError, replace, spawn};
pub use supervise::{Death, Exit, Seen, SignalSeen, Supervisor, Terms};
pub use usage::Usage;
pub use watch::{is_group_watch, keep_group_watch};
