//! What the rules look at.

use crate::base::id::{AccountId, ClientId};
use crate::base::probe::UriProbe;
use crate::base::right::Rights;
use crate::base::time::Time;
use crate::model::client::Client;
use crate::review::brand::Brands;
use crate::review::names::{Word, words};
use crate::review::protected::ProtectedNames;
use crate::review::words::{distinctive, is_of_others, is_own, is_own_name, says_own};

/// A client that is or would be registered, and what the registry knows around it.
pub struct ReviewedClient<'a> {
    pub client: &'a Client,
    pub words: ReviewedWords,
    pub now: Time,
    /// Whether it has no secret.
    pub is_public: bool,
    /// Whether it was registered for somebody who no longer owns it.
    pub is_handed_on: bool,
    /// The administrative contact, if it is neither of its owners nor of theirs.
    pub contact_of_another: Option<String>,
    /// Whether nobody can register its ID.
    pub is_id_reserved: bool,
    /// Who answers for it: those with every right on it. None once they are gone.
    pub owners: Vec<Owner>,
    /// Approved clients of others that may be like this one, or have a host of its redirect URIs.
    pub others: Vec<OtherClient>,
    pub protected: ProtectedNames,
    /// What was written when somebody asked for its review.
    pub request_text: Option<String>,
    /// The fields of contacts that are gone.
    pub contacts_gone: Vec<&'static str>,
    /// Since when it has got no token, if it is registered.
    pub unused_since: Option<Time>,
    /// What came of the last try of each URI that was tried.
    pub probes: Vec<UriProbe>,
    /// The rights that no token of it has used for 90 days, if it is older than that and that much is known.
    pub unused_rights: Rights,
}

/// The words of a client, and the brands of its owners.
pub struct ReviewedWords {
    /// Those of its ID, and of its name.
    pub id: Vec<Word>,
    pub name: Vec<Word>,
    pub description: Vec<Word>,
    pub brands: Brands,
}

impl ReviewedWords {
    pub fn of(client: &Client, owners: &[Owner]) -> ReviewedWords {
        let [id, name, description] = [client.id.as_str(), &client.name, &client.description].map(words);
        ReviewedWords { id, name, description, brands: Brands::of(owners) }
    }

    /// Returns the words of its ID and of its name.
    pub fn of_both(&self) -> impl Iterator<Item = &Word> {
        self.id.iter().chain(&self.name)
    }
}

/// A user or an organization that answers for a client.
#[derive(Clone, Debug)]
pub struct Owner {
    pub account: AccountId,
    pub name: String,
    /// The domain of the primary e-mail address of a user, if it was validated.
    pub email_domain: Option<String>,
    /// Whether it is an administrator, or an organization that an administrator created and is a member of.
    pub is_operator: bool,
}

/// An approved client of somebody else.
#[derive(Clone, Debug)]
pub struct OtherClient {
    pub id: ClientId,
    pub name: String,
    pub redirect_uris: Vec<String>,
    /// Of those who share it, the first by ID.
    pub owner: Option<String>,
}

impl ReviewedClient<'_> {
    /// Returns whether it belongs to those who run this server, whose names are the protected ones.
    pub fn is_of_operator(&self) -> bool {
        self.owners.iter().any(|owner| owner.is_operator)
    }

    /// Returns whether nothing in its ID and name says whose it is.
    pub fn is_without_brand(&self) -> bool {
        distinctive(self.words.of_both()).next().is_none()
    }

    /// Returns whether it says that it is a test, or for its owner alone, and does not speak to others.
    pub fn says_private(&self) -> bool {
        let said = &self.words.description;
        let is_said = said.iter().any(|word| is_own(&word.written)) || says_own(&self.client.description);
        let is_of_others = said.iter().any(|word| is_of_others(&word.written));
        !is_of_others && (is_said || self.words.of_both().any(|word| is_own_name(&word.written)))
    }

    /// Returns whether it has been registered: what is to be done only afterwards cannot be asked for before.
    pub fn is_registered(&self) -> bool {
        self.unused_since.is_some()
    }

    /// Returns what a reason may be stated in: attributes whose key has one of these parts, and the text of the request for review.
    pub fn stated_reasons<'s>(&'s self, keys: &'s [&str]) -> impl Iterator<Item = &'s str> {
        let attributes = self.client.attributes.iter().filter(move |(key, _)| keys.iter().any(|part| key.contains(part)));
        attributes.map(|(_, value)| value.as_str()).chain(self.request_text.as_deref())
    }
}
