//! What can be set, in the forms in which users read and write it: all of it is made of the catalogues of keys
//! ([`keys`](crate::settings::keys), [`FIELDS`](crate::agent::FIELDS)), and nothing of it is said a second time.

mod effective;
mod init;
mod page;
mod schema;

pub use effective::{Here, effective};
pub use init::init;
pub use page::page;
pub use schema::{file_name as schema_file_name, place as schema_place, schema};
