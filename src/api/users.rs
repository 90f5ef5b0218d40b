//! Users: create, read, list, change, delete, and their passwords (registry.md 6.2).

use serde_json::Value;

use crate::api::entity::USER;
use crate::api::query::{Orders, Query};
use crate::api::{body, names, reply};
use crate::base::error::{Error, Result};
use crate::base::secret::Hash;
use crate::call::{Input, LongWork, Work};
use crate::http::queue::Slow;
use crate::model::field::Audience;
use crate::model::mask::Mask;
use crate::model::password;
use crate::model::shape::{check_text, member};
use crate::model::user::FIELDS;
use crate::model::view::render;
use crate::registry::sign_in::SignInAttempt;
use crate::registry::users;
use crate::registry::users::OldAccess;
use crate::store::users::UserKey;

pub const ORDERS: Orders<UserKey> = &[
    (&["user_id", "-user_id"], UserKey::Id),
    (&["name", "-name"], UserKey::Name),
    (&["primary_email_address", "-primary_email_address"], UserKey::PrimaryEmailAddress),
    (&["state", "-state"], UserKey::State),
    (&["admin", "-admin"], UserKey::Admin),
    (&["created_at", "-created_at"], UserKey::CreatedAt),
];

/// Reads `{"user":{…}}`. Passwords are hashed before the transaction.
pub fn create<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let request = body::object(input)?;
    body::text(&request, "invitation_token")?;
    let sent = USER.read_new(&request)?;
    let id = USER.new_id(&sent)?;
    users::check_email(&sent)?;
    Ok(Box::new(move |transactions| {
        transactions.read(|call| users::check_registration(call.by, call.settings, &id, &sent))?;
        let hash = |password: &str| Hash::of_chosen(password, transactions.settings.password_rounds);
        let passwords = transactions.slowly(Slow::Password, input.request.peer, || {
            let password = hash(sent.text("password").unwrap_or_default());
            Ok(users::NewPasswords { password, temporary: sent.text("temporary_password").map(hash) })
        })?;
        let user = transactions.write(|call| users::create(call.tx, call.by, call.settings, id, &sent, &passwords))?;
        Ok(reply::ok(&render(FIELDS, &user, &without_contact_info(Mask::everything(FIELDS)), Audience::Holder)))
    }))
}

pub fn get<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    USER.get(input, names::user, users::get)
}

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let query = Query::of(input)?;
    let mask = query.mask(FIELDS)?;
    let search = query.search("ListUsersRequest", ORDERS)?;
    Ok(Box::new(move |call| reply::entities(input, search.page, "users", FIELDS, users::list(call.tx, call.by, &search)?, &mask)))
}

/// Reads `{"user":{…},"field_mask":…}`.
pub fn update<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let (sent, mask) = USER.read_update(input)?;
    if mask.names(FIELDS, "primary_email_address") {
        users::check_email(&sent)?;
    }
    let id = names::user(input)?;
    if mask.names(FIELDS, "temporary_password") {
        users::check_temporary_password(&id, &sent)?;
    }
    Ok(Box::new(move |transactions| {
        let temporary = match sent.text("temporary_password").filter(|_| mask.names(FIELDS, "temporary_password")) {
            Some(password) => {
                let hash = || Ok(Hash::of_chosen(password, transactions.settings.password_rounds));
                Some(transactions.slowly(Slow::Password, input.request.peer, hash)?)
            }
            None => None,
        };
        let user = transactions.write(|call| users::update(call.tx, call.by, &id, &mask, &sent, temporary.as_ref()))?;
        let asked = mask.names(FIELDS, "contact_info");
        let mask = users::shown_after_update(mask);
        Ok(reply::updated(&render(FIELDS, &user, &without_contact_info(mask), Audience::Holder), asked))
    }))
}

/// Reads `{"old":…,"new":…,"revoke_all_access":…}`. Only the old password is required; it is verified between two transactions.
pub fn change_password<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    const MESSAGE: &str = "UpdateUserPasswordRequest";
    let request = body::object(input)?;
    let (new, old) = (body::text(&request, "new")?.to_owned(), body::text(&request, "old")?.to_owned());
    let old_access = match member(&request, "revoke_all_access") {
        None | Some(Value::Bool(false)) => OldAccess::Stays,
        Some(Value::Bool(true)) => OldAccess::Revoked,
        Some(_) => return Err(Error::malformed("revoke_all_access: expected true or false")),
    };
    let id = names::user(input).map_err(|inner| inner.inside(MESSAGE, "user_ids"))?;
    check_text(MESSAGE, "new", &new.as_str().into(), password::MAX_LENGTH)?;
    check_text(MESSAGE, "old", &old.as_str().into(), password::MAX_LENGTH)?;
    users::check_new_password(&id, &old, &new)?;
    Ok(Box::new(move |transactions| {
        let attempt = SignInAttempt::to_prove(id, input.request.peer);
        transactions.change_password(&attempt, &old, &new, old_access)?;
        Ok(reply::done())
    }))
}

pub fn search<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let (search, mask) = USER.read_search(&Query::of(input)?, ORDERS)?;
    Ok(Box::new(move |call| reply::entities(input, search.page, "users", FIELDS, users::list(call.tx, call.by, &search)?, &mask)))
}

/// Removes the deprecated view of the address, which only reads answer.
fn without_contact_info(mask: Mask) -> Mask {
    mask.without(FIELDS, "contact_info")
}
