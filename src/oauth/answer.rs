//! What a client is told at its redirect URI: in a redirect, or in a form that the browser posts (RFC 6749 section 4.1.2, OAuth 2.0 Form Post
//! Response Mode). Always with `iss` (RFC 9207), and with `state` if the client sent one.

use std::borrow::Cow;

use maud::{Markup, html};

use crate::base::secret::Token;
use crate::base::uri;
use crate::http::origin::Origin;
use crate::http::reply::{PostedForm, Reply};
use crate::http::request::Method;
use crate::oauth::refused;
use crate::page::frame;
use crate::registry::consent::{AuthorizationRequest, LONGEST_STATE, ResponseMode};
use crate::registry::refusal::Refusal;

/// An answer to an authorization request.
#[derive(Debug)]
pub struct Answer<'a> {
    redirect_uri: &'a str,
    mode: ResponseMode,
    parameters: Vec<(&'static str, Cow<'a, str>)>,
}

impl<'a> Answer<'a> {
    pub fn code(issuer: &'a str, redirect_uri: &'a str, request: &'a AuthorizationRequest, code: &Token) -> Answer<'a> {
        Answer::of(issuer, redirect_uri, request, [("code", code.reveal().into())])
    }

    pub fn refusal(issuer: &'a str, redirect_uri: &'a str, request: &'a AuthorizationRequest, refusal: &Refusal) -> Answer<'a> {
        let code = refusal.reason.code;
        let description = refused::description(&refusal.named(), code);
        Answer::of(issuer, redirect_uri, request, [("error", code.into()), ("error_description", description.into())])
    }

    fn of<const N: usize>(
        issuer: &'a str,
        redirect_uri: &'a str,
        request: &'a AuthorizationRequest,
        told: [(&'static str, Cow<'a, str>); N],
    ) -> Answer<'a> {
        let is_echoed = |state: &&str| request.repeated != Some("state") && state.len() <= LONGEST_STATE;
        let state = request.state.as_deref().filter(is_echoed);
        let parameters = [("iss", issuer.into())].into_iter().chain(told).chain(state.map(|state| ("state", state.into()))).collect();
        // Of a mode that is sent twice, none is meant.
        let mode = request.response_mode(redirect_uri).filter(|_| request.repeated != Some("response_mode"));
        Answer { redirect_uri, mode: mode.unwrap_or(ResponseMode::Query), parameters }
    }

    /// Sends the browser to the client with it.
    pub fn reply(&self, method: Method) -> Reply {
        match self.mode {
            ResponseMode::Query => Reply::redirect(method, self.location()),
            ResponseMode::FormPost => {
                let source = Origin::parse(self.redirect_uri).and_then(|origin| origin.as_source()).unwrap_or_default();
                let content = html! {
                    h1 { "You are sent back" }
                    (self.button(html! { "Continue to " (uri::shown_host(self.redirect_uri)) }))
                };
                let fields = self.parameters.iter().map(|(name, value)| (*name, value.to_string())).collect();
                let form = PostedForm { action: self.redirect_uri.to_owned(), fields };
                Reply { form: Some(Box::new(form)), ..frame::posting(&source, "You are sent back", &content) }
            }
        }
    }

    /// Draws the button with which its reader goes there.
    pub fn button(&self, label: Markup) -> Markup {
        match self.mode {
            ResponseMode::Query => html! { p { a .button href=(self.location()) { (label) } } },
            ResponseMode::FormPost => html! {
                form method="post" action=(self.redirect_uri) {
                    @for (name, value) in &self.parameters { input type="hidden" name=(name) value=(value); }
                    button .main { (label) }
                }
            },
        }
    }

    fn location(&self) -> String {
        let parameters: Vec<(&str, &str)> = self.parameters.iter().map(|(name, value)| (*name, &**value)).collect();
        uri::location(self.redirect_uri, &parameters)
    }
}
