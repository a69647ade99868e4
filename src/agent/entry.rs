//! Profiles in the form in which users write them, `[agents.NAME]` of a settings file: [`read`] makes profiles of it, and
//! [`write`] prints one so that [`read`] gives it back.
//!
//! An entry says how a profile differs from another one: from the built-in one of its name, or from the one that its
//! `like` names, or from that of any other command. What it says of a variable replaces what the other says of it, and a
//! field that it gives replaces the other's.

mod fields;
mod parts;
mod read;
mod values;
mod words;
mod write;

#[cfg(test)]
mod tests;

pub use fields::FIELDS;
pub(super) use read::read;
pub use write::write;
