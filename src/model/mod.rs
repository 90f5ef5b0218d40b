//! Floor 1: the entities. Plain data and pure rules; each entity has a `FIELDS` table.

pub mod api_key;
pub mod bounds;
pub mod choice;
pub mod client;
pub mod email;
pub mod event;
pub mod field;
pub mod grant;
pub mod mask;
pub mod member;
pub mod organization;
pub mod password;
pub mod patch;
pub mod protected_names;
pub mod recovery;
pub mod scope;
pub mod session;
pub mod settings;
pub mod shape;
pub mod sign_in;
pub mod signing_key;
pub mod user;
pub mod value;
pub mod verdict;
pub mod view;
