//! Who the caller is (registry.md 4.5).

use serde_json::{Map, Value, json};

use crate::api::reply;
use crate::base::error::Result;
use crate::base::right::Rights;
use crate::call::{Input, Work};
use crate::model::value;
use crate::registry::principal::{Access, Principal};

pub fn get<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|call| Ok(reply::ok(&describe(call.by)))))
}

fn describe(by: &Principal) -> Value {
    let names = |rights: Rights| Value::from(rights.names());
    let mut info = Map::new();
    match &by.access {
        Access::ApiKey(key) => {
            let key = key.to_json_with(&names(by.rights), None);
            info.insert("api_key".to_owned(), json!({"api_key": key, "entity_ids": value::account(by.account.as_ref())}));
        }
        Access::AccessToken(token) => {
            info.insert("oauth_access_token".to_owned(), token.to_json_with(by.rights));
        }
        Access::Session(session) => {
            info.insert("user_session".to_owned(), session.to_json());
        }
        Access::Anonymous | Access::Operator => {}
    }
    if by.is_admin {
        info.insert("universal_rights".to_owned(), json!({"rights": names(by.universal)}));
        info.insert("is_admin".to_owned(), true.into());
    } else if by.restriction.is_some() {
        // Restricted accounts are told that there is nothing (registry.md 4.5).
        info.insert("universal_rights".to_owned(), json!({}));
    }
    info.into()
}
