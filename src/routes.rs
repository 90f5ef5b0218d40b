//! Floor 6: every request that is answered, one per row.

use std::sync::LazyLock;

use crate::api;
use crate::api::operation::{EntityKind, Gives, Item, Takes};
use crate::assets;
use crate::base::error::Definition;
use crate::base::right::Right::{
    self, ClientDelete, ClientInfo, ClientSettingsBasic, ClientSettingsCollaborators, OrganizationClientsCreate, OrganizationClientsList,
    OrganizationDelete, OrganizationInfo, OrganizationSettingsApiKeys, OrganizationSettingsBasic, OrganizationSettingsMembers, UserAll,
    UserAuthorizedClients, UserClientsCreate, UserClientsList, UserDelete, UserOrganizationsCreate, UserOrganizationsList,
    UserSettingsApiKeys, UserSettingsBasic,
};
use crate::call::Handler::{self, Read, Transactions, Write};
use crate::console;
use crate::http::request::Method::{self, Delete, Get, Post, Put};
use crate::oauth;
use crate::registry::accounts::SEARCH_FORBIDDEN;
use crate::registry::clients::ADMINS_PURGE_CLIENTS;
use crate::registry::organizations::ADMINS_PURGE_ORGANIZATIONS;
use crate::registry::users::{ADMINS_PURGE_USERS, PERMISSION_DENIED};

/// Whom a route admits. What a handler checks beyond that is a rule of the domain, in `registry`.
#[derive(Clone, Copy, Debug)]
pub enum Guard {
    /// Anyone; credentials are not looked at.
    Open,
    /// Anyone, also without credentials; bad ones are refused.
    Anyone,
    /// The same, but the token of a suspended or rejected client counts as none (registry.md 4.2).
    RightsReader,
    /// Anyone; bad credentials count as none (registry.md 6.2).
    Registration,
    /// Anyone who knows the password in the request; not from a page of another site, which would use up the user's guesses.
    Password,
    /// Anyone with credentials; 401 otherwise.
    SignedIn,
    /// A user or an organization; others get this refusal.
    Account(&'static Definition),
    /// An administrator; others get this refusal.
    Admin(&'static Definition),
    /// The same, and bad credentials get it too (registry.md 4.2).
    Purge(&'static Definition),
    /// Holders of the right on the entity of the path's first capture.
    Holds(Right),
    /// The same, but the token of a suspended or rejected client is refused as such, not as one without rights (registry.md 4.2).
    HoldsToList(Right),
    /// The same as [`Guard::Holds`], also if the entity is deleted.
    HoldsEvenDeleted(Right),
    /// Holders of the right on the user of the path, and an access token of this user and of the client of the path.
    HoldsOrIsToken(Right),
    /// Anyone in a browser, with or without a session.
    Browser,
    /// Anyone in a browser who knows the password in the form.
    SignIn,
    /// A user with a browser session; 401 otherwise.
    SignedInBrowser,
    /// A client that authenticates in the request itself; its handler refuses it (RFC 6749 section 2.3).
    Client,
    /// A user with a browser session and this besides; others are redirected to sign in and back.
    Console(ConsoleAccess),
}

/// What a page of the Console requires of the user.
#[derive(Clone, Copy, Debug)]
pub enum ConsoleAccess {
    /// Nothing more.
    Any,
    /// To be an administrator; others get this refusal.
    Admin(&'static Definition),
    /// To hold the right on the entity of the path's first capture.
    Holds(Right),
    /// The same, also if the entity is deleted.
    HoldsEvenDeleted(Right),
}

use Guard::{
    Account, Admin, Anyone, Browser, Client, Console, Holds, HoldsEvenDeleted, HoldsOrIsToken, HoldsToList, Open, Password, Purge,
    Registration, RightsReader, SignIn, SignedIn, SignedInBrowser,
};

#[derive(Debug)]
pub struct Route {
    /// `entity.operation`, as in the log.
    pub name: &'static str,
    pub method: Method,
    /// `{name}` captures a segment.
    pub path: &'static str,
    pub guard: Guard,
    pub handler: Handler,
    /// One sentence, for the documents made from the table.
    pub doc: &'static str,
    /// For the OpenAPI document; `None` outside the API, where OAuth describes itself (RFC 8414) and pages are for people.
    pub operation: Option<Operation>,
    /// The origins whose scripts may read the reply, besides those of the whole API.
    pub origins: Origins,
}

/// Web origins (Fetch, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origins {
    Own,
    Any,
}

/// An operation of the API, as the OpenAPI document describes it.
#[derive(Debug)]
pub struct Operation {
    pub takes: Takes,
    pub gives: Gives,
    /// Whether the ID or e-mail address it uses may be taken.
    pub can_conflict: bool,
}

/// Returns a row outside the API.
const fn route(name: &'static str, method: Method, path: &'static str, guard: Guard, handler: Handler, doc: &'static str) -> Route {
    assert!(
        !matches!(path.as_bytes(), [b'/', b'a', b'p', b'i', b'/', ..]),
        "a row of the API is an `operation`: it says what it takes and gives"
    );
    Route { name, method, path, guard, handler, doc, operation: None, origins: Origins::Own }
}

/// Returns a row of the API.
#[expect(clippy::too_many_arguments, reason = "as many as the table has columns")]
const fn operation(
    name: &'static str,
    method: Method,
    path: &'static str,
    guard: Guard,
    handler: Handler,
    takes: Takes,
    gives: Gives,
    doc: &'static str,
) -> Route {
    Route {
        name,
        method,
        path,
        guard,
        handler,
        doc,
        operation: Some(Operation { takes, gives, can_conflict: false }),
        origins: Origins::Own,
    }
}

impl Route {
    /// Opens a row to clients in browsers on pages of any origin. Cookies are ignored there.
    const fn for_any_origin(self) -> Route {
        Route { origins: Origins::Any, ..self }
    }

    /// Adds 409 to a row: an ID or an e-mail address may be taken.
    const fn conflicting(mut self) -> Route {
        if let Some(operation) = &mut self.operation {
            operation.can_conflict = true;
        }
        self
    }
}

#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    operation("client.create", Post, "/api/v3/users/{user_id}/clients", Holds(UserClientsCreate), Transactions(api::clients::create), Takes::New(EntityKind::Client), Gives::One(EntityKind::Client), "Register a client that belongs to a user.").conflicting(),
    operation("client.create", Post, "/api/v3/organizations/{organization_id}/clients", Holds(OrganizationClientsCreate), Transactions(api::clients::create), Takes::New(EntityKind::Client), Gives::One(EntityKind::Client), "Register a client that belongs to an organization.").conflicting(),
    operation("client.get", Get, "/api/v3/clients/{client_id}", SignedIn, Read(api::clients::get), Takes::Mask(EntityKind::Client), Gives::One(EntityKind::Client), "Read a client."),
    operation("client.list", Get, "/api/v3/clients", Anyone, Read(api::clients::list), Takes::ListOfCollaborator(EntityKind::Client), Gives::Many(EntityKind::Client), "List the clients that the caller can reach, or those of a collaborator."),
    operation("client.list", Get, "/api/v3/users/{user_id}/clients", HoldsToList(UserClientsList), Read(api::clients::list), Takes::List(EntityKind::Client), Gives::Many(EntityKind::Client), "List the clients of a user."),
    operation("client.list", Get, "/api/v3/organizations/{organization_id}/clients", HoldsToList(OrganizationClientsList), Read(api::clients::list), Takes::List(EntityKind::Client), Gives::Many(EntityKind::Client), "List the clients of an organization."),
    operation("client.update", Put, "/api/v3/clients/{client_id}", Holds(ClientSettingsBasic), Transactions(api::clients::update), Takes::Update(EntityKind::Client), Gives::One(EntityKind::Client), "Change the fields of a client that the mask names."),
    operation("client.rotate_secret", Post, "/api/v3/clients/{client_id}/secret", Holds(ClientSettingsBasic), Write(api::clients::rotate_secret), Takes::Grace, Gives::One(EntityKind::Client), "Issue a new client secret; the old one stays good for the grace asked for."),
    operation("client.delete", Delete, "/api/v3/clients/{client_id}", Holds(ClientDelete), Write(api::deletion::delete), Takes::Nothing, Gives::Nothing, "Delete a client; it can be restored for a day."),
    operation("client.restore", Post, "/api/v3/clients/{client_id}/restore", HoldsEvenDeleted(ClientDelete), Write(api::deletion::restore), Takes::Nothing, Gives::Nothing, "Restore a deleted client."),
    operation("client.purge", Delete, "/api/v3/clients/{client_id}/purge", Purge(&ADMINS_PURGE_CLIENTS), Write(api::deletion::purge), Takes::Nothing, Gives::Nothing, "Remove a client for good and free its ID."),
    operation("client.search", Get, "/api/v3/search/clients", Account(&SEARCH_FORBIDDEN), Read(api::clients::search), Takes::Search(EntityKind::Client), Gives::Many(EntityKind::Client), "Search clients: all for administrators, one's own for others."),
    operation("client.rights", Get, "/api/v3/clients/{client_id}/rights", RightsReader, Read(api::rights::list), Takes::Nothing, Gives::Rights, "List the caller's rights on a client."),

    operation("client.collaborator.list", Get, "/api/v3/clients/{client_id}/collaborators", SignedIn, Read(api::members::list), Takes::Page(Item::Collaborator), Gives::Items(Item::Collaborator), "List the collaborators of a client."),
    operation("client.collaborator.set", Put, "/api/v3/clients/{client_id}/collaborators", Holds(ClientSettingsCollaborators), Write(api::members::set), Takes::Collaborator, Gives::Nothing, "Add or change a collaborator; without rights, remove one."),
    operation("client.collaborator.search", Get, "/api/v3/clients/{client_id}/collaborators/search", Holds(ClientSettingsCollaborators), Read(api::search::accounts), Takes::AccountSearch, Gives::Items(Item::Account), "Search accounts among a client's collaborators, or among all others."),
    operation("client.collaborator.get", Get, "/api/v3/clients/{client_id}/collaborator/user/{user_id}", Holds(ClientSettingsCollaborators), Read(api::members::get), Takes::Nothing, Gives::Item(Item::Collaborator), "Read the rights of a user on a client."),
    operation("client.collaborator.get", Get, "/api/v3/clients/{client_id}/collaborator/organization/{organization_id}", Holds(ClientSettingsCollaborators), Read(api::members::get), Takes::Nothing, Gives::Item(Item::Collaborator), "Read the rights of an organization on a client."),
    operation("client.collaborator.delete", Delete, "/api/v3/clients/{client_id}/collaborators/user/{user_id}", Holds(ClientSettingsCollaborators), Write(api::members::remove), Takes::Nothing, Gives::Nothing, "Remove a user from a client."),
    operation("client.collaborator.delete", Delete, "/api/v3/clients/{client_id}/collaborators/organization/{organization_id}", Holds(ClientSettingsCollaborators), Write(api::members::remove), Takes::Nothing, Gives::Nothing, "Remove an organization from a client."),

    operation("user.create", Post, "/api/v3/users", Registration, Transactions(api::users::create), Takes::New(EntityKind::User), Gives::One(EntityKind::User), "Create a user.").conflicting(),
    operation("user.list", Get, "/api/v3/users", Admin(&PERMISSION_DENIED), Read(api::users::list), Takes::List(EntityKind::User), Gives::Many(EntityKind::User), "List all users."),
    operation("user.get", Get, "/api/v3/users/{user_id}", SignedIn, Read(api::users::get), Takes::Mask(EntityKind::User), Gives::One(EntityKind::User), "Read a user."),
    operation("user.update", Put, "/api/v3/users/{user_id}", Holds(UserSettingsBasic), Transactions(api::users::update), Takes::Update(EntityKind::User), Gives::One(EntityKind::User), "Change the fields of a user that the mask names.").conflicting(),
    operation("user.password", Put, "/api/v3/users/{user_id}/password", Password, Transactions(api::users::change_password), Takes::PasswordChange, Gives::Nothing, "Change a password, knowing the old one."),
    operation("user.delete", Delete, "/api/v3/users/{user_id}", Holds(UserDelete), Write(api::deletion::delete), Takes::Nothing, Gives::Nothing, "Delete a user; an administrator can restore it for a day."),
    operation("user.restore", Post, "/api/v3/users/{user_id}/restore", HoldsEvenDeleted(UserDelete), Write(api::deletion::restore), Takes::Nothing, Gives::Nothing, "Restore a deleted user.").conflicting(),
    operation("user.purge", Delete, "/api/v3/users/{user_id}/purge", Purge(&ADMINS_PURGE_USERS), Write(api::deletion::purge), Takes::Nothing, Gives::Nothing, "Remove a user for good and free the ID."),
    operation("user.rights", Get, "/api/v3/users/{user_id}/rights", RightsReader, Read(api::rights::list), Takes::Nothing, Gives::Rights, "List the caller's rights on a user."),
    operation("user.search", Get, "/api/v3/search/users", Admin(&SEARCH_FORBIDDEN), Read(api::users::search), Takes::Search(EntityKind::User), Gives::Many(EntityKind::User), "Search users."),

    operation("user.api_key.create", Post, "/api/v3/users/{user_id}/api-keys", Holds(UserSettingsApiKeys), Write(api::api_keys::create), Takes::NewApiKey, Gives::Item(Item::ApiKey), "Create an API key for a user."),
    operation("user.api_key.list", Get, "/api/v3/users/{user_id}/api-keys", Holds(UserSettingsApiKeys), Read(api::api_keys::list), Takes::Page(Item::ApiKey), Gives::Items(Item::ApiKey), "List the API keys of a user."),
    operation("user.api_key.get", Get, "/api/v3/users/{user_id}/api-keys/{key_id}", Holds(UserSettingsApiKeys), Read(api::api_keys::get), Takes::Nothing, Gives::Item(Item::ApiKey), "Read an API key of a user, without the key itself."),
    operation("user.api_key.update", Put, "/api/v3/users/{user_id}/api-keys/{key_id}", Holds(UserSettingsApiKeys), Write(api::api_keys::update), Takes::ApiKeyUpdate, Gives::ItemOrNothing(Item::ApiKey), "Change an API key of a user."),
    operation("user.api_key.delete", Delete, "/api/v3/users/{user_id}/api-keys/{key_id}", Holds(UserSettingsApiKeys), Write(api::api_keys::delete), Takes::Nothing, Gives::Nothing, "Delete an API key of a user."),

    operation("user.session.list", Get, "/api/v3/users/{user_id}/sessions", Holds(UserAll), Read(api::sessions::list), Takes::Page(Item::Session), Gives::Items(Item::Session), "List where a user is signed in."),
    operation("user.session.delete", Delete, "/api/v3/users/{user_id}/sessions/{session_id}", Holds(UserAll), Write(api::sessions::delete), Takes::Nothing, Gives::Nothing, "Sign a user out in one browser."),

    operation("user.authorization.list", Get, "/api/v3/users/{user_id}/authorizations", Holds(UserAuthorizedClients), Read(api::authorizations::list), Takes::Page(Item::Authorization), Gives::Items(Item::Authorization), "List what a user has authorized."),
    operation("user.authorization.delete", Delete, "/api/v3/users/{user_id}/authorizations/{client_id}", Holds(UserAuthorizedClients), Write(api::authorizations::delete), Takes::Nothing, Gives::Nothing, "Take an authorization back, and end the tokens that came of it."),
    operation("user.token.list", Get, "/api/v3/users/{user_id}/authorizations/{client_id}/tokens", HoldsOrIsToken(UserAuthorizedClients), Read(api::authorizations::tokens), Takes::Page(Item::AccessToken), Gives::Items(Item::AccessToken), "List the access tokens that a client has of a user, without the tokens themselves."),
    operation("user.token.delete", Delete, "/api/v3/users/{user_id}/authorizations/{client_id}/tokens/{token_id}", HoldsOrIsToken(UserAuthorizedClients), Write(api::authorizations::delete_token), Takes::Nothing, Gives::Nothing, "End an access token and the refresh token beside it."),

    operation("organization.create", Post, "/api/v3/users/{user_id}/organizations", Holds(UserOrganizationsCreate), Write(api::organizations::create), Takes::New(EntityKind::Organization), Gives::One(EntityKind::Organization), "Create an organization that belongs to a user.").conflicting(),
    operation("organization.list", Get, "/api/v3/organizations", Anyone, Read(api::organizations::list), Takes::ListOfMember(EntityKind::Organization), Gives::Many(EntityKind::Organization), "List the caller's organizations, or those of a collaborator."),
    operation("organization.list", Get, "/api/v3/users/{user_id}/organizations", HoldsToList(UserOrganizationsList), Read(api::organizations::list), Takes::List(EntityKind::Organization), Gives::Many(EntityKind::Organization), "List the organizations of a user."),
    operation("organization.get", Get, "/api/v3/organizations/{organization_id}", SignedIn, Read(api::organizations::get), Takes::Mask(EntityKind::Organization), Gives::One(EntityKind::Organization), "Read an organization."),
    operation("organization.update", Put, "/api/v3/organizations/{organization_id}", Holds(OrganizationSettingsBasic), Write(api::organizations::update), Takes::Update(EntityKind::Organization), Gives::One(EntityKind::Organization), "Change the fields of an organization that the mask names."),
    operation("organization.delete", Delete, "/api/v3/organizations/{organization_id}", Holds(OrganizationDelete), Write(api::deletion::delete), Takes::Nothing, Gives::Nothing, "Delete an organization; it can be restored for a day."),
    operation("organization.restore", Post, "/api/v3/organizations/{organization_id}/restore", HoldsEvenDeleted(OrganizationDelete), Write(api::deletion::restore), Takes::Nothing, Gives::Nothing, "Restore a deleted organization."),
    operation("organization.purge", Delete, "/api/v3/organizations/{organization_id}/purge", Purge(&ADMINS_PURGE_ORGANIZATIONS), Write(api::deletion::purge), Takes::Nothing, Gives::Nothing, "Remove an organization for good and free its ID."),
    operation("organization.rights", Get, "/api/v3/organizations/{organization_id}/rights", RightsReader, Read(api::rights::list), Takes::Nothing, Gives::Rights, "List the caller's rights on an organization."),
    operation("organization.search", Get, "/api/v3/search/organizations", Account(&SEARCH_FORBIDDEN), Read(api::organizations::search), Takes::Search(EntityKind::Organization), Gives::Many(EntityKind::Organization), "Search organizations: all for administrators, one's own for others."),

    operation("organization.collaborator.list", Get, "/api/v3/organizations/{organization_id}/collaborators", SignedIn, Read(api::members::list), Takes::Page(Item::Collaborator), Gives::Items(Item::Collaborator), "List the members of an organization."),
    operation("organization.collaborator.set", Put, "/api/v3/organizations/{organization_id}/collaborators", Holds(OrganizationSettingsMembers), Write(api::members::set), Takes::Member, Gives::Nothing, "Add or change a member; without rights, remove one."),
    operation("organization.collaborator.search", Get, "/api/v3/organizations/{organization_id}/collaborators/search", Holds(OrganizationSettingsMembers), Read(api::search::accounts), Takes::AccountSearch, Gives::Items(Item::Account), "Search accounts among an organization's members, or among all others."),
    operation("organization.collaborator.get", Get, "/api/v3/organizations/{organization_id}/collaborator/user/{user_id}", Holds(OrganizationSettingsMembers), Read(api::members::get), Takes::Nothing, Gives::Item(Item::Collaborator), "Read the rights of a user on an organization."),
    operation("organization.collaborator.delete", Delete, "/api/v3/organizations/{organization_id}/collaborators/user/{user_id}", Holds(OrganizationSettingsMembers), Write(api::members::remove), Takes::Nothing, Gives::Nothing, "Remove a user from an organization."),

    operation("organization.api_key.create", Post, "/api/v3/organizations/{organization_id}/api-keys", Holds(OrganizationSettingsApiKeys), Write(api::api_keys::create), Takes::NewApiKey, Gives::Item(Item::ApiKey), "Create an API key for an organization."),
    operation("organization.api_key.list", Get, "/api/v3/organizations/{organization_id}/api-keys", Holds(OrganizationSettingsApiKeys), Read(api::api_keys::list), Takes::Page(Item::ApiKey), Gives::Items(Item::ApiKey), "List the API keys of an organization."),
    operation("organization.api_key.get", Get, "/api/v3/organizations/{organization_id}/api-keys/{key_id}", Holds(OrganizationSettingsApiKeys), Read(api::api_keys::get), Takes::Nothing, Gives::Item(Item::ApiKey), "Read an API key of an organization, without the key itself."),
    operation("organization.api_key.update", Put, "/api/v3/organizations/{organization_id}/api-keys/{key_id}", Holds(OrganizationSettingsApiKeys), Write(api::api_keys::update), Takes::ApiKeyUpdate, Gives::ItemOrNothing(Item::ApiKey), "Change an API key of an organization."),
    operation("organization.api_key.delete", Delete, "/api/v3/organizations/{organization_id}/api-keys/{key_id}", Holds(OrganizationSettingsApiKeys), Write(api::api_keys::delete), Takes::Nothing, Gives::Nothing, "Delete an API key of an organization."),

    operation("account.search", Get, "/api/v3/search/accounts", SignedIn, Read(api::search::accounts), Takes::AccountSearchByParameter, Gives::Items(Item::Account), "Search users and organizations by their IDs."),
    operation("auth_info", Get, "/api/v3/auth_info", Anyone, Read(api::auth_info::get), Takes::Nothing, Gives::AuthInfo, "Tell who the caller is, with which rights."),
    operation("openapi", Get, "/api/v3/openapi.json", Open, Read(api::openapi::get), Takes::Nothing, Gives::Document, "Describe this API in OpenAPI 3.1."),
    operation("configuration", Get, "/api/v3/is/configuration", Open, Read(api::configuration::get), Takes::Nothing, Gives::Configuration, "Tell what the server expects of its users."),

    route("oauth.authorize", Get, "/oauth/authorize", Browser, Transactions(oauth::authorize::authorize), "Ask the user to authorize a client, or send the browser back with a code."),
    route("oauth.authorize", Post, "/oauth/authorize", Browser, Transactions(oauth::authorize::authorize), "Take the user's answer and send the browser back to the client."),
    route("oauth.token", Post, "/oauth/token", Client, Transactions(oauth::token::issue), "Turn a code or a refresh token into an access token.").for_any_origin(),
    route("oauth.revoke", Post, "/oauth/revoke", Client, Transactions(oauth::revoke::revoke), "Give a token up.").for_any_origin(),
    route("oauth.introspect", Post, "/oauth/introspect", Client, Transactions(oauth::introspect::introspect), "Tell whether a token is good, and what for."),
    route("oauth.metadata", Get, "/.well-known/oauth-authorization-server", Open, Read(oauth::metadata::get), "Tell what the authorization server can do (RFC 8414).").for_any_origin(),
    route("oauth.logout", Get, "/oauth/logout", Browser, Write(oauth::logout::by_client), "End a token of the user who is signed in, and the session it was granted in, and send the browser back to the client."),
    route("oauth.local_callback", Get, "/oauth/local-callback", Open, Read(oauth::callback::local), "Send the browser on to the command line that waits on the reader's machine."),
    route("oauth.code", Get, "/oauth/code", Open, Read(oauth::callback::code), "Show a code, to be copied."),
    route("oauth.home", Get, "/oauth", Open, Read(oauth::login::to_home), "Lead to the start page."),
    route("oauth.home", Get, "/oauth/", Browser, Read(oauth::login::home), "Show who is signed in."),
    route("oauth.login", Get, "/oauth/login", Browser, Read(oauth::login::page), "Show the page to sign in."),
    route("oauth.login", Post, "/oauth/login", SignIn, Transactions(oauth::login::submit), "Sign in with the form of the page."),
    route("oauth.api.login", Post, "/oauth/api/auth/login", SignIn, Transactions(oauth::login::api), "Sign in with a user ID and a password."),
    route("oauth.api.logout", Post, "/oauth/api/auth/logout", SignedInBrowser, Write(oauth::account::sign_out), "Sign out."),
    route("oauth.api.me", Get, "/oauth/api/me", SignedInBrowser, Read(oauth::account::me), "Tell who is signed in."),
    route("console.entry", Get, "/", Open, Read(console::account::dashboard::entry), "Lead to the Console."),
    route("console.entry", Get, "/console/", Open, Read(console::account::dashboard::entry), "Lead to the Console's first page."),
    route("console.dashboard", Get, "/console", Console(ConsoleAccess::Any), Read(console::account::dashboard::page), "Show how many clients there are, and what waits."),
    route("console.client.list", Get, "/console/clients", Console(ConsoleAccess::Any), Read(console::clients::list::page), "List clients."),
    route("console.client.add", Get, "/console/add/client", Console(ConsoleAccess::Any), Read(console::clients::add::page), "Show the form of a new client."),
    route("console.client.add", Post, "/console/add/client", Console(ConsoleAccess::Any), Transactions(console::clients::add::submit), "Register a client and show its secret, this once."),
    route("console.client.check_id", Get, "/console/check/client/{client_id}", Console(ConsoleAccess::Any), Read(console::form::id_check::client), "Tell whether a client can have this ID."),
    route("console.user.check_id", Get, "/console/check/user/{user_id}", Console(ConsoleAccess::Admin(&PERMISSION_DENIED)), Read(console::form::id_check::user), "Tell whether a user can have this ID."),
    route("console.organization.check_id", Get, "/console/check/organization/{organization_id}", Console(ConsoleAccess::Any), Read(console::form::id_check::organization), "Tell whether an organization can have this ID."),
    route("console.account.search", Get, "/console/search/accounts", Console(ConsoleAccess::Any), Read(console::form::account_search::accounts), "Find accounts by a part of their ID."),
    route("console.client.overview", Get, "/console/clients/{client_id}", Console(ConsoleAccess::Holds(ClientInfo)), Read(console::clients::overview::page), "Show a client and how it is used."),
    route("console.client.settings", Get, "/console/clients/{client_id}/settings", Console(ConsoleAccess::Holds(ClientInfo)), Read(console::clients::settings::page), "Show the form of a client."),
    route("console.client.settings", Post, "/console/clients/{client_id}/settings", Console(ConsoleAccess::Holds(ClientSettingsBasic)), Transactions(console::clients::settings::submit), "Change a client."),
    route("console.client.secrets", Get, "/console/clients/{client_id}/secrets", Console(ConsoleAccess::Holds(ClientSettingsBasic)), Read(console::clients::secrets::page), "Show when the secrets of a client were made and used."),
    route("console.client.secrets.rotate", Post, "/console/clients/{client_id}/secrets", Console(ConsoleAccess::Holds(ClientSettingsBasic)), Transactions(console::clients::secrets::rotate), "Make a new secret and show it, this once."),
    route("console.client.secrets.replace", Get, "/console/clients/{client_id}/secrets/replace", Console(ConsoleAccess::Holds(ClientSettingsBasic)), Read(console::clients::secrets::replace_page), "Ask before every secret is replaced."),
    route("console.client.secrets.replace", Post, "/console/clients/{client_id}/secrets/replace", Console(ConsoleAccess::Holds(ClientSettingsBasic)), Transactions(console::clients::secrets::replace), "Make a new secret, show it, this once, and end the others."),
    route("console.client.secrets.remove", Get, "/console/clients/{client_id}/secrets/remove", Console(ConsoleAccess::Holds(ClientSettingsBasic)), Read(console::clients::secrets::remove_page), "Ask before every secret is taken away."),
    route("console.client.secrets.remove", Post, "/console/clients/{client_id}/secrets/remove", Console(ConsoleAccess::Holds(ClientSettingsBasic)), Transactions(console::clients::secrets::remove), "Make a client a public one."),
    route("console.client.secrets.end", Get, "/console/clients/{client_id}/secrets/{secret_number}/end", Console(ConsoleAccess::Holds(ClientSettingsBasic)), Read(console::clients::secrets::end_page), "Ask before an older secret is ended."),
    route("console.client.secrets.end", Post, "/console/clients/{client_id}/secrets/{secret_number}/end", Console(ConsoleAccess::Holds(ClientSettingsBasic)), Transactions(console::clients::secrets::end), "End an older secret now."),
    route("console.client.collaborators", Get, "/console/clients/{client_id}/collaborators", Console(ConsoleAccess::Holds(ClientSettingsCollaborators)), Read(console::organizations::members::list), "List the collaborators of a client."),
    route("console.client.collaborator.add", Get, "/console/clients/{client_id}/collaborators/add", Console(ConsoleAccess::Holds(ClientSettingsCollaborators)), Read(console::organizations::members::add_page), "Show the form of a new collaborator."),
    route("console.client.collaborator.add", Post, "/console/clients/{client_id}/collaborators/add", Console(ConsoleAccess::Holds(ClientSettingsCollaborators)), Transactions(console::organizations::members::add), "Add a collaborator."),
    route("console.client.collaborator", Get, "/console/clients/{client_id}/collaborators/{kind}/{account_id}", Console(ConsoleAccess::Holds(ClientSettingsCollaborators)), Read(console::organizations::members::page), "Show the rights of a collaborator."),
    route("console.client.collaborator", Post, "/console/clients/{client_id}/collaborators/{kind}/{account_id}", Console(ConsoleAccess::Holds(ClientSettingsCollaborators)), Transactions(console::organizations::members::change), "Change the rights of a collaborator."),
    route("console.client.collaborator.remove", Get, "/console/clients/{client_id}/collaborators/{kind}/{account_id}/remove", Console(ConsoleAccess::Holds(ClientSettingsCollaborators)), Read(console::organizations::members::remove_page), "Ask before one removes oneself."),
    route("console.client.collaborator.remove", Post, "/console/clients/{client_id}/collaborators/{kind}/{account_id}/remove", Console(ConsoleAccess::Holds(ClientSettingsCollaborators)), Transactions(console::organizations::members::remove), "Remove a collaborator."),
    route("console.client.activity", Get, "/console/clients/{client_id}/activity", Console(ConsoleAccess::Holds(ClientInfo)), Read(console::account::activity::of_client), "Show what happened to a client."),
    route("console.client.trial", Get, "/console/clients/{client_id}/trial", Console(ConsoleAccess::Holds(ClientInfo)), Read(console::clients::trial::page), "Ask a collaborator who wants to try a client before it is approved."),
    route("console.client.trial", Post, "/console/clients/{client_id}/trial", Console(ConsoleAccess::Holds(ClientInfo)), Write(console::clients::trial::begin), "Begin to try a client before it is approved."),
    route("console.client.trial.end", Post, "/console/clients/{client_id}/trial/end", Console(ConsoleAccess::Holds(ClientInfo)), Write(console::clients::trial::end), "Stop trying a client."),
    route("console.client.danger", Get, "/console/clients/{client_id}/danger", Console(ConsoleAccess::Holds(ClientDelete)), Read(console::clients::danger::page), "Show how to delete a client."),
    route("console.client.delete", Post, "/console/clients/{client_id}/delete", Console(ConsoleAccess::Holds(ClientDelete)), Transactions(console::form::deletion::delete), "Delete a client."),
    route("console.client.restore", Post, "/console/clients/{client_id}/restore", Console(ConsoleAccess::HoldsEvenDeleted(ClientDelete)), Transactions(console::form::deletion::restore), "Restore a client."),
    route("console.client.purge", Get, "/console/clients/{client_id}/purge", Console(ConsoleAccess::Admin(&ADMINS_PURGE_CLIENTS)), Read(console::form::deletion::purge_page), "Ask for the ID of a client to be purged."),
    route("console.client.purge", Post, "/console/clients/{client_id}/purge", Console(ConsoleAccess::Admin(&ADMINS_PURGE_CLIENTS)), Transactions(console::form::deletion::purge), "Remove a client for good."),
    route("console.review", Get, "/console/review", Console(ConsoleAccess::Admin(&PERMISSION_DENIED)), Read(console::clients::review::page), "Show the clients that wait for an administrator."),
    route("console.review", Post, "/console/review", Console(ConsoleAccess::Admin(&PERMISSION_DENIED)), Transactions(console::clients::review::submit), "Approve or reject clients, one or many."),
    route("console.user.list", Get, "/console/users", Console(ConsoleAccess::Admin(&PERMISSION_DENIED)), Read(console::users::list::page), "List users."),
    route("console.user.add", Get, "/console/add/user", Console(ConsoleAccess::Admin(&PERMISSION_DENIED)), Read(console::users::settings::add_page), "Show the form of a new user."),
    route("console.user.add", Post, "/console/add/user", Console(ConsoleAccess::Admin(&PERMISSION_DENIED)), Transactions(console::users::settings::add), "Make a user."),
    route("console.user", Get, "/console/users/{user_id}", Console(ConsoleAccess::Admin(&PERMISSION_DENIED)), Read(console::users::settings::page), "Show a user."),
    route("console.user", Post, "/console/users/{user_id}", Console(ConsoleAccess::Admin(&PERMISSION_DENIED)), Transactions(console::users::settings::change), "Change or suspend a user."),
    route("console.user.delete", Post, "/console/users/{user_id}/delete", Console(ConsoleAccess::Admin(&PERMISSION_DENIED)), Transactions(console::form::deletion::delete), "Delete a user."),
    route("console.user.restore", Post, "/console/users/{user_id}/restore", Console(ConsoleAccess::Admin(&PERMISSION_DENIED)), Transactions(console::form::deletion::restore), "Restore a user."),
    route("console.user.purge", Get, "/console/users/{user_id}/purge", Console(ConsoleAccess::Admin(&ADMINS_PURGE_USERS)), Read(console::form::deletion::purge_page), "Ask for the ID of a user to be purged."),
    route("console.user.purge", Post, "/console/users/{user_id}/purge", Console(ConsoleAccess::Admin(&ADMINS_PURGE_USERS)), Transactions(console::form::deletion::purge), "Remove a user for good."),
    route("console.organization.list", Get, "/console/organizations", Console(ConsoleAccess::Any), Read(console::organizations::list::page), "List organizations."),
    route("console.organization.add", Get, "/console/add/organization", Console(ConsoleAccess::Any), Read(console::organizations::settings::add_page), "Show the form of a new organization."),
    route("console.organization.add", Post, "/console/add/organization", Console(ConsoleAccess::Any), Transactions(console::organizations::settings::add), "Found an organization."),
    route("console.organization", Get, "/console/organizations/{organization_id}", Console(ConsoleAccess::Holds(OrganizationInfo)), Read(console::organizations::settings::page), "Show an organization."),
    route("console.organization", Post, "/console/organizations/{organization_id}", Console(ConsoleAccess::Holds(OrganizationSettingsBasic)), Transactions(console::organizations::settings::change), "Change an organization."),
    route("console.organization.clients", Get, "/console/organizations/{organization_id}/clients", Console(ConsoleAccess::Holds(OrganizationClientsList)), Read(console::organizations::clients::page), "List the clients of an organization."),
    route("console.organization.members", Get, "/console/organizations/{organization_id}/members", Console(ConsoleAccess::Holds(OrganizationSettingsMembers)), Read(console::organizations::members::list), "List the members of an organization."),
    route("console.organization.member.add", Get, "/console/organizations/{organization_id}/members/add", Console(ConsoleAccess::Holds(OrganizationSettingsMembers)), Read(console::organizations::members::add_page), "Show the form of a new member."),
    route("console.organization.member.add", Post, "/console/organizations/{organization_id}/members/add", Console(ConsoleAccess::Holds(OrganizationSettingsMembers)), Transactions(console::organizations::members::add), "Add a member."),
    route("console.organization.member", Get, "/console/organizations/{organization_id}/members/{kind}/{account_id}", Console(ConsoleAccess::Holds(OrganizationSettingsMembers)), Read(console::organizations::members::page), "Show the rights of a member."),
    route("console.organization.member", Post, "/console/organizations/{organization_id}/members/{kind}/{account_id}", Console(ConsoleAccess::Holds(OrganizationSettingsMembers)), Transactions(console::organizations::members::change), "Change the rights of a member."),
    route("console.organization.member.remove", Get, "/console/organizations/{organization_id}/members/{kind}/{account_id}/remove", Console(ConsoleAccess::Holds(OrganizationSettingsMembers)), Read(console::organizations::members::remove_page), "Ask before one removes oneself."),
    route("console.organization.member.remove", Post, "/console/organizations/{organization_id}/members/{kind}/{account_id}/remove", Console(ConsoleAccess::Holds(OrganizationSettingsMembers)), Transactions(console::organizations::members::remove), "Remove a member."),
    route("console.organization.api_key.list", Get, "/console/organizations/{organization_id}/api-keys", Console(ConsoleAccess::Holds(OrganizationSettingsApiKeys)), Read(console::account::api_keys::list), "List the API keys of an organization."),
    route("console.organization.api_key.add", Get, "/console/organizations/{organization_id}/add/api-key", Console(ConsoleAccess::Holds(OrganizationSettingsApiKeys)), Read(console::account::api_keys::add_page), "Show the form of a new API key of an organization."),
    route("console.organization.api_key.add", Post, "/console/organizations/{organization_id}/add/api-key", Console(ConsoleAccess::Holds(OrganizationSettingsApiKeys)), Transactions(console::account::api_keys::add), "Make an API key of an organization and show it, this once."),
    route("console.organization.api_key", Get, "/console/organizations/{organization_id}/api-keys/{key_id}", Console(ConsoleAccess::Holds(OrganizationSettingsApiKeys)), Read(console::account::api_keys::page), "Show an API key of an organization, without the key itself."),
    route("console.organization.api_key", Post, "/console/organizations/{organization_id}/api-keys/{key_id}", Console(ConsoleAccess::Holds(OrganizationSettingsApiKeys)), Transactions(console::account::api_keys::change), "Change an API key of an organization."),
    route("console.organization.api_key.delete", Get, "/console/organizations/{organization_id}/api-keys/{key_id}/delete", Console(ConsoleAccess::Holds(OrganizationSettingsApiKeys)), Read(console::account::api_keys::delete_page), "Ask before an API key of an organization is deleted."),
    route("console.organization.api_key.delete", Post, "/console/organizations/{organization_id}/api-keys/{key_id}/delete", Console(ConsoleAccess::Holds(OrganizationSettingsApiKeys)), Transactions(console::account::api_keys::delete), "Delete an API key of an organization."),
    route("console.organization.delete", Post, "/console/organizations/{organization_id}/delete", Console(ConsoleAccess::Holds(OrganizationDelete)), Transactions(console::form::deletion::delete), "Delete an organization."),
    route("console.organization.restore", Post, "/console/organizations/{organization_id}/restore", Console(ConsoleAccess::HoldsEvenDeleted(OrganizationDelete)), Transactions(console::form::deletion::restore), "Restore an organization."),
    route("console.organization.purge", Get, "/console/organizations/{organization_id}/purge", Console(ConsoleAccess::Admin(&ADMINS_PURGE_ORGANIZATIONS)), Read(console::form::deletion::purge_page), "Ask for the ID of an organization to be purged."),
    route("console.organization.purge", Post, "/console/organizations/{organization_id}/purge", Console(ConsoleAccess::Admin(&ADMINS_PURGE_ORGANIZATIONS)), Transactions(console::form::deletion::purge), "Remove an organization for good."),
    route("console.api_key.list", Get, "/console/api-keys", Console(ConsoleAccess::Any), Read(console::account::api_keys::list), "List one's API keys."),
    route("console.api_key.add", Get, "/console/add/api-key", Console(ConsoleAccess::Any), Read(console::account::api_keys::add_page), "Show the form of a new API key."),
    route("console.api_key.add", Post, "/console/add/api-key", Console(ConsoleAccess::Any), Transactions(console::account::api_keys::add), "Make an API key and show it, this once."),
    route("console.api_key", Get, "/console/api-keys/{key_id}", Console(ConsoleAccess::Any), Read(console::account::api_keys::page), "Show an API key, without the key itself."),
    route("console.api_key", Post, "/console/api-keys/{key_id}", Console(ConsoleAccess::Any), Transactions(console::account::api_keys::change), "Change an API key."),
    route("console.api_key.delete", Get, "/console/api-keys/{key_id}/delete", Console(ConsoleAccess::Any), Read(console::account::api_keys::delete_page), "Ask before an API key is deleted."),
    route("console.api_key.delete", Post, "/console/api-keys/{key_id}/delete", Console(ConsoleAccess::Any), Transactions(console::account::api_keys::delete), "Delete an API key."),
    route("console.authorization.list", Get, "/console/authorizations", Console(ConsoleAccess::Any), Read(console::account::authorizations::list), "List what one has authorized."),
    route("console.authorization", Get, "/console/authorizations/{client_id}", Console(ConsoleAccess::Any), Read(console::account::authorizations::page), "Show an authorization and the tokens that came of it."),
    route("console.authorization.revoke", Get, "/console/authorizations/{client_id}/revoke", Console(ConsoleAccess::Any), Read(console::account::authorizations::revoke_page), "Ask before an authorization is taken back."),
    route("console.authorization.revoke", Post, "/console/authorizations/{client_id}/revoke", Console(ConsoleAccess::Any), Transactions(console::account::authorizations::revoke), "Take an authorization back."),
    route("console.token.end_all", Get, "/console/authorizations/{client_id}/tokens/end", Console(ConsoleAccess::Any), Read(console::account::authorizations::end_tokens_page), "Ask before all access tokens of a client are ended."),
    route("console.token.end_all", Post, "/console/authorizations/{client_id}/tokens/end", Console(ConsoleAccess::Any), Transactions(console::account::authorizations::end_tokens), "End all access tokens that a client has of one."),
    route("console.token.end", Get, "/console/authorizations/{client_id}/tokens/{token_id}/end", Console(ConsoleAccess::Any), Read(console::account::authorizations::end_token_page), "Ask before an access token is ended."),
    route("console.token.end", Post, "/console/authorizations/{client_id}/tokens/{token_id}/end", Console(ConsoleAccess::Any), Transactions(console::account::authorizations::end_token), "End an access token."),
    route("console.session.list", Get, "/console/sessions", Console(ConsoleAccess::Any), Read(console::account::sessions::list), "List where one is signed in."),
    route("console.session.end", Post, "/console/sessions/{session_id}/end", Console(ConsoleAccess::Any), Write(console::account::sessions::end), "Sign out in one browser."),
    route("console.password", Get, "/console/password", Console(ConsoleAccess::Any), Read(console::account::password::page), "Show the form to change one's password."),
    route("console.password", Post, "/console/password", Console(ConsoleAccess::Any), Transactions(console::account::password::submit), "Change one's password."),
    route("console.activity", Get, "/console/activity", Console(ConsoleAccess::Any), Read(console::account::activity::page), "Show what happened, by client and by actor."),
    route("asset.script", Get, "/assets/console.js", Open, Read(assets::script), "The little script of the Console."),
    route("asset.icon", Get, "/assets/icon.svg", Open, Read(assets::icon), "The icon of the pages."),
    route("asset.style", Get, "/assets/style.css", Open, Read(assets::style), "The stylesheet of the pages."),
];

/// The result of looking a request up in `ROUTES`.
#[derive(Debug)]
pub enum RouteMatch {
    Route(&'static Route, Vec<(&'static str, String)>),
    /// The path exists, but only with these methods.
    WrongMethod(Vec<Method>),
    Nothing,
}

/// A row with the parts of its path.
#[derive(Debug)]
struct Split {
    parts: Vec<PathSegment>,
    route: &'static Route,
}

/// The rows by the number of segments in their paths: a request is compared only with those of its own length.
static BY_LENGTH: LazyLock<Vec<Vec<Split>>> = LazyLock::new(|| {
    let mut rows = Vec::new();
    for route in ROUTES {
        let parts: Vec<PathSegment> = route.path[1..].split('/').map(PathSegment::of).collect();
        rows.resize_with(rows.len().max(parts.len() + 1), Vec::new);
        rows[parts.len()].push(Split { parts, route });
    }
    rows
});

/// One segment of a row's path.
#[derive(Debug)]
enum PathSegment {
    Fixed(&'static str),
    /// Any non-empty segment.
    Capture(&'static str),
}

impl PathSegment {
    fn of(part: &'static str) -> PathSegment {
        part.strip_prefix('{').and_then(|part| part.strip_suffix('}')).map_or(PathSegment::Fixed(part), PathSegment::Capture)
    }

    fn takes(&self, segment: &str) -> bool {
        match self {
            PathSegment::Fixed(part) => *part == segment,
            PathSegment::Capture(_) => !segment.is_empty(),
        }
    }
}

/// Finds the route of a request. The only place that looks at paths and methods.
pub fn find(method: Method, segments: &[String]) -> RouteMatch {
    let mut others = Vec::new();
    for row in BY_LENGTH.get(segments.len()).into_iter().flatten().filter(|row| row.takes(segments)) {
        if row.route.method == method {
            return RouteMatch::Route(row.route, row.captures(segments));
        }
        others.push(row.route.method);
    }
    if others.is_empty() { RouteMatch::Nothing } else { RouteMatch::WrongMethod(others) }
}

/// Returns the row of this path that takes a password, if there is one.
pub fn find_password(segments: &[String]) -> Option<&'static Route> {
    let mut rows = BY_LENGTH.get(segments.len()).into_iter().flatten().filter(|row| row.takes(segments));
    rows.find(|row| matches!(row.route.guard, Password)).map(|row| row.route)
}

/// Returns the origins whose scripts may read replies at a path, whatever the method.
pub fn origins(segments: &[String]) -> Origins {
    let rows = BY_LENGTH.get(segments.len()).into_iter().flatten();
    rows.filter(|row| row.takes(segments)).map(|row| row.route.origins).find(|origins| *origins == Origins::Any).unwrap_or(Origins::Own)
}

impl Split {
    fn takes(&self, segments: &[String]) -> bool {
        self.parts.iter().zip(segments).all(|(part, segment)| part.takes(segment))
    }

    fn captures(&self, segments: &[String]) -> Vec<(&'static str, String)> {
        let captured = self.parts.iter().zip(segments).filter_map(|(part, segment)| match part {
            PathSegment::Capture(name) => Some((*name, segment.clone())),
            PathSegment::Fixed(_) => None,
        });
        captured.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(path: &str) -> Vec<String> {
        path[1..].split('/').map(str::to_owned).collect()
    }

    #[test]
    fn no_two_rows_match_one_request() {
        for route in ROUTES {
            let example = segments(&route.path.replace(['{', '}'], ""));
            let rows = BY_LENGTH[example.len()].iter().filter(|row| row.route.method == route.method && row.takes(&example));
            assert_eq!(rows.count(), 1, "{}", route.path);
        }
    }

    #[test]
    fn get_never_writes_but_where_oauth_says_so() {
        // A code is issued without a question where the user has agreed, and a client signs its user out by a link.
        const WRITING: &[&str] = &["oauth.authorize", "oauth.logout"];
        for route in ROUTES.iter().filter(|route| route.method == Get) {
            assert_eq!(!matches!(route.handler, Read(_)), WRITING.contains(&route.name), "{}", route.name);
        }
    }

    #[test]
    fn a_right_is_one_of_the_entity_that_the_path_captures_first() {
        for route in ROUTES {
            let console = match route.guard {
                Console(ConsoleAccess::Holds(right) | ConsoleAccess::HoldsEvenDeleted(right)) => Some(right),
                _ => None,
            };
            let api = match route.guard {
                Holds(right) | HoldsToList(right) | HoldsEvenDeleted(right) | HoldsOrIsToken(right) => Some(right),
                _ => None,
            };
            if let Some(right) = console.or(api) {
                let entity = right.name().split('_').nth(1).unwrap_or_default().to_lowercase();
                let first = route.path.split('{').nth(1).unwrap_or_default();
                assert!(first.starts_with(&format!("{entity}_id")), "{} {}", route.name, right.name());
            }
        }
    }

    #[test]
    fn a_path_with_another_method_is_told_apart_from_no_path() {
        assert!(matches!(find(Post, &segments("/api/v3/clients")), RouteMatch::WrongMethod(_)));
        assert!(matches!(find(Get, &segments("/api/v3/nothing")), RouteMatch::Nothing));
        assert!(matches!(find(Get, &segments("/api/v3/clients/")), RouteMatch::Nothing));
    }
}
