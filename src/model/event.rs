//! What happened, written down in the transaction that does it.

use serde_json::Value;

use crate::base::request_id::OPERATOR;

/// The name of a kind of event says what was done to what; the list is all there is.
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
    BeginSession,
    EndSession,
    Authorize,
    DeleteAuthorization,
    DeleteToken,
    BeginTrial,
    EndTrial,
    RefuseAuthorization,
    RefuseToken,
}

impl Action {
    /// What happens to a client without anybody having a right on it: people authorize it and take that back, and strangers are refused.
    pub const BY_ANYONE: &[Action] =
        &[Action::Authorize, Action::DeleteAuthorization, Action::DeleteToken, Action::RefuseAuthorization, Action::RefuseToken];

    pub const REFUSALS: &[Action] = &[Action::RefuseAuthorization, Action::RefuseToken];

    /// What gives somebody or something values that people review: each of these stays in the history.
    pub const GIVING: &[Action] = &[
        Action::Create,
        Action::Update,
        Action::SetCollaborator,
        Action::CreateApiKey,
        Action::UpdateApiKey,
        Action::BeginTrial,
        Action::Authorize,
    ];

    /// What takes such values away: each of these stays too.
    pub const TAKING: &[Action] = &[Action::Update, Action::RemoveCollaborator, Action::DeleteApiKey];

    /// The whole name, of an entity of this kind: `client.update`.
    pub fn of(self, kind: &str) -> String {
        format!("{kind}.{}", self.name())
    }

    /// The part after the entity: `client.update`, `client.collaborator.delete`.
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
            Action::BeginSession => "session.create",
            Action::EndSession => "session.delete",
            Action::Authorize => "authorization.update",
            Action::DeleteAuthorization => "authorization.delete",
            Action::DeleteToken => "token.delete",
            Action::BeginTrial => "trial.create",
            Action::EndTrial => "trial.delete",
            Action::RefuseAuthorization => "authorize.refuse",
            Action::RefuseToken => "token.refuse",
        }
    }
}

/// What changed. `old` and `new` are objects of the fields that differ, secrets masked.
#[derive(Debug)]
pub struct Change {
    pub action: Action,
    /// `client`, `user` or `organization`.
    pub entity_kind: &'static str,
    pub entity_id: String,
    pub old: Value,
    pub new: Value,
}

/// Who did it: the account, the API key or the OAuth client it was done with, if any, and the request it was done in.
#[derive(Clone, Debug, Default)]
pub struct Actor {
    pub account_id: Option<String>,
    pub api_key_id: Option<String>,
    /// In the name of the account, or without one by itself.
    pub client_id: Option<String>,
    pub request_id: String,
}

impl Actor {
    /// Whether it was the operator at the machine, not somebody who sent a request without saying who he is.
    pub fn is_operator(&self) -> bool {
        self.account_id.is_none() && self.request_id == OPERATOR
    }
}
