//! What a recipe for an app is: how its client is registered, and what its operator pastes where. `recipes.rs` has all of them.

use crate::base::right::Right;

/// How one app signs its users in.
pub struct Recipe {
    /// The ID of its client, and the name of its page.
    pub id: &'static str,
    pub name: &'static str,
    /// What its client is registered with; `{app}` is where the app is, without a slash at the end.
    pub redirect_uris: &'static [&'static str],
    pub logout_redirect_uris: &'static [&'static str],
    /// The scopes that its settings make it ask for; empty if it asks for its rights without naming them.
    pub scopes: &'static str,
    /// What it may do in the name of its users; nothing if it only signs them in.
    pub rights: &'static [Right],
    pub claims: Claims,
    /// The groups that may sign in, for an app that lets in everyone who comes with a code; empty if it decides itself.
    pub allowed_groups: &'static [&'static str],
    /// How ID tokens may be signed.
    pub signature: &'static str,
    pub pkce: &'static str,
    /// What becomes of the e-mail address.
    pub email: &'static str,
    /// Where the settings go.
    pub place: &'static str,
    /// The settings; `{issuer}`, `{app}`, `{client_id}` and `{client_secret}` stand for what is known once the client is registered.
    pub settings: &'static str,
    /// The language of the settings, for what shows them in colours.
    pub language: &'static str,
    pub groups: &'static str,
    /// What goes wrong most often.
    pub traps: &'static [&'static str],
    /// The documentation of the app that all this is from.
    pub sources: &'static [&'static str],
    pub tried: Tried,
}

/// Where an app reads claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claims {
    Userinfo,
    /// In the ID token alone: its client has to have `claims_in_id_token`.
    IdToken,
}

/// How far a recipe was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// `tests/parties/apps` signs in to this version of the app, with the settings of its page.
    Run(&'static str),
    /// It was written from the documentation of the app, and nobody has run it.
    Written,
}

/// What stands in the place of the words in braces.
pub struct RecipeValues<'a> {
    pub issuer: &'a str,
    pub app: &'a str,
    pub client_id: &'a str,
    pub client_secret: &'a str,
}

/// What an address of an app consists of, so that it can stand in any settings without quotes.
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~:/[]".contains(character)
}

/// Returns the address of an app without a slash at its end; `None` if it is no http or https address of a plain host and path.
pub fn address(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let has_host = rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
    (matches!(scheme, "https" | "http") && has_host && rest.chars().all(is_plain)).then(|| text.trim_end_matches('/'))
}

impl Recipe {
    /// Returns the URIs of a recipe for an app at this address.
    pub fn at(uris: &[&str], app: &str) -> Vec<String> {
        uris.iter().map(|uri| uri.replace("{app}", app)).collect()
    }

    /// Returns where the app of a client with these redirect URIs is.
    pub fn app_of<'u>(&self, redirect_uris: &'u [String]) -> Option<&'u str> {
        let ends = self.redirect_uris.iter().filter_map(|uri| uri.strip_prefix("{app}"));
        ends.flat_map(|end| redirect_uris.iter().filter_map(move |uri| uri.strip_suffix(end))).find_map(address)
    }

    /// Returns a text of the recipe with the values put in.
    pub fn filled(text: &str, values: &RecipeValues<'_>) -> String {
        let words = [
            ("{issuer}", values.issuer),
            ("{app}", values.app),
            ("{client_id}", values.client_id),
            ("{client_secret}", values.client_secret),
        ];
        words.iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, value))
    }

    /// Returns whether its client refreshes tokens.
    pub fn refreshes(&self) -> bool {
        !self.rights.is_empty() || self.scopes.split(' ').any(|word| word == "offline_access")
    }
}
