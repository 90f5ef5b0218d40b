//! What is slow about secrets, done before the transaction: comparing them with what there is, and hashing them.

use std::collections::HashMap;

use crate::base::error::{Error, Result, errors};
use crate::base::id::{ClientId, UserId};
use crate::base::secret::{Hash, fresh_key};
use crate::declared::input::wrong_at;
use crate::declared::names::FROM_WHERE;
use crate::declared::read::{Declared, DeclaredClient, DeclaredSecret, DeclaredUser};
use crate::model::settings::Settings;
use crate::registry::secrets::NewSecret;
use crate::store::{Deleted, Store, Tx};

errors! {
    PLAN_OUTDATED: FailedPrecondition "keyfob" "plan_outdated" "something has changed since the plan was made, and nothing was done: make the plan again";
}

/// What was found out about secrets.
#[derive(Debug, Default)]
pub struct Prepared {
    passwords: HashMap<UserId, ComparedSecret>,
    temporary_passwords: HashMap<UserId, Hash>,
    secrets: HashMap<ClientId, ComparedSecret>,
}

/// Whether secrets that are set are hashed: not where what is done is undone again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashingEffort {
    Slow,
    /// In one round, in their place.
    Fast,
}

/// A secret that was compared with what there was.
#[derive(Debug)]
struct ComparedSecret {
    /// `None` if there was none.
    there: Option<Hash>,
    /// `None` if what there is stays.
    hash: Option<Hash>,
    /// Whether what was generated once is not what there is.
    is_other: bool,
}

/// What happens to a secret.
pub enum SecretVerdict<'d> {
    /// Perhaps with what to say about it.
    Kept(Option<&'static str>),
    /// The hash of the new one, and where it was generated.
    Set { hash: &'d Hash, generated_at: Option<&'d str> },
    /// A client becomes public.
    Removed,
}

const ROTATED: &str = "the secret is another than in its file, and stays: it was generated once, and set by hand since";

impl Prepared {
    /// Compares and hashes. Slow: never called in a transaction.
    pub fn of(store: &Store, settings: &Settings, declared: &Declared, hashing: HashingEffort) -> Result<Prepared> {
        let mut prepared = Prepared::default();
        let password_hash = |text: &str| match hashing {
            HashingEffort::Slow => Hash::of_chosen(text, settings.password_rounds),
            HashingEffort::Fast => Hash::of_generated(text),
        };
        let secret_hash = |text: &str| match hashing {
            HashingEffort::Slow => NewSecret::chosen(text).hash().clone(),
            HashingEffort::Fast => Hash::of_generated(text),
        };
        for user in &declared.users {
            let id = &user.id.id;
            let there = store.read(|tx| tx.passwords(id))?.map(|passwords| passwords.password);
            // Only a new user gets one.
            let temporary = if there.is_none() { new_hash(&user.temporary_password, None, password_hash) } else { None };
            prepared.temporary_passwords.extend(temporary.map(|hash| (id.clone(), hash)));
            let hash = match (&user.password, &there) {
                // A password that nobody knows.
                (DeclaredSecret::Unsaid | DeclaredSecret::None, None) => Some(Hash::of_generated(&fresh_key())),
                (secret, there) => new_hash(secret, there.as_ref(), password_hash),
            };
            let is_other = is_other(&user.password, there.as_ref());
            prepared.passwords.insert(id.clone(), ComparedSecret { there, hash, is_other });
        }
        for client in &declared.clients {
            let id = &client.id.id;
            let there = store.read(|tx| newest_secret(tx, id))?;
            let hash = new_hash(&client.secret, there.as_ref(), secret_hash);
            let is_other = is_other(&client.secret, there.as_ref());
            prepared.secrets.insert(id.clone(), ComparedSecret { there, hash, is_other });
        }
        Ok(prepared)
    }

    /// Returns the hashes for a user who is created.
    pub fn temporary_password(&self, id: &UserId) -> Option<&Hash> {
        self.temporary_passwords.get(id)
    }

    /// Decides about the password of a user.
    /// # Errors
    /// `plan_outdated`.
    pub fn password<'d>(&'d self, tx: &Tx<'_>, user: &'d DeclaredUser) -> Result<SecretVerdict<'d>> {
        let secret = self.passwords.get(&user.id.id).ok_or_else(|| Error::from(&PLAN_OUTDATED))?;
        check_is_as_compared(secret, tx.passwords(&user.id.id)?.map(|passwords| passwords.password))?;
        Ok(verdict(secret, &user.password, &user.password_at))
    }

    /// Decides about the secret of a client.
    /// # Errors
    /// `plan_outdated`; `fixture_wrong_member` if a new client needs one.
    pub fn secret<'d>(&'d self, tx: &Tx<'_>, client: &'d DeclaredClient) -> Result<SecretVerdict<'d>> {
        let secret = self.secrets.get(&client.id.id).ok_or_else(|| Error::from(&PLAN_OUTDATED))?;
        check_is_as_compared(secret, newest_secret(tx, &client.id.id)?)?;
        if client.secret == DeclaredSecret::Unsaid && !tx.client_exists(&client.id.id, Deleted::Either)? {
            let client_at = client.id.at.trim_end_matches("/client_id");
            return Err(wrong_at(
                client_at,
                format!("needs a `secret`: there is no such client yet. {FROM_WHERE}, or null for a public client"),
            ));
        }
        Ok(verdict(secret, &client.secret, &client.secret_at))
    }
}

fn newest_secret(tx: &Tx<'_>, id: &ClientId) -> Result<Option<Hash>> {
    Ok(tx.client_secrets(id)?.into_iter().next().map(|secret| secret.hash))
}

/// Returns the hash of a declared secret that is another than the one there.
fn new_hash(secret: &DeclaredSecret, there: Option<&Hash>, hash: impl Fn(&str) -> Hash) -> Option<Hash> {
    match secret {
        DeclaredSecret::Unsaid | DeclaredSecret::None => None,
        DeclaredSecret::Plain(text) => (!there.is_some_and(|there| there.matches(text))).then(|| hash(text)),
        DeclaredSecret::Generated(text) => there.is_none().then(|| Hash::of_generated(text)),
        DeclaredSecret::Hash(hash) => (there != Some(hash)).then(|| hash.clone()),
    }
}

/// Returns whether a secret that was generated once is another than the one there. Slow where that one was chosen by hand.
fn is_other(secret: &DeclaredSecret, there: Option<&Hash>) -> bool {
    matches!((secret, there), (DeclaredSecret::Generated(text), Some(there)) if !there.matches(text))
}

fn check_is_as_compared(secret: &ComparedSecret, there: Option<Hash>) -> Result<()> {
    if secret.there == there { Ok(()) } else { Err((&PLAN_OUTDATED).into()) }
}

fn verdict<'d>(secret: &'d ComparedSecret, declared: &DeclaredSecret, at: &'d str) -> SecretVerdict<'d> {
    match (declared, &secret.hash, &secret.there) {
        (DeclaredSecret::None, None, Some(_)) => SecretVerdict::Removed,
        (DeclaredSecret::Generated(_), Some(hash), _) => SecretVerdict::Set { hash, generated_at: Some(at) },
        (_, Some(hash), _) => SecretVerdict::Set { hash, generated_at: None },
        (DeclaredSecret::Generated(_), None, Some(_)) if secret.is_other => SecretVerdict::Kept(Some(ROTATED)),
        (_, None, _) => SecretVerdict::Kept(None),
    }
}
