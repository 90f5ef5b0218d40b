//! Writes everything in one transaction of SQL, and says what is left out.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::base::error::{Error, Result};
use crate::base::secret::{Hash, fresh_key};
use crate::model::client::Client;
use crate::model::sign_in::SignInSettings;
use crate::registry::live_tokens;
use crate::store::Tx;
use crate::tts::copy::{CopyTable, END};
use crate::tts::tables::{
    ACCESS_TOKENS, ACCOUNTS, API_KEYS, ATTRIBUTES, AUTHORIZATIONS, AccountRow, AttributeRow, CLIENT, CLIENTS, ClientRow, MEMBERSHIPS,
    ORGANIZATION, ORGANIZATIONS, TokenRow, USER, USERS, UserRow,
};

/// What the file begins with. Loading it without the last line changes nothing.
const BEGINNING: &str = "\
-- Everything that the Identity Server of The Things Stack 3.32 can take over from keyfob, for its database as `is-db migrate` leaves it:
-- without any user, organization or client. It has hashes of passwords and keys: keep it private.
SET client_encoding = 'UTF8';
BEGIN;

";

/// Of secrets in former hashes: using one hashes it anew.
const FORMER_KEYS: &str = "API keys that a former version hashed: use them once here before, or create others there";
const FORMER_SECRETS: &str = "client secrets that a former version hashed: use them once here before, or rotate them there";
const FORMER_ACCESS_TOKENS: &str = "access tokens that a former version hashed: they can be refreshed";
const FORMER_REFRESH_TOKENS: &str = "refresh tokens that a former version hashed: their users authorize the client again";
const OLDER_SECRETS: &str = "older client secrets that are valid for a grace period: a client has one there, the newest";
const WIDER_RIGHTS: &str = "refresh tokens that could bring back more rights than their last access token: there they bring those";
const SIGN_IN_SETTINGS: &str = "clients that say how they sign users in: there is no OpenID Connect there";
const CLOSED_CLIENTS: &str = "clients that are for the members of some groups: there everybody may use them, so suspend them before";
const STRANGE_PASSWORDS: &str = "passwords with hashes that The Things Stack cannot read: their users need new ones";

/// What was written, by table, and what was not.
#[derive(Debug, Default)]
pub struct ExportReport {
    pub carried: Vec<(&'static str, u64)>,
    pub left_out: Vec<(&'static str, u64)>,
}

impl ExportReport {
    fn leave_out(&mut self, what: &'static str, number: u64) {
        match self.left_out.iter_mut().find(|(known, _)| *known == what) {
            Some((_, so_far)) => *so_far += number,
            None if number > 0 => self.left_out.push((what, number)),
            None => {}
        }
    }

    /// Returns the hash if The Things Stack can compare with it; else notes that it is left out.
    fn portable(&mut self, hash: Hash, left_out: &'static str) -> Option<Hash> {
        if hash.is_portable() {
            return Some(hash);
        }
        self.leave_out(left_out, 1);
        None
    }
}

/// Writes everything.
/// # Errors
/// Fails if `out` does, and as reading does.
pub fn write(tx: &Tx<'_>, out: &mut dyn Write) -> Result<ExportReport> {
    let mut report = ExportReport::default();
    out.write_all(BEGINNING.as_bytes()).map_err(unwritten)?;
    accounts(tx, out, &mut report)?;
    clients(tx, out, &mut report)?;
    block(&ATTRIBUTES, out, &mut report, |_, put| attributes(tx, put))?;
    block(&MEMBERSHIPS, out, &mut report, |_, put| tx.each_member(put))?;
    block(&API_KEYS, out, &mut report, |report, put| {
        tx.each_api_key(&mut |(key, hash)| report.portable(hash, FORMER_KEYS).map_or(Ok(()), |hash| put((key, hash))))
    })?;
    block(&AUTHORIZATIONS, out, &mut report, |_, put| tx.each_authorization(put))?;
    tokens(tx, out, &mut report)?;
    out.write_all(b"COMMIT;\n").and_then(|()| out.flush()).map_err(unwritten)?;
    for (what, number) in tx.count_local()? {
        report.leave_out(what, number);
    }
    Ok(report)
}

/// Takes the rows of a table.
type Put<'p, T> = &'p mut dyn FnMut(T) -> Result<()>;

/// Writes a table.
fn block<T>(
    table: &CopyTable<T>,
    out: &mut dyn Write,
    report: &mut ExportReport,
    each: impl FnOnce(&mut ExportReport, Put<'_, T>) -> Result<()>,
) -> Result<()> {
    out.write_all(table.statement().as_bytes()).map_err(unwritten)?;
    let mut rows = 0;
    each(report, &mut |row| {
        rows += 1;
        table.write_row(&row, out).map_err(unwritten)
    })?;
    report.carried.push((table.name, rows));
    out.write_all(END.as_bytes()).map_err(unwritten)
}

/// Users, organizations, and the account of each.
fn accounts(tx: &Tx<'_>, out: &mut dyn Write, report: &mut ExportReport) -> Result<()> {
    block(&USERS, out, report, |report, put| {
        tx.each_user(&mut |(user, passwords)| {
            let is_temporary = passwords.temporary_until(tx.now).is_some();
            let password = report.portable(passwords.password, STRANGE_PASSWORDS).map(|hash| hash.as_str().to_owned()).unwrap_or_default();
            put(UserRow { user, password, temporary_password: passwords.temporary.filter(|_| is_temporary) })
        })
    })?;
    block(&ORGANIZATIONS, out, report, |_, put| tx.each_organization(put))?;
    block(&ACCOUNTS, out, report, |_, put| {
        tx.each_user(&mut |(user, _)| {
            let (created_at, updated_at, deleted_at) = (user.created_at, user.updated_at, user.deleted_at);
            put(AccountRow { kind: USER, id: user.id.to_string(), created_at, updated_at, deleted_at })
        })?;
        tx.each_organization(&mut |organization| {
            let (created_at, updated_at, deleted_at) = (organization.created_at, organization.updated_at, organization.deleted_at);
            put(AccountRow { kind: ORGANIZATION, id: organization.id.to_string(), created_at, updated_at, deleted_at })
        })
    })
}

fn clients(tx: &Tx<'_>, out: &mut dyn Write, report: &mut ExportReport) -> Result<()> {
    block(&CLIENTS, out, report, |report, put| {
        tx.each_client(&mut |client| {
            report.leave_out(SIGN_IN_SETTINGS, (client.sign_in != SignInSettings::default()).into());
            report.leave_out(CLOSED_CLIENTS, (!client.sign_in.allowed_groups.is_empty()).into());
            let secret = newest_secret(tx, &client, report)?;
            put(ClientRow { client, secret })
        })
    })
}

/// Returns the hash of a client's newest secret. One that cannot be carried becomes one that nobody knows: without any, the client would be
/// taken for a public one.
fn newest_secret(tx: &Tx<'_>, client: &Client, report: &mut ExportReport) -> Result<Option<Hash>> {
    let mut valid = tx.client_secrets(&client.id)?.into_iter();
    let Some(newest) = valid.next() else { return Ok(None) };
    report.leave_out(OLDER_SECRETS, valid.count() as u64);
    Ok(report.portable(newest.hash, FORMER_SECRETS).or_else(|| Some(Hash::of_generated(&fresh_key()))))
}

fn attributes(tx: &Tx<'_>, put: Put<'_, AttributeRow>) -> Result<()> {
    let mut put_all = |kind, id: &str, attributes: BTreeMap<String, String>| {
        attributes.into_iter().try_for_each(|(key, value)| put(AttributeRow { kind, id: id.to_owned(), key, value }))
    };
    tx.each_user(&mut |(user, _)| put_all(USER, user.id.as_str(), user.attributes))?;
    tx.each_organization(&mut |organization| put_all(ORGANIZATION, organization.id.as_str(), organization.attributes))?;
    tx.each_client(&mut |client| put_all(CLIENT, client.id.as_str(), client.attributes))
}

fn tokens(tx: &Tx<'_>, out: &mut dyn Write, report: &mut ExportReport) -> Result<()> {
    block(&ACCESS_TOKENS, out, report, |report, put| {
        live_tokens::each(tx, &mut |token, hashes| {
            if token.refresh_rights != token.rights && hashes.refresh.is_some() {
                report.leave_out(WIDER_RIGHTS, 1);
            }
            let access = Some(hashes.access).filter(|_| token.expires_at > tx.now);
            let access = access.and_then(|hash| report.portable(hash, FORMER_ACCESS_TOKENS));
            let refresh = hashes.refresh.and_then(|hash| report.portable(hash, FORMER_REFRESH_TOKENS));
            if access.is_none() && refresh.is_none() {
                return Ok(());
            }
            let text = |hash: Option<Hash>| hash.map(|hash| hash.as_str().to_owned()).unwrap_or_default();
            put(TokenRow { token, access: text(access), refresh: text(refresh) })
        })
    })
}

fn unwritten(error: io::Error) -> Error {
    Error::Unavailable(error.into())
}
