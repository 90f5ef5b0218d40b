//! The rows of access tokens, with their refresh tokens.

use std::sync::LazyLock;

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::{ClientId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::right::Rights;
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::bounds::MOST_SURPLUS;
use crate::model::choice::State;
use crate::model::grant::AccessToken;
use crate::model::sign_in::SignInSettings;
use crate::store::cache::{Cached, Kinds, TEXT};
use crate::store::query::{Direction, SelectQuery, order_by};
use crate::store::sql::Cells;
use crate::store::table::{Stored, table};
use crate::store::transaction::Tx;

/// The hashes of the two tokens of a row.
#[derive(Clone, Debug)]
pub struct Hashes {
    pub access: Hash,
    pub refresh: Option<Hash>,
}

/// A token with everything stored about it.
#[derive(Clone, Debug)]
pub struct StoredToken {
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
    /// What the successor's keys are derived from; deleted when it can no longer be requested again.
    pub salt: Option<Vec<u8>>,
}

/// What using a token depends on in its client.
#[derive(Clone, Debug)]
pub struct TokenClient {
    pub is_live: bool,
    pub state: State,
    pub state_description: String,
    /// What it may ask its users for now.
    pub rights: Rights,
    /// What it could ask everyone for when it was last approved.
    pub approved: Rights,
    pub sign_in: SignInSettings,
}

/// The number of tokens that a client got on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenDay {
    /// As counted by [`Time::day`].
    pub day: i64,
    pub issued: i64,
    pub last_issued_at: Time,
}

table! {
    AccessToken in "access_tokens" t with access_hash, refresh_hash;
    fixed {
        token_id: id, family_id: family_id, user_id: user_id, client_id: client_id, session_id: session_id, rights: rights,
        refresh_rights: refresh_rights, created_at: created_at, expires_at: expires_at, ends_at: ends_at,
        words: words, refresh_words: refresh_words, signed_in_at: signed_in_at,
    }
    changing {}
    rest(cells) {}
}

/// The columns that are stored about a token.
const BESIDE: &str = "t.access_hash, t.refresh_hash, t.used_at, t.rotated_at, s.successor_id, s.salt";

/// The tokens, each with what it was rotated into while that can be requested again.
const FROM: &str = "access_tokens t LEFT JOIN token_successors s ON s.rotated_at = t.rotated_at AND s.token_number = t.token_number";

static TOKEN: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {}, {BESIDE} FROM {FROM} WHERE t.token_id = :token_id", AccessToken::COLUMNS));

/// Selects tokens that were not rotated, with their clients, by a further condition.
static TOKEN_WITH_CLIENT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {}, {BESIDE}, c.deleted_at AS client_deleted_at, c.state, c.state_description, \
         c.rights AS client_rights, c.approved_rights, c.sign_in \
         FROM {FROM} JOIN clients c ON c.client_id = t.client_id WHERE t.rotated_at IS NULL AND ",
        AccessToken::COLUMNS
    )
});

static ONE_TOKEN_WITH_CLIENT: LazyLock<String> = LazyLock::new(|| format!("{}t.token_id = :token_id", *TOKEN_WITH_CLIENT));

fn read_stored(cells: &mut Cells<'_>) -> rusqlite::Result<StoredToken> {
    let token = AccessToken::read(cells)?;
    let hashes = Hashes { access: cells.take("access_hash")?, refresh: cells.take("refresh_hash")? };
    let used_at = cells.take("used_at")?;
    let (at, successor_id, salt) = (cells.take::<Option<Time>>("rotated_at")?, cells.text("successor_id")?, cells.take("salt")?);
    Ok(StoredToken { token, hashes, used_at, rotated: at.map(|at| Rotated { at, successor_id, salt }) })
}

fn read_client(cells: &mut Cells<'_>) -> rusqlite::Result<TokenClient> {
    Ok(TokenClient {
        is_live: cells.take::<Option<Time>>("client_deleted_at")?.is_none(),
        state: cells.take("state")?,
        state_description: cells.take("state_description")?,
        rights: cells.rights("client_rights")?.into_iter().collect(),
        approved: cells.take("approved_rights")?,
        sign_in: cells.take("sign_in")?,
    })
}

/// A token that was not rotated, with its client.
#[derive(Clone)]
struct TokenWithClient(StoredToken, TokenClient);

impl Cached for TokenWithClient {
    const KINDS: Kinds = Kinds::TOKENS.with(Kinds::CLIENTS);

    fn bytes(&self) -> usize {
        // The IDs and the hashes.
        512 + self.1.state_description.len() + self.1.sign_in.words().map(|word| TEXT + word.len()).sum::<usize>()
    }
}

impl Tx<'_> {
    /// Visits every token that can be used or refreshed, with its client.
    pub(crate) fn each_live_access_token(&self, visit: &mut dyn FnMut((StoredToken, TokenClient)) -> Result<()>) -> Result<()> {
        let statement = format!("{}t.ends_at > :now ORDER BY t.token_number", *TOKEN_WITH_CLIENT);
        let read = |cells: &mut Cells<'_>| Ok((read_stored(cells)?, read_client(cells)?));
        self.each(&statement, named_params! {":now": self.now}, read, visit)
    }

    /// Stores a token.
    /// # Errors
    /// Only those of the database.
    pub fn insert_access_token(&self, token: &AccessToken, hashes: &Hashes) -> Result<()> {
        self.insert(token, &[&hashes.access, &hashes.refresh])
    }

    /// Returns a token by its ID, rotated or not.
    /// # Errors
    /// Only those of the database.
    pub fn stored_access_token(&self, id: &str) -> Result<Option<StoredToken>> {
        self.one(&TOKEN, named_params! {":token_id": id}, read_stored)
    }

    /// Returns a token that was not rotated, with its client.
    pub(crate) fn access_token_with_client(&self, id: &str) -> Result<Option<(StoredToken, TokenClient)>> {
        let stored = |cells: &mut Cells<'_>| Ok(TokenWithClient(read_stored(cells)?, read_client(cells)?));
        let found = self.cached(id, || self.one(&ONE_TOKEN_WITH_CLIENT, named_params! {":token_id": id}, stored))?;
        Ok(found.map(|TokenWithClient(token, client)| (token, client)))
    }

    /// Returns the tokens of a user's authorization of a client that were not rotated, also expired ones.
    pub(crate) fn access_tokens(&self, user: &UserId, client: &ClientId, direction: Direction, page: Page) -> Result<Listed<AccessToken>> {
        let mut query = SelectQuery::from("access_tokens t");
        query.only_if("t.user_id = :user_id AND t.client_id = :client_id AND t.rotated_at IS NULL").with(":user_id", user);
        query.with(":client_id", client);
        let order = order_by("t.created_at", "t.token_id", direction);
        query.page(self, AccessToken::COLUMNS, &order, page, AccessToken::read)
    }

    /// Records when a token was first used.
    pub(crate) fn touch_access_token(&self, id: &str) -> Result<()> {
        let statement = "UPDATE access_tokens SET used_at = coalesce(used_at, :now) WHERE token_id = :token_id";
        self.run(statement, named_params! {":token_id": id, ":now": self.now})
    }

    /// Replaces the hash of an access token by another of the same token.
    pub(crate) fn renew_access_token_hash(&self, id: &str, hash: &Hash) -> Result<()> {
        let statement = "UPDATE access_tokens SET access_hash = :access_hash WHERE token_id = :token_id";
        self.run(statement, named_params! {":token_id": id, ":access_hash": hash})
    }

    /// Lets the access token of a row expire now; its refresh token stays.
    pub(crate) fn expire_access_token(&self, id: &str) -> Result<()> {
        let statement = "UPDATE access_tokens SET expires_at = :now WHERE token_id = :token_id";
        self.run(statement, named_params! {":token_id": id, ":now": self.now})
    }

    /// Records that a token was rotated; it stays until `ends_at`.
    /// # Errors
    /// Only those of the database.
    pub fn rotate_access_token(&self, id: &str, successor_id: &str, salt: &[u8], ends_at: Time) -> Result<()> {
        self.run(
            "UPDATE access_tokens SET rotated_at = :now, ends_at = :ends_at WHERE token_id = :token_id",
            named_params! {":token_id": id, ":now": self.now, ":ends_at": ends_at},
        )?;
        self.run(
            "INSERT INTO token_successors (rotated_at, token_number, successor_id, salt) \
             SELECT rotated_at, token_number, :successor_id, :salt FROM access_tokens WHERE token_id = :token_id",
            named_params! {":token_id": id, ":successor_id": successor_id, ":salt": salt},
        )
    }

    /// Deletes the token families of a user and a client beyond the newest `beyond`, at most [`MOST_SURPLUS`] of them.
    pub(crate) fn delete_surplus_token_families(&self, user: &UserId, client: &ClientId, beyond: usize) -> Result<()> {
        self.run(
            "DELETE FROM access_tokens WHERE family_id IN (SELECT family_id FROM access_tokens \
             WHERE user_id = :user_id AND client_id = :client_id AND rotated_at IS NULL ORDER BY created_at \
             LIMIT min(:most, max(0, (SELECT count(*) FROM access_tokens \
                 WHERE user_id = :user_id AND client_id = :client_id AND rotated_at IS NULL) - :beyond)))",
            named_params! {":user_id": user, ":client_id": client, ":beyond": beyond as i64, ":most": MOST_SURPLUS as i64},
        )
    }

    /// Returns whether as many tokens of a family were rotated after `since`.
    pub(crate) fn has_rotated_tokens(&self, family_id: &str, since: Time, number: usize) -> Result<bool> {
        self.exists(
            "SELECT 1 FROM access_tokens WHERE family_id = :family_id AND rotated_at > :since LIMIT 1 OFFSET :others",
            named_params! {":family_id": family_id, ":since": since, ":others": number.saturating_sub(1) as i64},
        )
    }

    pub(crate) fn delete_token_family(&self, family_id: &str) -> Result<()> {
        self.run("DELETE FROM access_tokens WHERE family_id = :family_id", named_params! {":family_id": family_id})
    }

    /// Deletes every code and token of a user.
    pub(crate) fn delete_codes_and_tokens(&self, user: &UserId) -> Result<()> {
        self.run("DELETE FROM access_tokens WHERE user_id = :user_id", named_params! {":user_id": user})?;
        self.run("DELETE FROM authorization_codes WHERE user_id = :user_id", named_params! {":user_id": user})
    }

    /// Deletes at most `limit` tokens that ended before now; returns how many were deleted.
    pub(crate) fn delete_ended_access_tokens(&self, limit: usize) -> Result<usize> {
        self.prune("access_tokens", "token_number", "ends_at <= :before", self.now, limit)
    }

    /// Forgets what successors follow from, of at most `limit` tokens that were rotated before this time; returns of how many.
    pub(crate) fn delete_old_token_successors(&self, before: Time, limit: usize) -> Result<usize> {
        self.prune("token_successors", "rotated_at, token_number", "rotated_at < :before", before, limit)
    }

    /// Counts one more token that the client got today.
    pub(crate) fn count_issued_token(&self, client: &ClientId) -> Result<()> {
        self.run(
            "INSERT INTO client_token_days (client_id, day, issued, last_issued_at) VALUES (:client_id, :day, 1, :now) \
             ON CONFLICT (client_id, day) DO UPDATE SET issued = issued + 1, last_issued_at = excluded.last_issued_at",
            named_params! {":client_id": client, ":day": self.now.day(), ":now": self.now},
        )
    }

    /// Returns the days since `first` on which the client got tokens, in their order.
    pub(crate) fn token_days(&self, client: &ClientId, first: i64) -> Result<Vec<TokenDay>> {
        self.all(
            "SELECT day, issued, last_issued_at FROM client_token_days WHERE client_id = :client_id AND day >= :first ORDER BY day",
            named_params! {":client_id": client, ":first": first},
            |cells| Ok(TokenDay { day: cells.take("day")?, issued: cells.take("issued")?, last_issued_at: cells.take("last_issued_at")? }),
        )
    }

    /// Deletes the counts of at most `limit` days before this one; returns how many were deleted.
    pub(crate) fn delete_old_token_days(&self, before: i64, limit: usize) -> Result<usize> {
        self.prune("client_token_days", "client_id, day", "day < :before", before, limit)
    }
}
