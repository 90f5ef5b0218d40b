//! The rows of the authorization server.

use crate::call::Handler::{Read, Transactions, Write};
use crate::http::request::Method::{Get, Post};
use crate::oauth;
use crate::routes::route::Guard::{Browser, Client, Open, SignIn, SignedInBrowser};
use crate::routes::route::{Route, route};

#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    route("oauth.authorize", Get, "/oauth/authorize", Browser, Transactions(oauth::authorize::authorize), "Ask the user to authorize a client, or send the browser back with a code."),
    route("oauth.authorize", Post, "/oauth/authorize", Browser, Transactions(oauth::authorize::authorize), "Take the user's answer and send the browser back to the client."),
    route("oauth.token", Post, "/oauth/token", Client, Transactions(oauth::token::issue), "Turn a code or a refresh token into an access token.").for_any_origin(),
    route("oauth.revoke", Post, "/oauth/revoke", Client, Transactions(oauth::revoke::revoke), "Give a token up.").for_any_origin(),
    route("oauth.introspect", Post, "/oauth/introspect", Client, Transactions(oauth::introspect::introspect), "Tell whether a token is good, and what for."),
    route("oauth.userinfo", Get, "/oauth/userinfo", Client, Transactions(oauth::userinfo::userinfo), "Tell the client what it may know of the user whom it signed in (OpenID Connect).").for_any_origin().safe(),
    route("oauth.userinfo", Post, "/oauth/userinfo", Client, Transactions(oauth::userinfo::userinfo), "The same, also with the access token in a form.").for_any_origin(),
    route("oauth.metadata", Get, "/.well-known/oauth-authorization-server", Open, Read(oauth::metadata::get), "Tell what the authorization server can do (RFC 8414).").for_any_origin(),
    route("oauth.metadata", Get, "/.well-known/openid-configuration", Open, Read(oauth::metadata::get), "The same, where apps that sign users in look for it (OpenID Connect Discovery).").for_any_origin(),
    route("oauth.keys", Get, "/oauth/keys", Open, Transactions(oauth::keys::get), "List the public keys that verify what the server has signed (RFC 7517).").for_any_origin().safe(),
    route("oauth.logout", Get, "/oauth/logout", Browser, Write(oauth::logout::by_client), "End a token of the user who is signed in, and the session it was granted in, and send the browser back to the client."),
    route("oauth.end_session", Get, "/oauth/end-session", Browser, Transactions(oauth::end_session::end_session), "End the session of the browser for an app that signed its user in, and send the browser back (OpenID Connect RP-Initiated Logout 1.0); ask first where the app has no ID token of the session."),
    route("oauth.end_session", Post, "/oauth/end-session", Browser, Transactions(oauth::end_session::end_session), "The same, from a form of the app; and take the user's answer."),
    route("oauth.local_callback", Get, "/oauth/local-callback", Open, Read(oauth::callback::local), "Send the browser on to the command line that waits on the reader's machine."),
    route("oauth.code", Get, "/oauth/code", Open, Read(oauth::callback::code), "Show a code, to be copied."),
    route("oauth.home", Get, "/oauth", Open, Read(oauth::login::to_home), "Lead to the start page."),
    route("oauth.home", Get, "/oauth/", Browser, Read(oauth::login::home), "Show who is signed in."),
    route("oauth.login", Get, "/oauth/login", Browser, Read(oauth::login::page), "Show the page to sign in."),
    route("oauth.login", Post, "/oauth/login", SignIn, Transactions(oauth::login::submit), "Sign in with the form of the page."),
    route("oauth.sign_in_link", Get, "/oauth/sign-in-link", Browser, Read(oauth::recovery::link_page), "Show the page of a sign-in link, which is behind a # and not sent; uses nothing up."),
    route("oauth.sign_in_link", Post, "/oauth/sign-in-link", SignIn, Transactions(oauth::recovery::use_link), "Use a sign-in link, and lead to where a new password is chosen."),
    route("oauth.new_password", Get, "/oauth/new-password", Browser, Read(oauth::recovery::choice_page), "Show the form to choose a new password, after a temporary one or a sign-in link."),
    route("oauth.new_password", Post, "/oauth/new-password", SignIn, Transactions(oauth::recovery::choose), "Set the new password and sign in."),
    route("oauth.api.login", Post, "/oauth/api/auth/login", SignIn, Transactions(oauth::login::api), "Sign in with a user ID and a password."),
    route("oauth.api.logout", Post, "/oauth/api/auth/logout", SignedInBrowser, Write(oauth::account::sign_out), "Sign out."),
    route("oauth.api.me", Get, "/oauth/api/me", SignedInBrowser, Read(oauth::account::me), "Tell who is signed in."),
];
