//! Every command, one per row: parsing, help, the manual page and completions are derived from this table.

use pico_args::Arguments;

use crate::cli::args::flags::{self, Flag};
use crate::cli::args::nouns::{CLIENT, Noun, ORGANIZATION, USER};
use crate::cli::args::parse::CommandSyntax;
use crate::cli::args::settings::Setting;
use crate::cli::args::values::Values;
use crate::cli::doctor;
use crate::cli::failure::Failure;
use crate::cli::remote::connection::CONNECTION;
use crate::cli::remote::http::Remote;
use crate::cli::run::admin_operation::AdminOperation;
use crate::cli::run::healthcheck;
use crate::cli::run::operator::DATA;
use crate::cli::run::{
    admin, api_keys, authorizations, backup, client_check, clients, collaborators, declarations, entities, history, keys, login, reviews,
    sessions, users,
};
use crate::cli::serve::process;
use crate::cli::serve::settings::SETTINGS;
use crate::model::choice::State;

/// The first words of several commands.
pub struct CommandGroup {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub doc: &'static str,
}

pub struct Command {
    /// Its words: `clients collaborators list`.
    pub name: &'static str,
    /// Other names for the last word.
    pub aliases: &'static [&'static str],
    /// The flags or settings that plain arguments stand for, in their order.
    pub arguments: &'static [&'static str],
    flags: &'static [Flags],
    /// The routes it asks, by their names in `ROUTES`.
    pub routes: &'static [&'static str],
    pub run: Run,
    /// One sentence.
    pub doc: &'static str,
}

/// What a command needs to run.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// A server, and credentials for it.
    Remote(fn(&Values, &mut Remote) -> Result<(), Failure>),
    /// A server; credentials if there are any.
    Anyone(fn(&Values, &mut Remote) -> Result<(), Failure>),
    /// A server to log in to or out of: stored credentials are not used.
    Unauthenticated(fn(&Values, &mut Remote) -> Result<(), Failure>),
    /// The data file, or the server that holds it.
    Operator(&'static AdminOperation),
    /// The settings or the data file of the server of this machine, whether it runs or not.
    Local(fn(&Values, Arguments) -> Result<(), Failure>),
    /// The settings of the server. It logs the warnings once it has a log.
    Serve(fn(Arguments, &mut Vec<String>) -> Result<(), Failure>),
    /// Nothing: it prints a document that is built in.
    Document(Document),
}

/// A document that is built in.
#[derive(Clone, Copy, Debug)]
pub enum Document {
    OpenApi,
    Schema,
    Rules,
    Completions,
    Manual,
    Version,
}

/// The flags that a row of `COMMANDS` names.
#[derive(Clone, Copy)]
pub enum Flags {
    Rows(&'static [Flag]),
    /// A switch for each field that can be read.
    Select(&'static Noun),
    /// A flag for each field that can be sent at creation.
    Create(&'static Noun),
    /// A flag for each field that can be changed.
    Update(&'static Noun),
    /// A switch for each right of an entity.
    Rights(&'static Noun),
    /// The settings of the server, which it reads itself.
    Settings(&'static [Setting]),
}

impl Flags {
    pub fn rows(self) -> &'static [Flag] {
        match self {
            Flags::Rows(rows) => rows,
            Flags::Select(noun) => &noun.select,
            Flags::Create(noun) => &noun.create,
            Flags::Update(noun) => &noun.update,
            Flags::Rights(noun) => &noun.rights,
            Flags::Settings(_) => &[],
        }
    }
}

use Flags::{Create, Rights, Rows, Select, Settings, Update};
use Run::{Anyone, Local, Operator, Serve, Unauthenticated};

const fn group(name: &'static str, aliases: &'static [&'static str], doc: &'static str) -> CommandGroup {
    CommandGroup { name, aliases, doc }
}

const fn command(
    name: &'static str,
    aliases: &'static [&'static str],
    arguments: &'static [&'static str],
    flags: &'static [Flags],
    routes: &'static [&'static str],
    run: Run,
    doc: &'static str,
) -> Command {
    Command { name, aliases, arguments, flags, routes, run, doc }
}

const REVIEW: &str = "clients review";

#[rustfmt::skip]
pub static GROUPS: &[CommandGroup] = &[
    group("clients", &["client", "cli", "c"], "OAuth clients."),
    group("clients collaborators", &["collaborator", "members", "member"], "The collaborators of a client, and their rights."),
    group(REVIEW, &["reviews"], "The registration review: what waits for an administrator, what the rules find, requests and answers; alone, it lists."),
    group("users", &["user", "usr", "u"], "Users."),
    group("users api-keys", &["api-key"], "The API keys of a user."),
    group("users oauth", &[], "The clients that a user has authorized, and their tokens."),
    group("users oauth authorizations", &["authorization"], "The clients that a user has authorized."),
    group("users oauth access-tokens", &["access-token", "tokens", "token"], "The access tokens that a client has for a user."),
    group("users sessions", &["session"], "The sessions of a user."),
    group("organizations", &["organization", "org", "o"], "Organizations."),
    group("organizations collaborators", &["collaborator", "members", "member"], "The members of an organization."),
    group("organizations api-keys", &["api-key"], "The API keys of an organization."),
    group("keys", &["key"], "The keys in the data file that sign ID tokens and JWT access tokens, whether a server uses it or not."),
    group("admin", &[], "Work on the data file itself, whether a server uses it or not."),
];

#[rustfmt::skip]
pub static COMMANDS: &[Command] = &[
    command("serve", &[], &["fixture-seed"], &[Settings(SETTINGS)], &[], Serve(process::serve), "Answer HTTP requests."),

    command("doctor", &[], &[], &[Rows(flags::DOCTOR), Rows(flags::OUTPUT), Settings(SETTINGS)], &[], Local(doctor::run::run), "Read the settings and the data file, beside a running server too, and say what is wrong and what to do; the exit code is the number of problems."),
    command("healthcheck", &[], &["target"], &[Rows(flags::HEALTHCHECK), Settings(healthcheck::LISTEN)], &[], Local(healthcheck::run), "Ask a server whether it is ready; the exit code is 0 if it is, and 1 if not."),

    command("login", &[], &[], &[Rows(flags::CALLBACK)], &["auth_info"], Unauthenticated(login::login), "Log in to a server with the browser, or with the API key of --api-key, and keep the credentials."),
    command("logout", &[], &[], &[], &[], Unauthenticated(login::logout), "Revoke and forget the credentials for a server."),
    command("auth-info", &[], &[], &[Rows(flags::OUTPUT)], &["auth_info"], Run::Remote(login::auth_info), "Show who the caller is, with which rights."),

    command("clients list", &["ls"], &[], &[Rows(flags::OWNER), Rows(flags::PAGING), Rows(flags::DELETED), Rows(flags::SELECTION), Select(&CLIENT), Rows(flags::OUTPUT)], &["client.list"], Run::Remote(|g, r| entities::list(&CLIENT, g, r)), "List the clients that the caller can reach, or those of an account."),
    command("clients search", &[], &[], &[Rows(flags::SEARCH), Rows(flags::SEARCH_STATE), Rows(flags::PAGING), Rows(flags::DELETED), Rows(flags::SELECTION), Select(&CLIENT), Rows(flags::OUTPUT)], &["client.search"], Run::Remote(|g, r| entities::search(&CLIENT, g, r)), "Search clients: all for administrators, one's own for others."),
    command("clients get", &["info"], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::SELECTION), Select(&CLIENT), Rows(flags::OUTPUT)], &["client.get"], Run::Remote(|g, r| entities::get(&CLIENT, g, r)), "Show a client."),
    command("clients create", &["add", "register"], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::OWNER), Create(&CLIENT), Rows(flags::SECRET_OUT), Rows(flags::OUTPUT)], &["client.create", "auth_info"], Run::Remote(|g, r| entities::create(&CLIENT, g, r)), "Register a client, or those that standard input holds as JSON."),
    command("clients set", &["update"], &["client-id"], &[Rows(flags::CLIENT_ID), Update(&CLIENT), Rows(flags::UNSET), Rows(flags::SECRET_OUT), Rows(flags::OUTPUT)], &["client.update"], Run::Remote(|g, r| entities::set(&CLIENT, g, r)), "Change the fields of a client that flags name."),
    command("clients check", &[], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::OWNER), Create(&CLIENT), Rows(flags::OUTPUT)], &["client.check", "client.get"], Run::Remote(client_check::check), "Check a client against the rules of the review: an existing one, or those described by standard input or flags; the exit code is 3 if the worst finding is a warning, 4 if it blocks the client."),
    command("clients approve", &[], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::DESPITE_BLOCKING), Rows(flags::REASON), Rows(flags::OUTPUT)], &["client.review.get", "client.update"], Run::Remote(|g, r| clients::decide(State::Approved, g, r)), "Approve a client."),
    command("clients reject", &[], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::REASON), Rows(flags::OUTPUT)], &["client.update"], Run::Remote(|g, r| clients::decide(State::Rejected, g, r)), "Reject a client: it can neither be authorized nor use its tokens."),
    command("clients suspend", &[], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::REASON), Rows(flags::OUTPUT)], &["client.update"], Run::Remote(|g, r| clients::decide(State::Suspended, g, r)), "Suspend a client: it can neither be authorized nor use its tokens."),
    command("clients flag", &[], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::REASON), Rows(flags::OUTPUT)], &["client.update"], Run::Remote(|g, r| clients::decide(State::Flagged, g, r)), "Flag a client: it keeps working, and users are warned."),
    command("clients rotate-secret", &[], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::GRACE), Rows(flags::SECRET_OUT), Rows(flags::OUTPUT)], &["client.rotate_secret"], Run::Remote(clients::rotate_secret), "Issue a new client secret; with --grace the previous ones stay valid for a while."),
    command("clients delete", &["del", "remove", "rm"], &["client-id"], &[Rows(flags::CLIENT_ID)], &["client.delete"], Run::Remote(|g, r| entities::delete(&CLIENT, g, r)), "Delete a client; it can be restored for a day."),
    command("clients restore", &[], &["client-id"], &[Rows(flags::CLIENT_ID)], &["client.restore"], Run::Remote(|g, r| entities::restore(&CLIENT, g, r)), "Restore a deleted client."),
    command("clients purge", &["permanent-delete", "hard-delete"], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::FORCE)], &["client.purge"], Run::Remote(|g, r| entities::purge(&CLIENT, g, r)), "Remove a client for good and free its ID."),
    command("clients rights", &[], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::OUTPUT)], &["client.rights"], Run::Remote(|g, r| entities::rights(&CLIENT, g, r)), "List the caller's rights on a client."),
    command("clients review list", &["ls"], &[], &[Rows(flags::REVIEW_ALL), Rows(flags::OUTPUT)], &["client.review.list"], Run::Remote(reviews::list), "List what the rules find about the waiting clients, worst first; with --all, about every client."),
    command("clients review show", &["get", "info"], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::OUTPUT)], &["client.review.get"], Run::Remote(reviews::show), "Show a client's review: what the rules find, what its owner asked, and what was answered."),
    command("clients review request", &[], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::REVIEW_TEXT), Rows(flags::OUTPUT)], &["client.review.request"], Run::Remote(reviews::request), "Ask the administrators to review your client, or to review it again after a rejection or a request for changes."),
    command("clients review approve", &[], &["client-id"], &[Rows(flags::REVIEWED), Rows(flags::REVIEW_READ), Rows(flags::DESPITE_BLOCKING), Rows(flags::REVIEW_REASON), Rows(flags::OUTPUT)], &["client.review.answer"], Run::Remote(|g, r| reviews::answer("approve", g, r)), "Approve waiting clients, provided that nothing has changed since you read their reviews."),
    command("clients review reject", &[], &["client-id"], &[Rows(flags::REVIEWED), Rows(flags::REVIEW_REASON), Rows(flags::OUTPUT)], &["client.review.answer"], Run::Remote(|g, r| reviews::answer("reject", g, r)), "Reject waiting clients; their owners see the reason and can ask again."),
    command("clients review ask", &[], &["client-id"], &[Rows(flags::REVIEWED), Rows(flags::REVIEW_REASON), Rows(flags::OUTPUT)], &["client.review.answer"], Run::Remote(|g, r| reviews::answer("ask", g, r)), "Ask the owners of waiting clients for changes, which the reason describes."),

    command("clients collaborators list", &["ls"], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::PAGING), Rows(flags::OUTPUT)], &["client.collaborator.list"], Run::Remote(|g, r| collaborators::list(&CLIENT, g, r)), "List the collaborators of a client."),
    command("clients collaborators get", &["info"], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::COLLABORATOR), Rows(flags::OUTPUT)], &["client.collaborator.get"], Run::Remote(|g, r| collaborators::get(&CLIENT, g, r)), "Show the rights of a collaborator."),
    command("clients collaborators set", &["update"], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::COLLABORATOR), Rows(flags::RIGHTS_LIST), Rights(&CLIENT)], &["client.collaborator.set"], Run::Remote(|g, r| collaborators::set(&CLIENT, g, r)), "Add a collaborator, or give one other rights."),
    command("clients collaborators delete", &["del", "remove", "rm"], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::COLLABORATOR)], &["client.collaborator.delete"], Run::Remote(|g, r| collaborators::delete(&CLIENT, g, r)), "Remove a collaborator."),

    command("clients review probe", &[], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::OUTPUT)], &["client.review.probe"], Run::Remote(clients::probe), "Try whether the redirect URIs of a client work."),

    command("history", &[], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::PAGING), Rows(flags::OUTPUT)], &["client.event.list"], Run::Remote(history::list), "List what happened to a client, newest first: each event has a number."),
    command("undo", &[], &["event"], &[Rows(flags::EVENT), Rows(flags::OUTPUT)], &["client.event.undo"], Run::Remote(history::undo), "Undo a change of a client: set the fields of the event back, if nobody changed them since."),

    command("users list", &["ls"], &[], &[Rows(flags::PAGING), Rows(flags::DELETED), Rows(flags::SELECTION), Select(&USER), Rows(flags::OUTPUT)], &["user.list"], Run::Remote(|g, r| entities::list(&USER, g, r)), "List all users."),
    command("users search", &[], &[], &[Rows(flags::SEARCH), Rows(flags::SEARCH_STATE), Rows(flags::PAGING), Rows(flags::DELETED), Rows(flags::SELECTION), Select(&USER), Rows(flags::OUTPUT)], &["user.search"], Run::Remote(|g, r| entities::search(&USER, g, r)), "Search users."),
    command("users get", &["info"], &["user-id"], &[Rows(flags::USER_ID), Rows(flags::SELECTION), Select(&USER), Rows(flags::OUTPUT)], &["user.get"], Run::Remote(|g, r| entities::get(&USER, g, r)), "Show a user."),
    command("users create", &["add", "register"], &["user-id"], &[Rows(flags::USER_ID), Create(&USER), Rows(flags::INVITATION), Rows(flags::OUTPUT)], &["user.create"], Anyone(users::create), "Create a user, or those that standard input holds as JSON."),
    command("users set", &["update"], &["user-id"], &[Rows(flags::USER_ID), Update(&USER), Rows(flags::UNSET), Rows(flags::OUTPUT)], &["user.update"], Run::Remote(|g, r| entities::set(&USER, g, r)), "Change the fields of a user that flags name."),
    command("users update-password", &[], &["user-id"], &[Rows(flags::USER_ID), Rows(flags::NEW_PASSWORD)], &["user.password"], Anyone(users::update_password), "Change a password, knowing the old one."),
    command("users create-temporary-password", &[], &["user-id"], &[Rows(flags::USER_ID), Rows(flags::SECRET_OUT), Rows(flags::OUTPUT)], &["user.update"], Run::Remote(users::create_temporary_password), "Give a user a temporary password, which works once, within a day, and leads to choosing a new one."),
    command("users delete-temporary-password", &[], &["user-id"], &[Rows(flags::USER_ID)], &["user.update"], Run::Remote(users::delete_temporary_password), "Withdraw the temporary password of a user."),
    command("users create-sign-in-link", &[], &["user-id"], &[Rows(flags::USER_ID), Rows(flags::SECRET_OUT), Rows(flags::OUTPUT)], &["user.sign_in_link.create"], Run::Remote(users::create_sign_in_link), "Create a link with which a user signs in once, within 15 minutes, and chooses a new password."),
    command("users delete-sign-in-link", &[], &["user-id"], &[Rows(flags::USER_ID)], &["user.sign_in_link.delete"], Run::Remote(users::delete_sign_in_link), "Withdraw the sign-in link of a user."),
    command("users delete", &["del", "remove", "rm"], &["user-id"], &[Rows(flags::USER_ID)], &["user.delete"], Run::Remote(|g, r| entities::delete(&USER, g, r)), "Delete a user; an administrator can restore it for a day."),
    command("users restore", &[], &["user-id"], &[Rows(flags::USER_ID)], &["user.restore"], Run::Remote(|g, r| entities::restore(&USER, g, r)), "Restore a deleted user."),
    command("users purge", &["permanent-delete", "hard-delete"], &["user-id"], &[Rows(flags::USER_ID), Rows(flags::FORCE)], &["user.purge"], Run::Remote(|g, r| entities::purge(&USER, g, r)), "Remove a user for good and free the ID."),
    command("users rights", &[], &["user-id"], &[Rows(flags::USER_ID), Rows(flags::OUTPUT)], &["user.rights"], Run::Remote(|g, r| entities::rights(&USER, g, r)), "List the caller's rights on a user."),
    command("users api-keys list", &["ls"], &["user-id"], &[Rows(flags::OF_USER), Rows(flags::PAGING), Rows(flags::OUTPUT)], &["user.api_key.list", "auth_info"], Run::Remote(|g, r| api_keys::list(&USER, g, r)), "List the API keys of a user."),
    command("users api-keys get", &["info"], &["user-id", "api-key-id"], &[Rows(flags::OF_USER), Rows(flags::API_KEY_ID), Rows(flags::OUTPUT)], &["user.api_key.get", "auth_info"], Run::Remote(|g, r| api_keys::get(&USER, g, r)), "Show an API key, without the key itself."),
    command("users api-keys create", &["add", "generate"], &["user-id"], &[Rows(flags::OF_USER), Rows(flags::API_KEY), Rows(flags::RIGHTS_LIST), Rights(&USER), Rows(flags::SECRET_OUT), Rows(flags::OUTPUT)], &["user.api_key.create", "auth_info"], Run::Remote(|g, r| api_keys::create(&USER, g, r)), "Create an API key for a user."),
    command("users api-keys set", &["update"], &["user-id", "api-key-id"], &[Rows(flags::OF_USER), Rows(flags::API_KEY_ID), Rows(flags::API_KEY), Rows(flags::RIGHTS_LIST), Rights(&USER), Rows(flags::OUTPUT)], &["user.api_key.update", "auth_info"], Run::Remote(|g, r| api_keys::set(&USER, g, r)), "Change an API key of a user."),
    command("users api-keys delete", &["del", "remove", "rm"], &["user-id", "api-key-id"], &[Rows(flags::OF_USER), Rows(flags::API_KEY_ID)], &["user.api_key.delete", "auth_info"], Run::Remote(|g, r| api_keys::delete(&USER, g, r)), "Delete an API key of a user."),
    command("users oauth authorizations list", &["ls"], &["user-id"], &[Rows(flags::OF_USER), Rows(flags::PAGING), Rows(flags::OUTPUT)], &["user.authorization.list", "auth_info"], Run::Remote(authorizations::list), "List the clients that a user has authorized."),
    command("users oauth authorizations delete", &["del", "remove", "rm"], &["user-id", "client-id"], &[Rows(flags::OF_USER), Rows(flags::CLIENT_ID)], &["user.token.list", "user.token.delete", "user.authorization.delete", "auth_info"], Run::Remote(authorizations::delete), "Delete the authorization of a client by a user, and its tokens."),
    command("users oauth access-tokens list", &["ls"], &["user-id", "client-id"], &[Rows(flags::OF_USER), Rows(flags::CLIENT_ID), Rows(flags::PAGING), Rows(flags::OUTPUT)], &["user.token.list", "auth_info"], Run::Remote(authorizations::list_tokens), "List the access tokens that a client has for a user."),
    command("users oauth access-tokens delete", &["del", "remove", "rm"], &["user-id", "client-id", "token-id"], &[Rows(flags::OF_USER), Rows(flags::CLIENT_ID), Rows(flags::TOKEN_ID)], &["user.token.delete", "auth_info"], Run::Remote(authorizations::delete_token), "Revoke a token."),
    command("users sessions list", &["ls"], &["user-id"], &[Rows(flags::OF_USER), Rows(flags::PAGING), Rows(flags::OUTPUT)], &["user.session.list", "auth_info"], Run::Remote(sessions::list), "List the sessions of a user."),
    command("users sessions delete", &["del", "remove", "rm"], &["user-id", "session-id"], &[Rows(flags::OF_USER), Rows(flags::SESSION_ID)], &["user.session.delete", "auth_info"], Run::Remote(sessions::delete), "End a session of a user."),

    command("organizations list", &["ls"], &[], &[Rows(flags::OF_USER), Rows(flags::PAGING), Rows(flags::DELETED), Rows(flags::SELECTION), Select(&ORGANIZATION), Rows(flags::OUTPUT)], &["organization.list"], Run::Remote(|g, r| entities::list(&ORGANIZATION, g, r)), "List the caller's organizations, or those of a user."),
    command("organizations search", &[], &[], &[Rows(flags::SEARCH), Rows(flags::PAGING), Rows(flags::DELETED), Rows(flags::SELECTION), Select(&ORGANIZATION), Rows(flags::OUTPUT)], &["organization.search"], Run::Remote(|g, r| entities::search(&ORGANIZATION, g, r)), "Search organizations: all for administrators, one's own for others."),
    command("organizations get", &["info"], &["organization-id"], &[Rows(flags::ORGANIZATION_ID), Rows(flags::SELECTION), Select(&ORGANIZATION), Rows(flags::OUTPUT)], &["organization.get"], Run::Remote(|g, r| entities::get(&ORGANIZATION, g, r)), "Show an organization."),
    command("organizations create", &["add", "register"], &["organization-id"], &[Rows(flags::ORGANIZATION_ID), Rows(flags::OWNING_USER), Create(&ORGANIZATION), Rows(flags::OUTPUT)], &["organization.create", "auth_info"], Run::Remote(|g, r| entities::create(&ORGANIZATION, g, r)), "Create an organization, or those that standard input holds as JSON."),
    command("organizations set", &["update"], &["organization-id"], &[Rows(flags::ORGANIZATION_ID), Update(&ORGANIZATION), Rows(flags::UNSET), Rows(flags::OUTPUT)], &["organization.update"], Run::Remote(|g, r| entities::set(&ORGANIZATION, g, r)), "Change the fields of an organization that flags name."),
    command("organizations delete", &["del", "remove", "rm"], &["organization-id"], &[Rows(flags::ORGANIZATION_ID)], &["organization.delete"], Run::Remote(|g, r| entities::delete(&ORGANIZATION, g, r)), "Delete an organization; it can be restored for a day."),
    command("organizations restore", &[], &["organization-id"], &[Rows(flags::ORGANIZATION_ID)], &["organization.restore"], Run::Remote(|g, r| entities::restore(&ORGANIZATION, g, r)), "Restore a deleted organization."),
    command("organizations purge", &["permanent-delete", "hard-delete"], &["organization-id"], &[Rows(flags::ORGANIZATION_ID), Rows(flags::FORCE)], &["organization.purge"], Run::Remote(|g, r| entities::purge(&ORGANIZATION, g, r)), "Remove an organization for good and free its ID."),
    command("organizations rights", &[], &["organization-id"], &[Rows(flags::ORGANIZATION_ID), Rows(flags::OUTPUT)], &["organization.rights"], Run::Remote(|g, r| entities::rights(&ORGANIZATION, g, r)), "List the caller's rights on an organization."),
    command("organizations collaborators list", &["ls"], &["organization-id"], &[Rows(flags::ORGANIZATION_ID), Rows(flags::PAGING), Rows(flags::OUTPUT)], &["organization.collaborator.list"], Run::Remote(|g, r| collaborators::list(&ORGANIZATION, g, r)), "List the members of an organization."),
    command("organizations collaborators get", &["info"], &["organization-id"], &[Rows(flags::ORGANIZATION_ID), Rows(flags::MEMBER), Rows(flags::OUTPUT)], &["organization.collaborator.get"], Run::Remote(|g, r| collaborators::get(&ORGANIZATION, g, r)), "Show the rights of a member."),
    command("organizations collaborators set", &["update"], &["organization-id"], &[Rows(flags::ORGANIZATION_ID), Rows(flags::MEMBER), Rows(flags::RIGHTS_LIST), Rights(&ORGANIZATION)], &["organization.collaborator.set"], Run::Remote(|g, r| collaborators::set(&ORGANIZATION, g, r)), "Add a member, or give one other rights."),
    command("organizations collaborators delete", &["del", "remove", "rm"], &["organization-id"], &[Rows(flags::ORGANIZATION_ID), Rows(flags::MEMBER)], &["organization.collaborator.delete"], Run::Remote(|g, r| collaborators::delete(&ORGANIZATION, g, r)), "Remove a member."),
    command("organizations api-keys list", &["ls"], &["organization-id"], &[Rows(flags::ORGANIZATION_ID), Rows(flags::PAGING), Rows(flags::OUTPUT)], &["organization.api_key.list"], Run::Remote(|g, r| api_keys::list(&ORGANIZATION, g, r)), "List the API keys of an organization."),
    command("organizations api-keys get", &["info"], &["organization-id", "api-key-id"], &[Rows(flags::ORGANIZATION_ID), Rows(flags::API_KEY_ID), Rows(flags::OUTPUT)], &["organization.api_key.get"], Run::Remote(|g, r| api_keys::get(&ORGANIZATION, g, r)), "Show an API key, without the key itself."),
    command("organizations api-keys create", &["add", "generate"], &["organization-id"], &[Rows(flags::ORGANIZATION_ID), Rows(flags::API_KEY), Rows(flags::RIGHTS_LIST), Rights(&ORGANIZATION), Rows(flags::SECRET_OUT), Rows(flags::OUTPUT)], &["organization.api_key.create"], Run::Remote(|g, r| api_keys::create(&ORGANIZATION, g, r)), "Create an API key for an organization."),
    command("organizations api-keys set", &["update"], &["organization-id", "api-key-id"], &[Rows(flags::ORGANIZATION_ID), Rows(flags::API_KEY_ID), Rows(flags::API_KEY), Rows(flags::RIGHTS_LIST), Rights(&ORGANIZATION), Rows(flags::OUTPUT)], &["organization.api_key.update"], Run::Remote(|g, r| api_keys::set(&ORGANIZATION, g, r)), "Change an API key of an organization."),
    command("organizations api-keys delete", &["del", "remove", "rm"], &["organization-id", "api-key-id"], &[Rows(flags::ORGANIZATION_ID), Rows(flags::API_KEY_ID)], &["organization.api_key.delete"], Run::Remote(|g, r| api_keys::delete(&ORGANIZATION, g, r)), "Delete an API key of an organization."),

    command("admin create-user", &[], &["user-id"], &[Rows(flags::USER_ID), Rows(flags::OPERATOR_USER), Rows(flags::GENERATED_PASSWORD), Settings(DATA)], &[], Operator(&admin::CREATE_USER), "Create an approved user in the data file."),
    command("admin reset-password", &[], &["user-id"], &[Rows(flags::USER_ID), Rows(flags::GENERATED_PASSWORD), Settings(DATA)], &[], Operator(&admin::RESET_PASSWORD), "Give a user in the data file another password."),
    command("admin create-temporary-password", &[], &["user-id"], &[Rows(flags::USER_ID), Rows(flags::SECRET_OUT), Settings(DATA)], &[], Operator(&admin::CREATE_TEMPORARY_PASSWORD), "Give a user in the data file a temporary password, which works once, within a day, and leads to choosing a new one."),
    command("admin create-sign-in-link", &[], &["user-id"], &[Rows(flags::USER_ID), Rows(flags::SECRET_OUT), Settings(DATA)], &[], Operator(&admin::CREATE_SIGN_IN_LINK), "Create a link with which a user in the data file signs in once, within 15 minutes, and chooses a new password."),
    command("admin create-api-key", &[], &["user-id"], &[Rows(flags::USER_ID), Rows(flags::API_KEY), Rows(flags::RIGHTS_LIST), Rows(flags::SECRET_OUT), Settings(DATA)], &[], Operator(&admin::CREATE_API_KEY), "Create an API key for a user in the data file; with every right, unless --rights names some."),
    command("admin create-client", &[], &["client-id"], &[Rows(flags::CLIENT_ID), Rows(flags::OWNING_ACCOUNT), Create(&CLIENT), Rows(flags::SECRET_OUT), Settings(DATA)], &[], Operator(&admin::CREATE_CLIENT), "Register an approved client in the data file."),
    command("admin revoke-authorizations", &[], &["client-id"], &[Rows(flags::CLIENT_ID), Settings(DATA)], &[], Operator(&admin::REVOKE_AUTHORIZATIONS), "Revoke what everyone authorized a client in the data file for, and end all its tokens."),

    command("keys list", &["ls"], &[], &[Settings(DATA)], &[], Operator(&keys::LIST), "List the keys: which sign, which wait, and which only verify until their last token has ended."),
    command("keys rotate", &[], &[], &[Rows(flags::KEY_ALGORITHM), Rows(flags::HANDOVER), Settings(DATA)], &[], Operator(&keys::ROTATE), "Make new keys, which are published now and sign in an hour."),
    command("keys import", &["add"], &["private-key-file"], &[Rows(flags::PRIVATE_KEY), Rows(flags::HANDOVER), Settings(DATA)], &[], Operator(&keys::IMPORT), "Add a key of one's own, which is published now and signs in an hour, or at once if there is none yet."),

    command("backup", &[], &["file"], &[Rows(flags::BACKUP), Settings(backup::DATA)], &[], Local(backup::back_up_data), "Copy the data file, also while a server uses it, and prove the copy."),
    command("restore", &[], &["file"], &[Rows(flags::RESTORE), Settings(backup::DATA)], &[], Local(backup::restore_data), "Put a backup in the place of the data file, which is kept aside; or only try the backup."),

    command("plan", &[], &["file"], &[Rows(flags::DECLARATION), Settings(DATA), Settings(CONNECTION)], &[], Local(declarations::plan), "Show what would be created, changed and removed so that all is as a file declares; the exit code is 0 if nothing, 2 if something, and 1 after an error."),
    command("apply", &[], &["file"], &[Rows(flags::DECLARATION), Rows(flags::YES), Settings(DATA), Settings(CONNECTION)], &[], Local(declarations::apply), "Create, change and remove what a file declares: all of it, or nothing. Shows it and asks first."),
    command("export", &[], &[], &[Rows(flags::EXPORT), Settings(DATA)], &[], Local(declarations::export), "Print everything in the data file as a declaration, or as SQL for The Things Stack, secrets as hashes."),
    command("schema", &[], &["of"], &[Rows(flags::SCHEMA)], &[], Run::Document(Document::Schema), "Print the JSON Schema of declarations, or of the seeds that `serve --fixture` takes."),
    command("explain", &[], &["rule"], &[Rows(flags::RULE)], &[], Run::Document(Document::Rules), "Explain a rule by which clients are judged, or list all of them."),
    command("openapi", &[], &[], &[], &[], Run::Document(Document::OpenApi), "Print the OpenAPI 3.1 document of the API."),
    command("completions", &[], &["shell"], &[Rows(flags::SHELL)], &[], Run::Document(Document::Completions), "Print the completions for bash, zsh or fish."),
    command("man", &[], &[], &[], &[], Run::Document(Document::Manual), "Print the manual page."),
    command("version", &[], &[], &[], &[], Run::Document(Document::Version), "Print the version."),
];

impl Command {
    /// Returns all its flags; of two with one name, the first.
    pub fn flags(&self) -> Vec<&'static Flag> {
        let mut rows: Vec<&'static Flag> = Vec::new();
        for row in self.flags.iter().flat_map(|flags| flags.rows()) {
            if rows.iter().all(|other| other.name != row.name) {
                rows.push(row);
            }
        }
        rows
    }

    /// Returns the settings that it reads from flags and the environment.
    pub fn settings(&self) -> Vec<&'static Setting> {
        let own = self.flags.iter().filter_map(|flags| if let Settings(settings) = flags { Some(*settings) } else { None });
        own.chain(self.is_remote().then_some(CONNECTION)).flatten().collect()
    }

    pub fn takes(&self) -> CommandSyntax {
        CommandSyntax { command: self.name, arguments: self.arguments, flags: self.flags(), settings: self.settings() }
    }

    pub fn is_remote(&self) -> bool {
        matches!(self.run, Run::Remote(_) | Anyone(_) | Unauthenticated(_))
    }
}

/// A command, or a group of them.
#[derive(Clone, Copy)]
pub enum Entry {
    Command(&'static Command),
    Group(&'static CommandGroup),
}

impl Entry {
    pub fn name(self) -> &'static str {
        match self {
            Entry::Command(command) => command.name,
            Entry::Group(group) => group.name,
        }
    }

    pub fn aliases(self) -> &'static [&'static str] {
        match self {
            Entry::Command(command) => command.aliases,
            Entry::Group(group) => group.aliases,
        }
    }

    pub fn doc(self) -> &'static str {
        match self {
            Entry::Command(command) => command.doc,
            Entry::Group(group) => group.doc,
        }
    }

    /// Returns the last word of its name.
    pub fn word(self) -> &'static str {
        self.name().rsplit(' ').next().unwrap_or_default()
    }

    /// Returns the words that may stand for its last one.
    pub fn spellings(self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.word()).chain(self.aliases().iter().copied())
    }
}

/// Returns the command that a group alone stands for, if it stands for one.
pub fn alone(group: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| group == REVIEW && parent(command.name) == group)
}

/// Returns all words of a name but the last.
pub fn parent(name: &str) -> &str {
    name.rsplit_once(' ').map_or("", |(parent, _)| parent)
}

/// Returns the commands and groups directly below a group; those below no group for the empty name.
pub fn below(group: &str) -> impl Iterator<Item = Entry> {
    let entries = COMMANDS.iter().map(Entry::Command).chain(GROUPS.iter().map(Entry::Group));
    entries.filter(move |entry| parent(entry.name()) == group)
}

/// Returns the command or group that one word names below a group.
pub fn find(group: &str, word: &str) -> Option<Entry> {
    below(group).find(|entry| entry.spellings().any(|spelling| spelling == word))
}
