//! An OAuth client (registry.md 1.1).

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::{Value, json};

use crate::base::id::{AccountId, ClientId};
use crate::base::right::{Right, Rights};
use crate::base::time::Time;
use crate::base::uri;
use crate::model::bounds::{self, ALLOWED_GROUPS, GROUP_FILTER, LOGOUT_REDIRECT_URIS, REDIRECT_URIS, RESOURCE_SERVERS, RIGHTS, SCOPES};
use crate::model::choice::{GRANTS, Grant, RIGHT_CHOICES, STATES, State};
use crate::model::field::{Field, MaskedIn, SetBy, row};
use crate::model::member::{ACCOUNT_PATHS, ContactAddresses};
use crate::model::shape::{CLIENT_ID_WORD, GROUP, Identifiers, SCOPE_WORD, Shape};
use crate::model::sign_in::{ACCESS_TOKEN_FORMATS, SIGNING_ALGORITHMS, SUBJECT_TYPES, SignInSettings};
use crate::model::value;

/// The longest that the description of a state may be, in characters.
pub const LONGEST_STATE_DESCRIPTION: usize = 128;

/// The ID of the client that the command line signs in with. In no list and no search.
pub const BUILT_IN: &str = "cli";

#[derive(Clone, Debug)]
pub struct Client {
    pub id: ClientId,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
    pub name: String,
    pub description: String,
    pub attributes: BTreeMap<String, String>,
    /// Computed on request, never stored.
    pub contact_info: ContactAddresses,
    pub administrative_contact: Option<AccountId>,
    pub technical_contact: Option<AccountId>,
    /// In clear, and only in the reply that issues it.
    pub secret: Option<String>,
    pub redirect_uris: Vec<String>,
    pub logout_redirect_uris: Vec<String>,
    pub state: State,
    pub state_description: String,
    pub skip_authorization: bool,
    pub endorsed: bool,
    pub grants: Vec<Grant>,
    pub rights: Vec<Right>,
    /// What it could ask everyone for when it was last approved.
    pub approved: Rights,
    pub sign_in: SignInSettings,
}

/// The client type (RFC 6749 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientType {
    /// It authenticates with a secret.
    Confidential,
    /// It has no secret: anyone can claim to be this client.
    Public,
}

impl Client {
    /// Returns what it may ask its users for, as a set.
    pub fn all_rights(&self) -> Rights {
        self.rights.iter().copied().collect()
    }

    /// Returns a client with only its ID and times.
    pub fn new(id: ClientId, now: Time) -> Client {
        Client {
            id,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            name: String::new(),
            description: String::new(),
            attributes: BTreeMap::new(),
            contact_info: ContactAddresses::default(),
            administrative_contact: None,
            technical_contact: None,
            secret: None,
            redirect_uris: Vec::new(),
            logout_redirect_uris: Vec::new(),
            state: State::default(),
            state_description: String::new(),
            skip_authorization: false,
            endorsed: false,
            grants: Vec::new(),
            rights: Vec::new(),
            approved: Rights::NONE,
            sign_in: SignInSettings::default(),
        }
    }

    /// Returns the URIs that nobody can be redirected to: the field and the place of each in it, and what is wrong with it.
    pub fn unusable_uris(&self) -> impl Iterator<Item = (&'static str, usize, &'static str)> {
        let fields = [("redirect_uris", &self.redirect_uris), ("logout_redirect_uris", &self.logout_redirect_uris)];
        let in_field = |(name, uris): (&'static str, &Vec<String>)| {
            let unusable = uris.iter().enumerate().filter_map(|(at, uri)| uri::why_unusable(uri).map(|why| (name, at, why)));
            unusable.collect::<Vec<_>>()
        };
        fields.into_iter().flat_map(in_field)
    }
}

pub static IDENTIFIERS: Identifiers = Identifiers {
    message: "ClientIdentifiers",
    key: "client_id",
    parse: |text| ClientId::from_str(text).map(drop),
    pattern: ClientId::pattern,
};

type Row = Field<Client>;

/// In the order of a reply.
pub static FIELDS: &[Field<Client>] = &[
    Row::kept("ids", Shape::Ids(&IDENTIFIERS), |c| json!({"client_id": c.id.as_str()}), "The client ID. It never changes.")
        .public()
        .below(&["client_id"]),
    Row::kept("created_at", Shape::Time, |c| value::time(Some(c.created_at)), "When the client was registered.").public(),
    Row::kept("updated_at", Shape::Time, |c| value::time(Some(c.updated_at)), "When the client was last changed.").public(),
    Row::kept("deleted_at", Shape::Time, |c| value::time(c.deleted_at), "When the client was deleted; absent on a live one.").public(),
    row!(name, Shape::Text(50), "The name shown to users.").public(),
    row!(description, Shape::Text(2000), "What the client does, shown to users who are asked for consent.").public(),
    row!(attributes, Shape::Attributes, "Keys and values of your own."),
    Row::kept(
        "contact_info",
        Shape::ContactInfo,
        |c| c.contact_info.to_json(),
        "The e-mail addresses of the contacts. Deprecated: made when it is read, ignored when it is sent.",
    )
    .quietly(),
    row!(administrative_contact, Shape::Account, "Whom to ask about the client: a collaborator.").public().below(ACCOUNT_PATHS),
    row!(technical_contact, Shape::Account, "Whom to ask about its technology: a collaborator.").public().below(ACCOUNT_PATHS),
    Row::new(
        "secret",
        Shape::Text(128),
        |c| c.secret.as_deref().map_or(Value::Null, Into::into),
        |_, _| (),
        "The client secret. Shown once, in the reply that issues it; generated unless one is sent.",
    )
    .issued()
    .masked_in(MaskedIn::Updates),
    row!(redirect_uris, Shape::Texts(&REDIRECT_URIS, 128), "Where users may be sent back to after authorization.").public(),
    row!(logout_redirect_uris, Shape::Texts(&LOGOUT_REDIRECT_URIS, 128), "Where users may be sent to after logout.").public(),
    row!(state, Shape::Choice(&STATES), "Where it stands with the administrators.").public().set_by(SetBy::Admin),
    row!(state_description, Shape::Text(LONGEST_STATE_DESCRIPTION), "Why it is in that state.").set_by(SetBy::Admin),
    row!(
        skip_authorization,
        Shape::Flag,
        "Users are not asked for consent, except about a client without a secret that comes back to their own device."
    )
    .public()
    .set_by(SetBy::Admin),
    row!(endorsed, Shape::Flag, "The administrators vouch for this client.").public().set_by(SetBy::Admin),
    row!(grants, Shape::ChoiceList(&GRANTS, &bounds::GRANTS), "How the client may obtain tokens.").public().set_by(SetBy::AdminOnceCreated),
    row!(rights, Shape::ChoiceList(&RIGHT_CHOICES, &RIGHTS), "The rights that the client asks its users for.").public(),
    row!(
        sign_in.scopes,
        Shape::Words(&SCOPE_WORD, &SCOPES),
        "Words of its own that it may ask for in a scope, for a resource server of its own; none begins with RIGHT_ or is one of OpenID Connect."
    ),
    row!(
        sign_in.id_token_signed_response_alg,
        Shape::Choice(&SIGNING_ALGORITHMS),
        "How its ID tokens are signed: RS256, unless it takes ES256."
    ),
    row!(
        sign_in.subject_type,
        Shape::Choice(&SUBJECT_TYPES),
        "Whether its users have the same `sub` as elsewhere (public), or one for this client alone (pairwise)."
    ),
    row!(
        sign_in.claims_in_id_token,
        Shape::Flag,
        "The claims that its scope asks for are in the ID token too, and not at /oauth/userinfo alone."
    ),
    row!(
        sign_in.group_filter,
        Shape::Words(&GROUP, &GROUP_FILTER),
        "The only groups that the claim `groups` names; without any, all of the user's."
    ),
    row!(
        sign_in.allowed_groups,
        Shape::Words(&GROUP, &ALLOWED_GROUPS),
        "The groups whose members may use the client; without any, everyone."
    ),
    row!(
        sign_in.access_token_format,
        Shape::Choice(&ACCESS_TOKEN_FORMATS),
        "Whether its access tokens are opaque, or signed so that resource servers can verify them (jwt)."
    ),
    row!(
        sign_in.resource_servers,
        Shape::Words(&CLIENT_ID_WORD, &RESOURCE_SERVERS),
        "The clients that may introspect its access tokens, and for which its signed ones are; without any, itself."
    ),
];
