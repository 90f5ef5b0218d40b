//! How a client signs users in (OpenID Connect): fields of a client that most leave as they are, so that they take one column together.

use serde_json::{Map, Value};

use crate::base::jws::{ALGORITHMS, SigningAlgorithm};
use crate::model::choice::{Choices, choices};
use crate::model::scope::{ScopeWord, Words};
use crate::model::value::FieldValue;

choices! {
    /// What a client calls its users by (OpenID Connect Core 1.0 section 8).
    SubjectType, SUBJECT_TYPES, "":
    Public = 0 "public";
    Pairwise = 1 "pairwise";
}

choices! {
    /// What access tokens look like to a client and its resource servers.
    AccessTokenFormat, ACCESS_TOKEN_FORMATS, "":
    Opaque = 0 "opaque";
    Jwt = 1 "jwt";
}

pub static SIGNING_ALGORITHMS: Choices = Choices {
    prefix: "",
    name: |number| usize::try_from(number).ok().and_then(|number| ALGORITHMS.get(number)).map(|algorithm| algorithm.name()),
    number: |name| SigningAlgorithm::from_name(name).map(|algorithm| algorithm as i64),
    names: || ALGORITHMS.iter().map(|algorithm| algorithm.name()).collect(),
};

/// Defines the settings: their names, types and documentation.
macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)+) => {
        /// How a client signs users in. By default as most apps expect it.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct SignInSettings { $($(#[$doc])* pub $name: $type,)+ }

        impl SignInSettings {
            /// Returns an object of those that are not as by default.
            pub fn to_json(&self) -> Value {
                let usual = SignInSettings::default();
                let mut members = Map::new();
                $(if self.$name != usual.$name { members.insert(stringify!($name).to_owned(), self.$name.to_json()); })+
                members.into()
            }

            pub fn from_json(value: &Value) -> SignInSettings {
                SignInSettings { $($name: value.get(stringify!($name)).map(FieldValue::from_json).unwrap_or_default(),)+ }
            }
        }
    };
}

impl SignInSettings {
    /// Returns all words that they have in lists.
    pub fn words(&self) -> impl Iterator<Item = &String> {
        let SignInSettings {
            scopes,
            group_filter,
            allowed_groups,
            resource_servers,
            id_token_signed_response_alg: _,
            subject_type: _,
            claims_in_id_token: _,
            access_token_format: _,
        } = self;
        [scopes, group_filter, allowed_groups, resource_servers].into_iter().flatten()
    }

    /// Returns those of granted words that the client may still ask for.
    pub fn granting(&self, words: &Words) -> Words {
        let is_known = |word: &&ScopeWord| match word {
            ScopeWord::OpenId(_) => true,
            ScopeWord::Own(text) => self.scopes.contains(text),
        };
        words.iter().filter(is_known).cloned().collect()
    }
}

settings! {
    /// Words of its own, for its resource server.
    scopes: Vec<String>,
    id_token_signed_response_alg: SigningAlgorithm,
    subject_type: SubjectType,
    claims_in_id_token: bool,
    /// The only groups that it is told of; all of them if it is empty.
    group_filter: Vec<String>,
    /// The groups whose members it can sign in; everyone if it is empty.
    allowed_groups: Vec<String>,
    access_token_format: AccessTokenFormat,
    /// The clients that may introspect its access tokens, and for which its JWT access tokens are.
    resource_servers: Vec<String>,
}
