//! The command as a process: started, signalled, waited for, witnessed, and imitated at the end.
//!
//! All of it is synchronous and belongs to the main thread. This is the only room with `unsafe` code.
#![allow(unsafe_code)] // waitpid, sigaction and their kind have no safe form that keeps what is needed here

mod ending;
mod signals;
mod spawn;
mod supervise;
mod usage;

pub use ending::end_as;
pub use signals::{Decision, Sender, Signals, decide, signal_name};
pub use spawn::{Child, ExecError, spawn};
pub use supervise::{Death, Exit, Seen, SignalSeen, supervise};
pub use usage::Usage;
