//! The rows of the REST API.

use crate::api;
use crate::api::operation::{EntityKind, Gives, Item, Takes};
use crate::base::right::Right::{
    ClientDelete, ClientInfo, ClientSettingsBasic, ClientSettingsCollaborators, OrganizationClientsCreate, OrganizationClientsList,
    OrganizationDelete, OrganizationSettingsApiKeys, OrganizationSettingsBasic, OrganizationSettingsMembers, UserAll,
    UserAuthorizedClients, UserClientsCreate, UserClientsList, UserDelete, UserOrganizationsCreate, UserOrganizationsList,
    UserSettingsApiKeys, UserSettingsBasic,
};
use crate::call::Handler::{List, Read, Transactions, Write};
use crate::http::request::Method::{Delete, Get, Post, Put};
use crate::registry::accounts::SEARCH_FORBIDDEN;
use crate::registry::clients::ADMINS_PURGE_CLIENTS;
use crate::registry::organizations::ADMINS_PURGE_ORGANIZATIONS;
use crate::registry::users::{ADMINS_PURGE_USERS, PERMISSION_DENIED};
use crate::routes::route::Guard::{
    Account, Admin, Anyone, Holds, HoldsEvenDeleted, HoldsOrIsToken, HoldsToList, Open, Password, Purge, Registration, RightsReader,
    SignedIn,
};
use crate::routes::route::{Route, operation};

#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    operation("client.create", Post, "/api/v3/users/{user_id}/clients", Holds(UserClientsCreate), Transactions(api::clients::create), Takes::New(EntityKind::Client), Gives::One(EntityKind::Client), "Register a client that belongs to a user.").conflicting().limited(),
    operation("client.create", Post, "/api/v3/organizations/{organization_id}/clients", Holds(OrganizationClientsCreate), Transactions(api::clients::create), Takes::New(EntityKind::Client), Gives::One(EntityKind::Client), "Register a client that belongs to an organization.").conflicting().limited(),
    operation("client.get", Get, "/api/v3/clients/{client_id}", SignedIn, Read(api::clients::get), Takes::Mask(EntityKind::Client), Gives::One(EntityKind::Client), "Read a client."),
    operation("client.list", Get, "/api/v3/clients", Anyone, List(api::clients::list), Takes::ListOfCollaborator(EntityKind::Client), Gives::Many(EntityKind::Client), "List the clients that the caller can reach, or those of a collaborator."),
    operation("client.list", Get, "/api/v3/users/{user_id}/clients", HoldsToList(UserClientsList), List(api::clients::list), Takes::List(EntityKind::Client), Gives::Many(EntityKind::Client), "List the clients of a user."),
    operation("client.list", Get, "/api/v3/organizations/{organization_id}/clients", HoldsToList(OrganizationClientsList), List(api::clients::list), Takes::List(EntityKind::Client), Gives::Many(EntityKind::Client), "List the clients of an organization."),
    operation("client.check", Post, "/api/v3/clients/check", SignedIn, List(api::review::check), Takes::Check, Gives::Findings, "Judge a client by the rules of the review, before it is registered or as it would be changed; changes nothing.").conflicting(),
    operation("client.update", Put, "/api/v3/clients/{client_id}", Holds(ClientSettingsBasic), Transactions(api::clients::update), Takes::Update(EntityKind::Client), Gives::One(EntityKind::Client), "Change the fields of a client that the mask names.").limited(),
    operation("client.rotate_secret", Post, "/api/v3/clients/{client_id}/secret", Holds(ClientSettingsBasic), Write(api::clients::rotate_secret), Takes::Grace, Gives::One(EntityKind::Client), "Issue a new client secret; the old one stays good for the grace asked for."),
    operation("client.delete", Delete, "/api/v3/clients/{client_id}", Holds(ClientDelete), Write(api::deletion::delete), Takes::Nothing, Gives::Nothing, "Delete a client; it can be restored for a day."),
    operation("client.restore", Post, "/api/v3/clients/{client_id}/restore", HoldsEvenDeleted(ClientDelete), Write(api::deletion::restore), Takes::Nothing, Gives::Nothing, "Restore a deleted client."),
    operation("client.purge", Delete, "/api/v3/clients/{client_id}/purge", Purge(&ADMINS_PURGE_CLIENTS), Write(api::deletion::purge), Takes::Nothing, Gives::Nothing, "Remove a client for good and free its ID."),
    operation("client.search", Get, "/api/v3/search/clients", Account(&SEARCH_FORBIDDEN), List(api::clients::search), Takes::Search(EntityKind::Client), Gives::Many(EntityKind::Client), "Search clients: all for administrators, one's own for others."),
    operation("client.rights", Get, "/api/v3/clients/{client_id}/rights", RightsReader, Read(api::rights::list), Takes::Nothing, Gives::Rights, "List the caller's rights on a client."),
    operation("client.review.get", Get, "/api/v3/clients/{client_id}/review", Holds(ClientInfo), List(api::review_queue::get), Takes::Nothing, Gives::Item(Item::Review), "Tell what the rules find about a client, and what was answered."),
    operation("client.review.request", Post, "/api/v3/clients/{client_id}/review", Holds(ClientSettingsBasic), Write(api::review_queue::ask), Takes::ReviewRequest, Gives::Item(Item::Review), "Ask the administrators to review a client, also again after a rejection.").limited(),
    operation("client.review.answer", Post, "/api/v3/clients/{client_id}/review/answer", Admin(&PERMISSION_DENIED), Write(api::review_queue::answer), Takes::ReviewAnswer, Gives::Item(Item::Review), "Approve or reject a client that waits, or ask its owner for changes."),
    operation("client.review.list", Get, "/api/v3/reviews", Admin(&PERMISSION_DENIED), List(api::review_queue::list), Takes::Reviews, Gives::Items(Item::Review), "Tell what the rules find about all clients, or about those that wait."),

    operation("client.review.probe", Post, "/api/v3/clients/{client_id}/review/probe", Holds(ClientSettingsBasic), Transactions(api::probes::probe), Takes::Nothing, Gives::Probes, "Try whether the redirect URIs of a client work.").limited(),
    operation("client.event.list", Get, "/api/v3/clients/{client_id}/events", HoldsEvenDeleted(ClientInfo), List(api::events::list), Takes::Page(Item::Event), Gives::Items(Item::Event), "List what happened to a client, newest first."),
    operation("client.event.undo", Post, "/api/v3/events/{event_number}/undo", SignedIn, Write(api::events::undo), Takes::Nothing, Gives::One(EntityKind::Client), "Undo a change of a client: set the fields of the event back, if nobody changed them since.").limited(),

    operation("client.collaborator.list", Get, "/api/v3/clients/{client_id}/collaborators", SignedIn, List(api::members::list), Takes::Page(Item::Collaborator), Gives::Items(Item::Collaborator), "List the collaborators of a client."),
    operation("client.collaborator.set", Put, "/api/v3/clients/{client_id}/collaborators", Holds(ClientSettingsCollaborators), Write(api::members::set), Takes::Collaborator, Gives::Nothing, "Add or change a collaborator; without rights, remove one.").limited(),
    operation("client.collaborator.search", Get, "/api/v3/clients/{client_id}/collaborators/search", Holds(ClientSettingsCollaborators), List(api::search::accounts), Takes::AccountSearch, Gives::Items(Item::Account), "Search accounts among a client's collaborators, or among all others."),
    operation("client.collaborator.get", Get, "/api/v3/clients/{client_id}/collaborator/user/{user_id}", Holds(ClientSettingsCollaborators), Read(api::members::get), Takes::Nothing, Gives::Item(Item::Collaborator), "Read the rights of a user on a client."),
    operation("client.collaborator.get", Get, "/api/v3/clients/{client_id}/collaborator/organization/{organization_id}", Holds(ClientSettingsCollaborators), Read(api::members::get), Takes::Nothing, Gives::Item(Item::Collaborator), "Read the rights of an organization on a client."),
    operation("client.collaborator.delete", Delete, "/api/v3/clients/{client_id}/collaborators/user/{user_id}", Holds(ClientSettingsCollaborators), Write(api::members::remove), Takes::Nothing, Gives::Nothing, "Remove a user from a client."),
    operation("client.collaborator.delete", Delete, "/api/v3/clients/{client_id}/collaborators/organization/{organization_id}", Holds(ClientSettingsCollaborators), Write(api::members::remove), Takes::Nothing, Gives::Nothing, "Remove an organization from a client."),

    operation("user.create", Post, "/api/v3/users", Registration, Transactions(api::users::create), Takes::New(EntityKind::User), Gives::One(EntityKind::User), "Create a user.").conflicting().limited(),
    operation("user.list", Get, "/api/v3/users", Admin(&PERMISSION_DENIED), List(api::users::list), Takes::List(EntityKind::User), Gives::Many(EntityKind::User), "List all users."),
    operation("user.get", Get, "/api/v3/users/{user_id}", SignedIn, Read(api::users::get), Takes::Mask(EntityKind::User), Gives::One(EntityKind::User), "Read a user."),
    operation("user.update", Put, "/api/v3/users/{user_id}", Holds(UserSettingsBasic), Transactions(api::users::update), Takes::Update(EntityKind::User), Gives::One(EntityKind::User), "Change the fields of a user that the mask names.").conflicting().limited(),
    operation("user.password", Put, "/api/v3/users/{user_id}/password", Password, Transactions(api::users::change_password), Takes::PasswordChange, Gives::Nothing, "Change a password, knowing the old one.").limited(),
    operation("user.delete", Delete, "/api/v3/users/{user_id}", Holds(UserDelete), Write(api::deletion::delete), Takes::Nothing, Gives::Nothing, "Delete a user; an administrator can restore it for a day."),
    operation("user.restore", Post, "/api/v3/users/{user_id}/restore", HoldsEvenDeleted(UserDelete), Write(api::deletion::restore), Takes::Nothing, Gives::Nothing, "Restore a deleted user.").conflicting(),
    operation("user.purge", Delete, "/api/v3/users/{user_id}/purge", Purge(&ADMINS_PURGE_USERS), Write(api::deletion::purge), Takes::Nothing, Gives::Nothing, "Remove a user for good and free the ID."),
    operation("user.rights", Get, "/api/v3/users/{user_id}/rights", RightsReader, Read(api::rights::list), Takes::Nothing, Gives::Rights, "List the caller's rights on a user."),
    operation("user.search", Get, "/api/v3/search/users", Admin(&SEARCH_FORBIDDEN), List(api::users::search), Takes::Search(EntityKind::User), Gives::Many(EntityKind::User), "Search users."),

    operation("user.api_key.create", Post, "/api/v3/users/{user_id}/api-keys", Holds(UserSettingsApiKeys), Write(api::api_keys::create), Takes::NewApiKey, Gives::Item(Item::ApiKey), "Create an API key for a user.").limited(),
    operation("user.api_key.list", Get, "/api/v3/users/{user_id}/api-keys", Holds(UserSettingsApiKeys), List(api::api_keys::list), Takes::Page(Item::ApiKey), Gives::Items(Item::ApiKey), "List the API keys of a user."),
    operation("user.api_key.get", Get, "/api/v3/users/{user_id}/api-keys/{key_id}", Holds(UserSettingsApiKeys), Read(api::api_keys::get), Takes::Nothing, Gives::Item(Item::ApiKey), "Read an API key of a user, without the key itself."),
    operation("user.api_key.update", Put, "/api/v3/users/{user_id}/api-keys/{key_id}", Holds(UserSettingsApiKeys), Write(api::api_keys::update), Takes::ApiKeyUpdate, Gives::ItemOrNothing(Item::ApiKey), "Change an API key of a user.").limited(),
    operation("user.api_key.delete", Delete, "/api/v3/users/{user_id}/api-keys/{key_id}", Holds(UserSettingsApiKeys), Write(api::api_keys::delete), Takes::Nothing, Gives::Nothing, "Delete an API key of a user."),

    operation("user.sign_in_link.create", Post, "/api/v3/users/{user_id}/sign-in-link", Admin(&PERMISSION_DENIED), Write(api::sign_in_links::create), Takes::Nothing, Gives::SignInLink, "Create a link with which a user signs in once and chooses a new password; it ends after 15 minutes."),
    operation("user.sign_in_link.delete", Delete, "/api/v3/users/{user_id}/sign-in-link", Admin(&PERMISSION_DENIED), Write(api::sign_in_links::delete), Takes::Nothing, Gives::Nothing, "Withdraw the sign-in link of a user."),

    operation("user.session.list", Get, "/api/v3/users/{user_id}/sessions", Holds(UserAll), List(api::sessions::list), Takes::Page(Item::Session), Gives::Items(Item::Session), "List where a user is signed in."),
    operation("user.session.delete", Delete, "/api/v3/users/{user_id}/sessions/{session_id}", Holds(UserAll), Write(api::sessions::delete), Takes::Nothing, Gives::Nothing, "Sign a user out in one browser."),

    operation("user.authorization.list", Get, "/api/v3/users/{user_id}/authorizations", Holds(UserAuthorizedClients), List(api::authorizations::list), Takes::Page(Item::Authorization), Gives::Items(Item::Authorization), "List what a user has authorized."),
    operation("user.authorization.delete", Delete, "/api/v3/users/{user_id}/authorizations/{client_id}", Holds(UserAuthorizedClients), Write(api::authorizations::delete), Takes::Nothing, Gives::Nothing, "Take an authorization back, and end the tokens that came of it."),
    operation("user.token.list", Get, "/api/v3/users/{user_id}/authorizations/{client_id}/tokens", HoldsOrIsToken(UserAuthorizedClients), List(api::authorizations::tokens), Takes::Page(Item::AccessToken), Gives::Items(Item::AccessToken), "List the access tokens that a client has of a user, without the tokens themselves."),
    operation("user.token.delete", Delete, "/api/v3/users/{user_id}/authorizations/{client_id}/tokens/{token_id}", HoldsOrIsToken(UserAuthorizedClients), Write(api::authorizations::delete_token), Takes::Nothing, Gives::Nothing, "End an access token and the refresh token beside it."),

    operation("organization.create", Post, "/api/v3/users/{user_id}/organizations", Holds(UserOrganizationsCreate), Write(api::organizations::create), Takes::New(EntityKind::Organization), Gives::One(EntityKind::Organization), "Create an organization that belongs to a user.").conflicting().limited(),
    operation("organization.list", Get, "/api/v3/organizations", Anyone, List(api::organizations::list), Takes::ListOfMember(EntityKind::Organization), Gives::Many(EntityKind::Organization), "List the caller's organizations, or those of a collaborator."),
    operation("organization.list", Get, "/api/v3/users/{user_id}/organizations", HoldsToList(UserOrganizationsList), List(api::organizations::list), Takes::List(EntityKind::Organization), Gives::Many(EntityKind::Organization), "List the organizations of a user."),
    operation("organization.get", Get, "/api/v3/organizations/{organization_id}", SignedIn, Read(api::organizations::get), Takes::Mask(EntityKind::Organization), Gives::One(EntityKind::Organization), "Read an organization."),
    operation("organization.update", Put, "/api/v3/organizations/{organization_id}", Holds(OrganizationSettingsBasic), Write(api::organizations::update), Takes::Update(EntityKind::Organization), Gives::One(EntityKind::Organization), "Change the fields of an organization that the mask names.").limited(),
    operation("organization.delete", Delete, "/api/v3/organizations/{organization_id}", Holds(OrganizationDelete), Write(api::deletion::delete), Takes::Nothing, Gives::Nothing, "Delete an organization; it can be restored for a day."),
    operation("organization.restore", Post, "/api/v3/organizations/{organization_id}/restore", HoldsEvenDeleted(OrganizationDelete), Write(api::deletion::restore), Takes::Nothing, Gives::Nothing, "Restore a deleted organization."),
    operation("organization.purge", Delete, "/api/v3/organizations/{organization_id}/purge", Purge(&ADMINS_PURGE_ORGANIZATIONS), Write(api::deletion::purge), Takes::Nothing, Gives::Nothing, "Remove an organization for good and free its ID."),
    operation("organization.rights", Get, "/api/v3/organizations/{organization_id}/rights", RightsReader, Read(api::rights::list), Takes::Nothing, Gives::Rights, "List the caller's rights on an organization."),
    operation("organization.search", Get, "/api/v3/search/organizations", Account(&SEARCH_FORBIDDEN), List(api::organizations::search), Takes::Search(EntityKind::Organization), Gives::Many(EntityKind::Organization), "Search organizations: all for administrators, one's own for others."),

    operation("organization.collaborator.list", Get, "/api/v3/organizations/{organization_id}/collaborators", SignedIn, List(api::members::list), Takes::Page(Item::Collaborator), Gives::Items(Item::Collaborator), "List the members of an organization."),
    operation("organization.collaborator.set", Put, "/api/v3/organizations/{organization_id}/collaborators", Holds(OrganizationSettingsMembers), Write(api::members::set), Takes::Member, Gives::Nothing, "Add or change a member; without rights, remove one.").limited(),
    operation("organization.collaborator.search", Get, "/api/v3/organizations/{organization_id}/collaborators/search", Holds(OrganizationSettingsMembers), List(api::search::accounts), Takes::AccountSearch, Gives::Items(Item::Account), "Search accounts among an organization's members, or among all others."),
    operation("organization.collaborator.get", Get, "/api/v3/organizations/{organization_id}/collaborator/user/{user_id}", Holds(OrganizationSettingsMembers), Read(api::members::get), Takes::Nothing, Gives::Item(Item::Collaborator), "Read the rights of a user on an organization."),
    operation("organization.collaborator.delete", Delete, "/api/v3/organizations/{organization_id}/collaborators/user/{user_id}", Holds(OrganizationSettingsMembers), Write(api::members::remove), Takes::Nothing, Gives::Nothing, "Remove a user from an organization."),

    operation("organization.api_key.create", Post, "/api/v3/organizations/{organization_id}/api-keys", Holds(OrganizationSettingsApiKeys), Write(api::api_keys::create), Takes::NewApiKey, Gives::Item(Item::ApiKey), "Create an API key for an organization.").limited(),
    operation("organization.api_key.list", Get, "/api/v3/organizations/{organization_id}/api-keys", Holds(OrganizationSettingsApiKeys), List(api::api_keys::list), Takes::Page(Item::ApiKey), Gives::Items(Item::ApiKey), "List the API keys of an organization."),
    operation("organization.api_key.get", Get, "/api/v3/organizations/{organization_id}/api-keys/{key_id}", Holds(OrganizationSettingsApiKeys), Read(api::api_keys::get), Takes::Nothing, Gives::Item(Item::ApiKey), "Read an API key of an organization, without the key itself."),
    operation("organization.api_key.update", Put, "/api/v3/organizations/{organization_id}/api-keys/{key_id}", Holds(OrganizationSettingsApiKeys), Write(api::api_keys::update), Takes::ApiKeyUpdate, Gives::ItemOrNothing(Item::ApiKey), "Change an API key of an organization.").limited(),
    operation("organization.api_key.delete", Delete, "/api/v3/organizations/{organization_id}/api-keys/{key_id}", Holds(OrganizationSettingsApiKeys), Write(api::api_keys::delete), Takes::Nothing, Gives::Nothing, "Delete an API key of an organization."),

    operation("account.search", Get, "/api/v3/search/accounts", SignedIn, List(api::search::accounts), Takes::AccountSearchByParameter, Gives::Items(Item::Account), "Search users and organizations by their IDs."),
    operation("auth_info", Get, "/api/v3/auth_info", Anyone, Read(api::auth_info::get), Takes::Nothing, Gives::AuthInfo, "Tell who the caller is, with which rights."),
    operation("openapi", Get, "/api/v3/openapi.json", Open, Read(api::openapi::get), Takes::Nothing, Gives::Document, "Describe this API in OpenAPI 3.1."),
    operation("configuration", Get, "/api/v3/is/configuration", Open, Read(api::configuration::get), Takes::Nothing, Gives::Configuration, "Tell what the server expects of its users."),
];
