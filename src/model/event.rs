//! Events, recorded in the transaction of the change.

use serde_json::Value;

use crate::base::request_id::is_of_operator;

macro_rules! actions {
    ($($action:ident = $name:literal $words:literal,)+) => {
        /// The action of an event: what was done to what.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action {
            $($action),+
        }

        impl Action {
            const EVERY: &[Action] = &[$(Action::$action),+];

            /// Returns the part of the name after the entity: `update`, `collaborator.delete`.
            fn name(self) -> &'static str {
                match self { $(Action::$action => $name),+ }
            }

            /// Returns what was done in words; those in lower case belong behind the kind of the entity.
            fn words(self) -> &'static str {
                match self { $(Action::$action => $words),+ }
            }
        }
    };
}

actions! {
    Create = "create" "created",
    Update = "update" "changed",
    Delete = "delete" "deleted",
    Restore = "restore" "restored",
    Purge = "purge" "purged",
    SetCollaborator = "collaborator.update" "Collaborator set",
    RemoveCollaborator = "collaborator.delete" "Collaborator removed",
    CreateApiKey = "api-key.create" "API key created",
    UpdateApiKey = "api-key.update" "API key changed",
    DeleteApiKey = "api-key.delete" "API key deleted",
    RotateSecret = "secret.rotate" "Secret rotated",
    EndSecret = "secret.delete" "Secret ended",
    ChangePassword = "password.update" "Password changed",
    UseTemporaryPassword = "temporary-password.use" "Temporary password used",
    CreateSignInLink = "sign-in-link.create" "Sign-in link created",
    UseSignInLink = "sign-in-link.use" "Sign-in link used",
    DeleteSignInLink = "sign-in-link.delete" "Sign-in link deleted",
    BeginSession = "session.create" "Signed in",
    EndSession = "session.delete" "Session ended",
    Authorize = "authorization.update" "Authorized",
    DeleteAuthorization = "authorization.delete" "Authorization revoked",
    DeleteAuthorizations = "authorization.delete-all" "Authorizations of everyone revoked",
    DeleteToken = "token.delete" "Token revoked",
    BeginTrial = "trial.create" "Trial begun",
    EndTrial = "trial.delete" "Trial ended",
    RequestReview = "review.request" "Review requested",
    StoreVerdict = "verdict.create" "Reviewed",
    RefuseAuthorization = "authorize.refuse" "Authorization refused",
    RefuseToken = "token.refuse" "Token refused",
}

impl Action {
    /// What people without rights on a client do to it: authorize it, withdraw that, or be refused.
    pub const BY_ANYONE: &[Action] =
        &[Action::Authorize, Action::DeleteAuthorization, Action::DeleteToken, Action::RefuseAuthorization, Action::RefuseToken];

    pub const REFUSALS: &[Action] = &[Action::RefuseAuthorization, Action::RefuseToken];

    /// Actions that give values which people review: each stays in the history.
    pub const GIVING: &[Action] = &[
        Action::Create,
        Action::Update,
        Action::SetCollaborator,
        Action::CreateApiKey,
        Action::UpdateApiKey,
        Action::BeginTrial,
        Action::RequestReview,
        Action::Authorize,
    ];

    /// Actions that remove such values: each stays too.
    pub const TAKING: &[Action] = &[Action::Update, Action::RemoveCollaborator, Action::DeleteApiKey];

    /// Returns the whole name for an entity of this kind: `client.update`.
    pub fn of(self, kind: &str) -> String {
        format!("{kind}.{}", self.name())
    }

    /// Returns what an event of this name says in words: `client changed`.
    pub fn in_words(name: &str) -> Option<String> {
        let (kind, rest) = name.split_once('.')?;
        let words = Action::EVERY.iter().find(|action| action.name() == rest)?.words();
        Some(if words.starts_with(|c: char| c.is_lowercase()) { format!("{kind} {words}") } else { words.to_owned() })
    }
}

/// A change. `old` and `new` are objects of the fields that differ, secrets masked.
#[derive(Debug)]
pub struct Change {
    pub action: Action,
    /// `client`, `user` or `organization`.
    pub entity_kind: &'static str,
    pub entity_id: String,
    pub old: Value,
    pub new: Value,
    /// The number of the event that it undoes.
    pub undoes: Option<i64>,
}

/// The actor of an event: the account, the API key or OAuth client used, if any, and the request.
#[derive(Clone, Debug, Default)]
pub struct Actor {
    pub account_id: Option<String>,
    pub api_key_id: Option<String>,
    /// Acting for the account, or without one for itself.
    pub client_id: Option<String>,
    pub request_id: String,
}

impl Actor {
    /// Returns whether it was the operator at the machine, rather than an anonymous caller.
    pub fn is_operator(&self) -> bool {
        self.account_id.is_none() && is_of_operator(&self.request_id)
    }
}
