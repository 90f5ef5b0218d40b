//! What people read instead of the words of a scope.

use maud::{Markup, html};

use crate::model::scope::{OpenIdWord, ScopeWord};

/// Draws what a client with these resource servers may do that was granted this word, after “It may”.
pub fn shown(word: &ScopeWord, resource_servers: &[String]) -> Markup {
    match word {
        ScopeWord::OpenId(OpenIdWord::OpenId) => html! { "recognize you when you come back" },
        ScopeWord::OpenId(OpenIdWord::Profile) => html! { "know who you are: your name and user ID" },
        ScopeWord::OpenId(OpenIdWord::Email) => html! { "know your e-mail address" },
        ScopeWord::OpenId(OpenIdWord::Groups) => html! { "know your groups" },
        ScopeWord::OpenId(OpenIdWord::OfflineAccess) => html! { "stay signed in while you are away" },
        ScopeWord::Own(text) if resource_servers.is_empty() => html! { "do what it calls " code { (text) } " at a service of its own" },
        ScopeWord::Own(text) => html! { "do what it calls " code { (text) } " at " (resource_servers.join(", ")) },
    }
}
