//! The parameter `scope` (RFC 6749 section 3.3). Its words are of three kinds: those that name rights narrow what is granted, those of OpenID
//! Connect ask for claims, and those that the client declares for a resource server of its own are passed through. Others are ignored.

use std::collections::BTreeSet;
use std::fmt;

use crate::base::named::named;
use crate::base::right::{Right, Rights};
use crate::model::choice::Grant;
use crate::model::client::Client;

/// The longest word of a client's own, in characters.
pub const LONGEST_SCOPE: usize = 64;

named! {
    /// A word of OpenID Connect (Core 1.0 sections 3.1.2.1, 5.4 and 11), and `groups`. In the order in which they are told.
    #[derive(PartialOrd, Ord)]
    pub enum OpenIdWord {
        OpenId = "openid",
        Profile = "profile",
        Email = "email",
        Groups = "groups",
        /// Asks for a refresh token.
        OfflineAccess = "offline_access",
    }
}

/// A word that names no right. Ordered as it is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScopeWord {
    OpenId(OpenIdWord),
    /// The client's own, for its resource server.
    Own(String),
}

impl ScopeWord {
    fn parse(text: &str) -> ScopeWord {
        OpenIdWord::from_name(text).map_or_else(|| ScopeWord::Own(text.to_owned()), ScopeWord::OpenId)
    }

    pub fn as_str(&self) -> &str {
        match self {
            ScopeWord::OpenId(word) => word.name(),
            ScopeWord::Own(text) => text,
        }
    }
}

/// A set of words that name no rights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(BTreeSet<ScopeWord>);

impl Words {
    /// Parses words with spaces between them.
    pub fn parse(text: &str) -> Words {
        text.split(' ').filter(|word| !word.is_empty()).map(ScopeWord::parse).collect()
    }

    pub fn has(&self, word: OpenIdWord) -> bool {
        self.0.contains(&ScopeWord::OpenId(word))
    }

    /// Returns whether they ask for OpenID Connect.
    pub fn has_openid(&self) -> bool {
        self.has(OpenIdWord::OpenId)
    }

    /// Returns whether a client with the grant gets a refresh token: without OpenID Connect always, with it where it asks for one.
    pub fn allow_refresh(&self) -> bool {
        !self.has_openid() || self.has(OpenIdWord::OfflineAccess)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &ScopeWord> {
        self.0.iter()
    }

    pub fn and(&self, other: &Words) -> Words {
        self.0.intersection(&other.0).cloned().collect()
    }

    pub fn or(&self, other: &Words) -> Words {
        self.0.union(&other.0).cloned().collect()
    }

    pub fn without(&self, other: &Words) -> Words {
        self.0.difference(&other.0).cloned().collect()
    }

    /// Returns those that are no words of OpenID Connect.
    fn own(self) -> Words {
        self.0.into_iter().filter(|word| matches!(word, ScopeWord::Own(_))).collect()
    }

    /// Returns those that ask for something: without `openid`, the other words of OpenID Connect do not.
    fn asking(self) -> Words {
        if self.has_openid() { self } else { self.own() }
    }

    pub fn texts(&self) -> Vec<&str> {
        self.iter().map(ScopeWord::as_str).collect()
    }
}

impl FromIterator<ScopeWord> for Words {
    fn from_iter<I: IntoIterator<Item = ScopeWord>>(words: I) -> Words {
        Words(words.into_iter().collect())
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts().join(" "))
    }
}

/// What is granted, or may be at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantedScope {
    pub rights: Rights,
    pub words: Words,
}

impl GrantedScope {
    /// Returns the most that a client may ask for.
    pub fn most_of(client: &Client) -> GrantedScope {
        let can_refresh = client.grants.contains(&Grant::RefreshToken);
        let of_openid = OpenIdWord::EVERY.into_iter().filter(|word| *word != OpenIdWord::OfflineAccess || can_refresh);
        let own = client.sign_in.scopes.iter().cloned().map(ScopeWord::Own);
        GrantedScope { rights: client.all_rights(), words: of_openid.map(ScopeWord::OpenId).chain(own).collect() }
    }

    /// Returns what is left of it under a limit.
    pub fn within(&self, most: &GrantedScope) -> GrantedScope {
        GrantedScope { rights: self.rights.within(most.rights), words: self.words.and(&most.words) }
    }

    /// Returns whether it has nothing that the other lacks, with what rights imply.
    pub fn is_within(&self, other: &GrantedScope) -> bool {
        self.rights.without(other.rights.expanded()).is_empty() && self.words.without(&other.words).is_empty()
    }
}

/// As a reply tells it (RFC 6749 section 5.1).
impl fmt::Display for GrantedScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.texts().into_iter().chain(self.rights.names()).collect::<Vec<_>>().join(" "))
    }
}

/// The requested scope; by default none in particular.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The rights that were named.
    pub rights: Rights,
    /// The other words, known or not.
    words: Words,
}

impl Scope {
    pub fn parse(text: &str) -> Scope {
        let right = |word: &str| Right::from_name(word).filter(|right| right.name() == word && *right != Right::Invalid);
        let (rights, words): (Vec<&str>, Vec<&str>) =
            text.split(' ').filter(|word| !word.is_empty()).partition(|word| right(word).is_some());
        Scope { rights: rights.into_iter().filter_map(right).collect(), words: words.into_iter().map(ScopeWord::parse).collect() }
    }

    /// Returns whether it asks for OpenID Connect. Then only the rights that it names are granted: it may be about signing in alone.
    pub fn has_openid(&self) -> bool {
        self.words.has_openid()
    }

    /// Returns the scope granted to an authorization request: never more than `most`, and all of its rights if none was named.
    pub fn granted(&self, most: &GrantedScope) -> GrantedScope {
        let rights = if self.has_openid() { self.rights.and(most.rights.expanded()) } else { self.narrowed(most.rights) };
        GrantedScope { rights, words: self.words.and(&most.words).asking() }
    }

    /// Returns whether it names rights and all of them are denied. Beside signing in they may be.
    pub fn asks_in_vain(&self, most: &GrantedScope) -> bool {
        !self.rights.is_empty() && !self.has_openid() && self.narrowed(most.rights).is_empty()
    }

    /// Returns the scope granted to a refresh of a token that can bring `most` (RFC 6749 section 6): all of it if none was requested.
    pub fn refreshed(&self, most: &GrantedScope) -> GrantedScope {
        if *self == Scope::default() {
            return most.clone();
        }
        let rights = if most.words.has_openid() { self.rights.and(most.rights.expanded()) } else { self.narrowed(most.rights) };
        GrantedScope { rights, words: self.words.and(&most.words).asking() }
    }

    /// Returns whether it names something that the client may ask for, but that a refresh cannot bring.
    pub fn is_wider_than(&self, most: &GrantedScope, of_client: &GrantedScope) -> bool {
        let known = self.words.and(&of_client.words);
        let asked = if most.words.has_openid() { known } else { known.own() };
        !GrantedScope { rights: self.rights, words: asked }.is_within(most)
    }

    fn narrowed(&self, most: Rights) -> Rights {
        if self.rights.is_empty() { most } else { self.rights.and(most.expanded()) }
    }

    /// Returns whether the request differs from the grant, so the client must be told (RFC 6749 section 5.1).
    pub fn differs_from(&self, granted: &GrantedScope) -> bool {
        *self != Scope::default() && (self.rights != granted.rights || self.words != granted.words)
    }
}
