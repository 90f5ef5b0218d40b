//! Events, recorded in the transaction of the change.

use serde_json::Value;

use crate::base::request_id::is_of_operator;

/// The action of an event: what was done to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Create,
    Update,
    Delete,
    Restore,
    Purge,
    SetCollaborator,
    RemoveCollaborator,
    CreateApiKey,
    UpdateApiKey,
    DeleteApiKey,
    RotateSecret,
    EndSecret,
    ChangePassword,
    UseTemporaryPassword,
    CreateSignInLink,
    UseSignInLink,
    DeleteSignInLink,
    BeginSession,
    EndSession,
    Authorize,
    DeleteAuthorization,
    DeleteToken,
    BeginTrial,
    EndTrial,
    RequestReview,
    StoreVerdict,
    RefuseAuthorization,
    RefuseToken,
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

    /// Returns the part after the entity: `update`, `collaborator.delete`.
    fn name(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
            Action::Restore => "restore",
            Action::Purge => "purge",
            Action::SetCollaborator => "collaborator.update",
            Action::RemoveCollaborator => "collaborator.delete",
            Action::CreateApiKey => "api-key.create",
            Action::UpdateApiKey => "api-key.update",
            Action::DeleteApiKey => "api-key.delete",
            Action::RotateSecret => "secret.rotate",
            Action::EndSecret => "secret.delete",
            Action::ChangePassword => "password.update",
            Action::UseTemporaryPassword => "temporary-password.use",
            Action::CreateSignInLink => "sign-in-link.create",
            Action::UseSignInLink => "sign-in-link.use",
            Action::DeleteSignInLink => "sign-in-link.delete",
            Action::BeginSession => "session.create",
            Action::EndSession => "session.delete",
            Action::Authorize => "authorization.update",
            Action::DeleteAuthorization => "authorization.delete",
            Action::DeleteToken => "token.delete",
            Action::BeginTrial => "trial.create",
            Action::EndTrial => "trial.delete",
            Action::RequestReview => "review.request",
            Action::StoreVerdict => "verdict.create",
            Action::RefuseAuthorization => "authorize.refuse",
            Action::RefuseToken => "token.refuse",
        }
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
