//! The rows of access tokens, with the refresh tokens beside them.

use rusqlite::{OptionalExtension, named_params};

use crate::base::error::Result;
use crate::base::id::{ClientId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::right::Rights;
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::bounds::MOST_SURPLUS;
use crate::model::choice::State;
use crate::model::grant::AccessToken;
use crate::store::query::{Query, order_by};
use crate::store::sql::{Cells, reading};
use crate::store::{Direction, Tx};

/// What proves the two tokens of a row.
#[derive(Clone, Debug)]
pub struct Hashes {
    pub access: Hash,
    pub refresh: Option<Hash>,
}

/// A token with all that is kept beside it.
#[derive(Clone, Debug)]
pub struct KeptToken {
    pub token: AccessToken,
    pub hashes: Hashes,
    pub used_at: Option<Time>,
    pub rotated: Option<Rotated>,
}

/// What a token was rotated into, and when.
#[derive(Clone, Debug)]
pub struct Rotated {
    pub at: Time,
    pub successor_id: String,
    /// What the keys of the successor follow from; forgotten when it can no longer be asked for again.
    pub salt: Option<Vec<u8>>,
}

/// The client of a token, as far as using the token depends on it.
#[derive(Clone, Debug)]
pub struct TokenClient {
    pub is_live: bool,
    pub state: State,
    pub state_description: String,
    /// What it may ask its users for now.
    pub rights: Rights,
    /// What it could ask everyone for when it last could.
    pub approved: Rights,
}

/// How many tokens a client got on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenDay {
    /// As [`Time::day`] counts.
    pub day: i64,
    pub issued: i64,
    pub last_issued_at: Time,
}

const COLUMNS: &str = "t.token_id, t.family_id, t.user_id, t.client_id, t.session_id, t.rights, t.refresh_rights, t.created_at, \
     t.expires_at, t.ends_at, t.access_hash, t.refresh_hash, t.used_at, t.rotated_at, t.successor_id, t.successor_salt";

fn read(cells: &mut Cells<'_>) -> rusqlite::Result<AccessToken> {
    Ok(AccessToken {
        id: cells.take("token_id")?,
        family_id: cells.take("family_id")?,
        user_id: cells.take("user_id")?,
        client_id: cells.take("client_id")?,
        session_id: cells.take("session_id")?,
        rights: cells.take("rights")?,
        refresh_rights: cells.take("refresh_rights")?,
        created_at: cells.take("created_at")?,
        expires_at: cells.take("expires_at")?,
        ends_at: cells.take("ends_at")?,
    })
}

fn read_kept(cells: &mut Cells<'_>) -> rusqlite::Result<KeptToken> {
    let token = read(cells)?;
    let access = Hash::kept(cells.take("access_hash")?);
    let refresh = cells.take::<Option<String>>("refresh_hash")?.map(Hash::kept);
    let used_at = cells.take("used_at")?;
    let (at, successor_id, salt) = (cells.take::<Option<Time>>("rotated_at")?, cells.text("successor_id")?, cells.take("successor_salt")?);
    Ok(KeptToken { token, hashes: Hashes { access, refresh }, used_at, rotated: at.map(|at| Rotated { at, successor_id, salt }) })
}

impl Tx<'_> {
    pub fn insert_access_token(&self, token: &AccessToken, hashes: &Hashes) -> Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO access_tokens \
                 (token_id, family_id, user_id, client_id, session_id, rights, refresh_rights, access_hash, refresh_hash, created_at, expires_at, ends_at) VALUES \
                 (:token_id, :family_id, :user_id, :client_id, :session_id, :rights, :refresh_rights, :access_hash, :refresh_hash, :created_at, :expires_at, :ends_at)",
            )?
            .execute(named_params! {
                ":token_id": token.id,
                ":family_id": token.family_id,
                ":user_id": token.user_id,
                ":client_id": token.client_id,
                ":session_id": token.session_id,
                ":rights": token.rights,
                ":refresh_rights": token.refresh_rights,
                ":access_hash": hashes.access.as_str(),
                ":refresh_hash": hashes.refresh.as_ref().map(Hash::as_str),
                ":created_at": token.created_at,
                ":expires_at": token.expires_at,
                ":ends_at": token.ends_at,
            })?;
        Ok(())
    }

    /// A token by its ID, rotated away or not.
    pub fn kept_access_token(&self, id: &str) -> Result<Option<KeptToken>> {
        let found = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM access_tokens t WHERE t.token_id = :token_id"))?
            .query_row(named_params! {":token_id": id}, reading(read_kept))
            .optional()?;
        Ok(found)
    }

    /// A token that was not rotated away, with its client.
    pub fn access_token_with_client(&self, id: &str) -> Result<Option<(KeptToken, TokenClient)>> {
        let found = self
            .connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS}, c.deleted_at AS client_deleted_at, c.state, c.state_description, \
                 (SELECT coalesce(sum(DISTINCT 1 << right), 0) FROM client_rights r WHERE r.client_id = c.client_id) AS client_rights, \
                 c.approved_rights \
                 FROM access_tokens t JOIN clients c ON c.client_id = t.client_id WHERE t.token_id = :token_id AND t.rotated_at IS NULL"
            ))?
            .query_row(
                named_params! {":token_id": id},
                reading(|cells| {
                    let token = read_kept(cells)?;
                    let is_live = cells.take::<Option<Time>>("client_deleted_at")?.is_none();
                    let client = TokenClient {
                        is_live,
                        state: cells.take("state")?,
                        state_description: cells.take("state_description")?,
                        rights: cells.take("client_rights")?,
                        approved: cells.take("approved_rights")?,
                    };
                    Ok((token, client))
                }),
            )
            .optional()?;
        Ok(found)
    }

    /// The tokens that a user's authorization of a client brought and that were not rotated away, expired ones too.
    pub fn access_tokens(&self, user: &UserId, client: &ClientId, direction: Direction, page: Page) -> Result<Listed<AccessToken>> {
        let mut query = Query::from("access_tokens t");
        query.only_if("t.user_id = :user_id AND t.client_id = :client_id AND t.rotated_at IS NULL");
        query.with(":user_id", user);
        query.with(":client_id", client);
        Ok(query.page(self.connection, COLUMNS, &order_by("t.created_at", "t.token_id", direction), page, read)?)
    }

    /// Notes when a token was first used.
    pub fn touch_access_token(&self, id: &str) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE access_tokens SET used_at = coalesce(used_at, :now) WHERE token_id = :token_id")?
            .execute(named_params! {":token_id": id, ":now": self.now})?;
        Ok(())
    }

    /// Rotates a token away; it stays until `ends_at`.
    pub fn rotate_access_token(&self, id: &str, successor_id: &str, salt: &[u8], ends_at: Time) -> Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE access_tokens SET rotated_at = :now, successor_id = :successor_id, successor_salt = :salt, ends_at = :ends_at \
                 WHERE token_id = :token_id",
            )?
            .execute(named_params! {
                ":token_id": id, ":successor_id": successor_id, ":salt": salt, ":now": self.now, ":ends_at": ends_at,
            })?;
        Ok(())
    }

    /// Ends the families of a user and a client beyond so many, those first whose tokens are oldest, a few at a time.
    pub fn delete_surplus_token_families(&self, user: &UserId, client: &ClientId, beyond: usize) -> Result<()> {
        self.connection
            .prepare_cached(
                "DELETE FROM access_tokens WHERE family_id IN (SELECT family_id FROM access_tokens \
                 WHERE user_id = :user_id AND client_id = :client_id AND rotated_at IS NULL ORDER BY created_at \
                 LIMIT min(:most, max(0, (SELECT count(*) FROM access_tokens \
                     WHERE user_id = :user_id AND client_id = :client_id AND rotated_at IS NULL) - :beyond)))",
            )?
            .execute(named_params! {":user_id": user, ":client_id": client, ":beyond": beyond as i64, ":most": MOST_SURPLUS as i64})?;
        Ok(())
    }

    /// How many tokens of a family were rotated away after `since`; it stops counting at `most`.
    pub fn rotated_tokens(&self, family_id: &str, since: Time, most: usize) -> Result<usize> {
        let count: i64 = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM (SELECT 1 FROM access_tokens WHERE family_id = :family_id AND rotated_at > :since LIMIT :most)",
            )?
            .query_row(named_params! {":family_id": family_id, ":since": since, ":most": most as i64}, |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    pub fn delete_token_family(&self, family_id: &str) -> Result<()> {
        self.connection
            .prepare_cached("DELETE FROM access_tokens WHERE family_id = :family_id")?
            .execute(named_params! {":family_id": family_id})?;
        Ok(())
    }

    /// Removes every code and token of a user.
    pub fn delete_codes_and_tokens(&self, user: &UserId) -> Result<()> {
        for table in ["access_tokens", "authorization_codes"] {
            self.connection
                .prepare_cached(&format!("DELETE FROM {table} WHERE user_id = :user_id"))?
                .execute(named_params! {":user_id": user})?;
        }
        Ok(())
    }

    /// Removes tokens that ended before now, at most so many; how many it were.
    pub fn delete_ended_access_tokens(&self, most: usize) -> Result<usize> {
        let deleted = self
            .connection
            .prepare_cached(
                "DELETE FROM access_tokens WHERE token_id IN (SELECT token_id FROM access_tokens WHERE ends_at <= :now LIMIT :most)",
            )?
            .execute(named_params! {":now": self.now, ":most": most as i64})?;
        Ok(deleted)
    }

    /// Forgets what successors follow from, of tokens rotated before this, at most so many; how many it were.
    pub fn forget_old_successor_salts(&self, before: Time, most: usize) -> Result<usize> {
        let forgotten = self
            .connection
            .prepare_cached(
                "UPDATE access_tokens SET successor_salt = NULL WHERE token_id IN (SELECT token_id FROM access_tokens \
                 WHERE successor_salt IS NOT NULL AND rotated_at < :before LIMIT :most)",
            )?
            .execute(named_params! {":before": before, ":most": most as i64})?;
        Ok(forgotten)
    }

    /// One more token for the client today.
    pub fn count_issued_token(&self, client: &ClientId) -> Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO client_token_days (client_id, day, issued, last_issued_at) VALUES (:client_id, :day, 1, :now) \
                 ON CONFLICT (client_id, day) DO UPDATE SET issued = issued + 1, last_issued_at = excluded.last_issued_at",
            )?
            .execute(named_params! {":client_id": client, ":day": self.now.day(), ":now": self.now})?;
        Ok(())
    }

    /// The days since `first` on which the client got tokens, in their order.
    pub fn token_days(&self, client: &ClientId, first: i64) -> Result<Vec<TokenDay>> {
        let days = self
            .connection
            .prepare_cached(
                "SELECT day, issued, last_issued_at FROM client_token_days WHERE client_id = :client_id AND day >= :first ORDER BY day",
            )?
            .query_map(
                named_params! {":client_id": client, ":first": first},
                reading(|cells| {
                    Ok(TokenDay { day: cells.take("day")?, issued: cells.take("issued")?, last_issued_at: cells.take("last_issued_at")? })
                }),
            )?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(days)
    }

    /// Removes the counts of days before this one, at most so many; how many it were.
    pub fn delete_old_token_days(&self, before: i64, most: usize) -> Result<usize> {
        let deleted = self
            .connection
            .prepare_cached(
                "DELETE FROM client_token_days WHERE (client_id, day) IN \
                 (SELECT client_id, day FROM client_token_days WHERE day < :before LIMIT :most)",
            )?
            .execute(named_params! {":before": before, ":most": most as i64})?;
        Ok(deleted)
    }
}
