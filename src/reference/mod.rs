//! What can be set, in the forms in which users read and write it: all of it is made of the catalogues of keys
//! ([`keys`](crate::settings::keys), [`FIELDS`](crate::agent::FIELDS)), and nothing of it is said a second time.

mod page;

pub use page::page;
