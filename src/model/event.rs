//! Events, recorded in the transaction of the change.

use serde_json::Value;

use crate::base::named::named;
use crate::base::request_id::is_of_operator;

macro_rules! actions {
    ($($action:ident = $name:literal $topic:ident $sentence:literal,)+) => {
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

            /// Returns what it is about.
            pub fn topic(self) -> Topic {
                match self { $(Action::$action => Topic::$topic),+ }
            }

            /// Returns the sentence that tells it: `{who}` acts, `{it}` is the entity, and `{part}`, `{fields}` and `{outcome}` are what its
            /// values say.
            pub fn sentence(self) -> &'static str {
                match self { $(Action::$action => $sentence),+ }
            }
        }
    };
}

actions! {
    Create = "create" Changes "{who} created {it}",
    Update = "update" Changes "{who} changed the {fields} of {it}",
    Delete = "delete" Changes "{who} deleted {it}",
    Restore = "restore" Changes "{who} restored {it}",
    Purge = "purge" Changes "{who} purged {it}",
    SetCollaborator = "collaborator.update" Members "{who} set the rights of {part} on {it}",
    RemoveCollaborator = "collaborator.delete" Members "{who} removed {part} from {it}",
    CreateApiKey = "api-key.create" Secrets "{who} created an API key of {it}",
    UpdateApiKey = "api-key.update" Secrets "{who} changed an API key of {it}",
    DeleteApiKey = "api-key.delete" Secrets "{who} deleted an API key of {it}",
    RotateSecret = "secret.rotate" Secrets "{who} made a new secret for {it}",
    EndSecret = "secret.delete" Secrets "{who} ended a secret of {it}",
    ChangePassword = "password.update" SignIns "{who} changed the password of {it}",
    UseTemporaryPassword = "temporary-password.use" SignIns "{who} used the temporary password of {it}",
    CreateSignInLink = "sign-in-link.create" SignIns "{who} created a sign-in link for {it}",
    UseSignInLink = "sign-in-link.use" SignIns "{who} used the sign-in link of {it}",
    DeleteSignInLink = "sign-in-link.delete" SignIns "{who} withdrew the sign-in link of {it}",
    BeginSession = "session.create" SignIns "{who} signed in",
    EndSession = "session.delete" SignIns "{who} ended a session of {it}",
    Authorize = "authorization.update" Authorizations "{who} authorized {it}",
    DeleteAuthorization = "authorization.delete" Authorizations "{who} revoked the authorization of {it}",
    DeleteAuthorizations = "authorization.delete-all" Authorizations "{who} revoked everyone's authorization of {it}",
    DeleteToken = "token.delete" Authorizations "{who} ended a token of {it}",
    BeginTrial = "trial.create" Reviews "{who} began to try {it}",
    EndTrial = "trial.delete" Reviews "{who} ended a trial of {it}",
    RequestReview = "review.request" Reviews "{who} asked for a review of {it}",
    StoreVerdict = "verdict.create" Reviews "{who} {outcome} {it}",
    RefuseAuthorization = "authorize.refuse" Refusals "A request to authorize {it} was refused: {part}",
    RefuseToken = "token.refuse" Refusals "A request of {it} for a token was refused: {part}",
    AddSigningKey = "signing-key.create" Secrets "{who} added a key that signs tokens by {it}",
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

    pub fn of_event(name: &str) -> Option<Action> {
        let (_, action) = name.split_once('.')?;
        Action::EVERY.iter().copied().find(|known| known.name() == action)
    }
}

named! {
    /// What people look for in the history, with its name in addresses.
    pub enum Topic {
        Changes = "changes",
        Members = "members",
        Secrets = "secrets",
        Authorizations = "authorizations",
        SignIns = "sign-ins",
        Reviews = "reviews",
        Refusals = "refusals",
    }
}

impl Topic {
    /// Returns what people call it.
    pub fn words(self) -> &'static str {
        match self {
            Topic::Changes => "Registrations and changes",
            Topic::Members => "Collaborators and members",
            Topic::Secrets => "Secrets and API keys",
            Topic::Authorizations => "Authorizations",
            Topic::SignIns => "Sign-ins and passwords",
            Topic::Reviews => "Reviews",
            Topic::Refusals => "Refusals",
        }
    }

    /// Returns the names of its events.
    pub fn events(self) -> Vec<String> {
        let actions = Action::EVERY.iter().filter(|action| action.topic() == self);
        actions.flat_map(|action| ["client", "user", "organization", "server"].map(|kind| action.of(kind))).collect()
    }
}

/// A change. `old` and `new` are objects of the fields that differ, secrets masked; null, like each field of it, for what was or is not there.
pub struct Change {
    pub action: Action,
    /// `client`, `user`, `organization` or `server`.
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
