//! Floor 8: one request, from its bytes to its reply. Find the route, read the input, admit the caller, run.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::api::names;
use crate::base::backup_status::BackupStatus;
use crate::base::error::{Error, Kind, Result};
use crate::base::log;
use crate::base::secret::TokenKind;
use crate::call::{self, AboutServer, Call, Handler, Input, SharedState, Transactions, Work};
use crate::http::base_path::BasePath;
use crate::http::cookie::Cookies;
use crate::http::csrf::{self, FormTokenCheck, ServerKey, SignInPage};
use crate::http::listener::counts::ListenerCounts;
use crate::http::origin::{self, Sender};
use crate::http::path;
use crate::http::queue::Slow;
use crate::http::reply::{COMMON, FOR_ANY_ORIGIN, Reply};
use crate::http::request::{Method, Request};
use crate::metrics::scrape::{Metrics, Scrape};
use crate::metrics::text;
use crate::model::settings::Settings;
use crate::oauth::{login, posted, refused};
use crate::page::look;
use crate::registry::authentication::{self, Credentials, OAUTH_CLIENT_REJECTED, OAUTH_CLIENT_SUSPENDED, TOKEN_NOT_FOUND};
use crate::registry::credential_use::{self, Use};
use crate::registry::principal::{Access, Principal};
use crate::registry::readiness::Readiness;
use crate::registry::rights;
use crate::registry::sessions::{self, COOKIE, SessionCookie};
use crate::routes::{ConsoleAccess, Guard, Origins, Route, RouteMatch, find, find_password, origins};
use crate::store::{Deleted, Store, Tx};
use crate::{console, failure};

/// The prefix of the REST API.
const API: &str = "/api/v3/";

pub struct App {
    store: Store,
    settings: Settings,
    base_path: BasePath,
    cookies: Cookies,
    server_key: ServerKey,
    pub(crate) shared: SharedState,
    backups: BackupStatus,
    readiness: Readiness,
    metrics: Metrics,
}

impl App {
    pub fn new(store: Store, settings: Settings) -> App {
        let (base_path, cookies) = (BasePath::of(&settings.public_url), Cookies::of(&settings.public_url));
        let (shared, metrics) = (SharedState::default(), Metrics::default());
        let (server_key, readiness, backups) = (ServerKey::fresh(), Readiness::default(), BackupStatus::default());
        App { store, settings, base_path, cookies, server_key, shared, backups, readiness, metrics }
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns what became of the backups that the server makes by itself.
    pub fn backups(&self) -> &BackupStatus {
        &self.backups
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Answers any request, and logs one line. A panic costs only this request a 500. Calls `before_blocking` before it waits for the disk.
    pub fn answer(&self, request: Request, before_blocking: &dyn Fn()) -> Reply {
        self.answer_inside(&self.inside(request), before_blocking)
    }

    /// Takes the base path off a request.
    pub fn inside(&self, request: Request) -> Request {
        self.base_path.taken_off(request)
    }

    /// The same as [`App::answer`] for a request without the base path.
    pub fn answer_inside(&self, request: &Request, before_blocking: &dyn Fn()) -> Reply {
        let started = Instant::now();
        let mut route = None;
        let reply = survive(request, || self.dispatch(request, before_blocking, &mut route));
        let took = started.elapsed();
        self.metrics.requests.count(route, reply.status, took);
        if !route.is_some_and(Route::is_about_server) {
            log_request(request, route, &reply, took);
        }
        self.base_path.put_before_links(look::dressed(with_common_headers(reply, request, route), &self.settings, &self.cookies, request))
    }

    /// Answers a request of the listener for metrics on `host`, which has no other path. There is no app any more if the server has stopped.
    pub fn answer_metrics(app: Option<&App>, listener: &ListenerCounts, host: &str, request: &Request) -> Reply {
        let reply = match app {
            _ if !origin::is_asked_by_own_name(request, host) => failure::misdirected(request),
            _ if request.path() != "/metrics" => failure::no_route(request),
            _ if !request.method.is_get_or_head() => failure::wrong_method(request, &[Method::Get, Method::Head]),
            None => Reply::empty(503),
            Some(App { metrics, store, shared, backups, .. }) => {
                let page = text::page(&Scrape::of(metrics, store, &shared.queues.hashing, backups, listener));
                Reply::new(200, text::MEDIA_TYPE, page.into())
            }
        };
        with_common_headers(reply, request, None)
    }

    fn dispatch(&self, request: &Request, before_blocking: &dyn Fn(), named: &mut Option<&'static Route>) -> Reply {
        let Ok(segments) = path::segments(request.path()) else {
            return failure::reply(request, &Error::malformed("the path is not UTF-8, or holds a NUL"));
        };
        let in_api = request.path().starts_with(API);
        if in_api && request.method == Method::Options {
            *named = find_password(&segments);
            return if named.is_some() { Reply::empty(200) } else { preflight() };
        }
        match find(request.method, &segments) {
            RouteMatch::WrongMethod(allowed) if is_preflight(request) && origins(&segments) == Origins::Any => oauth_preflight(&allowed),
            RouteMatch::Route(route, captures) => {
                *named = Some(route);
                let session_cookies = if route.is_about_server() { Vec::new() } else { self.session_cookies(request) };
                match self.proved(&session_cookies) {
                    Ok(session_cookie) => {
                        let (cookies, server_key, now) = (&self.cookies, &self.server_key, self.store.now());
                        let input = Input { request, captures, now, session_cookie, session_cookies, cookies, server_key };
                        self.run(route, &input, before_blocking)
                    }
                    Err(error) => refused_for(route, request, &error),
                }
            }
            RouteMatch::WrongMethod(allowed) if !in_api => failure::wrong_method(request, &allowed),
            RouteMatch::WrongMethod(_) => failure::reply(request, &Error::Plain(Kind::Unimplemented, "Method Not Allowed".to_owned())),
            RouteMatch::Nothing if in_api => failure::reply(request, &Error::Plain(Kind::NotFound, "Not Found".to_owned())),
            RouteMatch::Nothing => failure::no_route(request),
        }
    }

    /// Reads the input, then runs the handler in the kind of transaction of its row.
    fn run(&self, route: &Route, input: &Input<'_>, before_blocking: &dyn Fn()) -> Reply {
        let context = RefCell::new(ReplyContext::default());
        let admit = |tx: &Tx<'_>| {
            let by = self.caller(tx, route, input);
            context.replace(ReplyContext::of(&by, route.guard, input.session_cookie.is_some()));
            let by = by?;
            admit(tx, route.guard, &by, input)?;
            Ok(by)
        };
        let in_transaction = |tx: &Tx<'_>, work: Work<'_>| {
            let by = admit(tx)?;
            work(&Call { tx, by: &by, settings: &self.settings, shared: &self.shared })
        };
        let result = self.check_csrf(route, input).and_then(|()| match route.handler {
            Handler::Read(read) => self.store.read_kept(|tx| in_transaction(tx, read(input)?)),
            Handler::List(read) => read(input).and_then(|work| {
                before_blocking();
                let _turn = call::enter(&self.shared.queues.lists, Slow::List, None, input.request.peer)?;
                self.store.read(|tx| in_transaction(tx, work))
            }),
            Handler::Write(read) => read(input).and_then(|work| {
                before_blocking();
                self.store.write(|tx| in_transaction(tx, work))
            }),
            Handler::Transactions(read) => read(input).and_then(|work| {
                let App { store, settings, shared, .. } = self;
                let answer = &|request: &Request| self.answer_inside(request, before_blocking);
                work(&Transactions { store, settings, admit: &admit, before_blocking, shared, answer })
            }),
            Handler::Server(answer) => {
                Ok(answer(&AboutServer { store: &self.store, readiness: &self.readiness, method: input.request.method, before_blocking }))
            }
        });
        let reply = result.unwrap_or_else(|error| self.refused(route, input, &error));
        let ReplyContext { warning, use_to_record, has_invalid_cookie } = context.into_inner();
        if let Some(used) = use_to_record {
            before_blocking();
            self.note(&used, input.request);
        }
        let reply = warning.into_iter().fold(reply, |reply, warning| reply.with("X-Warning", warning));
        // With several cookies of the name, the right one could be deleted; after an error it is unknown whether it is valid.
        let is_sure = || reply.status < 500 && self.cookies.one(input.request, COOKIE).is_some();
        if has_invalid_cookie && is_sure() && !reply.headers.iter().any(|(_, value)| self.cookies.is_set_by(value, COOKIE)) {
            return reply.with("Set-Cookie", self.cookies.clear(COOKIE));
        }
        reply
    }

    /// Answers with a refusal; in the Console on a page of it, if the caller is signed in.
    fn refused(&self, route: &Route, input: &Input<'_>, error: &Error) -> Reply {
        let leads_elsewhere = error.is(&sessions::NOT_AUTHENTICATED) || error.is(&csrf::INVALID_CSRF_TOKEN);
        let is_page = matches!(route.guard, Guard::Console(_)) && failure::prefers_html(input.request) && !leads_elsewhere;
        if is_page && matches!(error, Error::Named(_) | Error::Plain(..)) {
            let page = self.store.read(|tx| {
                let by = self.caller(tx, route, input)?;
                console::form::refused::page(&Call { tx, by: &by, settings: &self.settings, shared: &self.shared }, input, error)
            });
            if let Ok(page) = page {
                return page;
            }
        }
        refused_for(route, input.request, error)
    }

    /// Returns the distinct session cookies of a request: the browser's own, and what another port of this host may have planted beside it.
    fn session_cookies(&self, request: &Request) -> Vec<SessionCookie> {
        let mut distinct = Vec::new();
        for cookie in self.cookies.all(request, COOKIE).into_iter().filter_map(SessionCookie::parse) {
            if !distinct.contains(&cookie) {
                distinct.push(cookie);
            }
        }
        distinct
    }

    /// Returns the cookie that counts: the only one, or of several the only one that proves a session.
    fn proved(&self, session_cookies: &[SessionCookie]) -> Result<Option<SessionCookie>> {
        match session_cookies {
            [] => Ok(None),
            [only] => Ok(Some(only.clone())),
            several => self.store.read(|tx| sessions::only_proved(tx, several)),
        }
    }

    /// Records that credentials were used. A failure is logged; it does not change the reply.
    fn note(&self, used: &Use, request: &Request) {
        if let Err(error) = self.store.write(|tx| credential_use::record(tx, used)) {
            log::error("a use could not be written down", &[("cause", error.chain().into()), ("request_id", request.id.as_str().into())]);
        }
    }

    /// Authenticates the caller. Some guards treat bad credentials as none.
    fn caller(&self, tx: &Tx<'_>, route: &Route, input: &Input<'_>) -> Result<Principal> {
        let request_id = input.request.id.as_str();
        let anonymous = || Principal::anonymous(request_id);
        let authenticate = || authentication::principal(tx, &self.settings, &credentials(input), request_id);
        match route.guard {
            Guard::Open | Guard::Password | Guard::Client => Ok(anonymous()),
            // A suspended user is redirected to the sign-in page, which says so.
            Guard::Browser | Guard::SignIn => match self.in_browser(tx, input) {
                Err(Error::Named(_)) => Ok(anonymous()),
                found => Ok(found?.unwrap_or_else(anonymous)),
            },
            Guard::SignedInBrowser | Guard::Console(_) => {
                self.in_browser(tx, input)?.ok_or_else(|| sessions::not_authenticated(input.session_cookie.as_ref()))
            }
            Guard::Registration | Guard::Purge(_) => match authenticate() {
                Err(Error::Named(_)) => Ok(anonymous()),
                learned => learned,
            },
            Guard::Anyone | Guard::SignedIn | Guard::Account(_) | Guard::Admin(_) | Guard::HoldsToList(_) => authenticate(),
            // For guards that only ask for a right, the token of a suspended or rejected client has none (registry.md 4.2).
            Guard::RightsReader | Guard::Holds(_) | Guard::HoldsEvenDeleted(_) | Guard::HoldsOrIsToken(_) => match authenticate() {
                Err(error) if error.is(&OAUTH_CLIENT_REJECTED) || error.is(&OAUTH_CLIENT_SUSPENDED) => Ok(anonymous()),
                learned => learned,
            },
        }
    }

    /// Returns the user of the browser's session, if the cookie proves one. Fails if the user was suspended or rejected.
    fn in_browser(&self, tx: &Tx<'_>, input: &Input<'_>) -> Result<Option<Principal>> {
        let Some(session_cookie) = &input.session_cookie else { return Ok(None) };
        match sessions::of_session_cookie(tx, session_cookie)? {
            None => Ok(None),
            Some(session) => match authentication::of_session(tx, &self.settings, session, &input.request.id) {
                Err(error) if error.is(&TOKEN_NOT_FOUND) => Ok(None),
                learned => learned.map(Some),
            },
        }
    }

    /// Refuses a change that the user of a browser did not intend: a browser sends its cookies with the requests of any site.
    fn check_csrf(&self, route: &Route, input: &Input<'_>) -> Result<()> {
        let request = input.request;
        if request.method.is_get_or_head() || request.method == Method::Options {
            return Ok(());
        }
        let sender = || Sender::of(request, &self.settings.public_url);
        let of_session = || FormTokenCheck::of(request, input.session_cookie.as_ref().map(|_| input.form_token()).as_ref());
        let is_meant = match (route.guard, &input.session_cookie) {
            (Guard::Client, _) => true,
            (Guard::Browser, _) if posted::is_request(request) => true,
            (Guard::SignIn, _) => {
                let page = SignInPage::before(request, &self.cookies, input.server_key);
                csrf::sign_in_is_meant(sender(), FormTokenCheck::of(request, page.map(|page| page.token).as_ref()))
            }
            // The session ended while the page was open: the browser is redirected to sign in.
            (Guard::Console(_), None) => sender() != Sender::Elsewhere && of_session() != FormTokenCheck::Missing,
            (Guard::Browser | Guard::SignedInBrowser, None) => sender() != Sender::Elsewhere,
            (Guard::Console(_), Some(_)) => sender() != Sender::Elsewhere && of_session() == FormTokenCheck::Right,
            (Guard::Browser | Guard::SignedInBrowser, Some(_)) => csrf::is_meant(sender(), of_session()),
            (Guard::Password, _) if sender() == Sender::Elsewhere => false,
            _ => match credentials(input) {
                Credentials::Token(token) if token.kind == TokenKind::Session => {
                    let sender = sender();
                    let is_known = sender == Sender::Here || (sender != Sender::Elsewhere && !self.cookies.is_secure);
                    is_known && FormTokenCheck::of(request, Some(&csrf::FormToken::of_session(&token))) == FormTokenCheck::Right
                }
                Credentials::Token(_)
                | Credentials::Signed(_)
                | Credentials::None
                | Credentials::Unsupported
                | Credentials::Malformed(_) => true,
            },
        };
        if is_meant { Ok(()) } else { Err((&csrf::INVALID_CSRF_TOKEN).into()) }
    }
}

/// What the reply depends on in the caller.
#[derive(Default)]
struct ReplyContext {
    warning: Option<&'static str>,
    use_to_record: Option<Use>,
    /// The browser keeps a cookie that is no longer valid.
    has_invalid_cookie: bool,
}

impl ReplyContext {
    fn of(learned: &Result<Principal>, guard: Guard, has_session_cookie: bool) -> ReplyContext {
        let is_browser = matches!(guard, Guard::Browser | Guard::SignIn | Guard::SignedInBrowser | Guard::Console(_));
        let is_in_no_session = match learned {
            Ok(by) => by.session().is_none(),
            Err(Error::Named(_)) => true,
            Err(Error::Plain(..) | Error::Internal(_) | Error::Unavailable(_)) => false,
        };
        let by = learned.as_ref().ok();
        ReplyContext {
            warning: by.and_then(|by| by.restriction.as_ref()).map(|restriction| restriction.warning),
            use_to_record: by.and_then(|by| by.use_to_record.clone()),
            has_invalid_cookie: is_browser && is_in_no_session && has_session_cookie,
        }
    }
}

/// Returns the credentials of a request: the header, or without one the cookie (registry.md 4.2).
fn credentials(input: &Input<'_>) -> Credentials {
    match (input.request.header("authorization"), &input.session_cookie) {
        (None, Some(session_cookie)) => Credentials::Token(session_cookie.token.clone()),
        (header, _) => Credentials::parse(header),
    }
}

/// Returns the reply for an error, as each surface writes it. Logs errors of the server.
fn refused_for(route: &Route, request: &Request, error: &Error) -> Reply {
    if let Error::Internal(_) | Error::Unavailable(_) = error {
        log::error(&error.chain(), &[("route", route.name.into()), ("request_id", request.id.as_str().into())]);
    }
    match route.guard {
        Guard::Client => refused::error_reply(request, error),
        Guard::Console(_) if error.is(&sessions::NOT_AUTHENTICATED) => login::first(request.method, &page_of(request)),
        _ if request.path().starts_with(API) => failure::reply(request, error),
        Guard::SignIn if error.is(&csrf::INVALID_CSRF_TOKEN) => failure::start_over(request, error, &login::again(request)),
        _ if error.is(&csrf::INVALID_CSRF_TOKEN) => failure::start_over(request, error, &page_of(request)),
        _ => failure::outside(request, error),
    }
}

/// Returns the page to return to after signing in: the request's own, or for a POST the page of its form.
fn page_of(request: &Request) -> String {
    let has_page = || path::segments(request.path()).is_ok_and(|segments| matches!(find(Method::Get, &segments), RouteMatch::Route(..)));
    if has_page() { request.target.clone() } else { "/console".to_owned() }
}

fn log_request(request: &Request, route: Option<&Route>, reply: &Reply, took: Duration) {
    log::info(
        "request",
        &[
            ("method", request.method.name().into()),
            ("route", route.map_or("none", |route| route.name).into()),
            ("status", reply.status.into()),
            ("duration_us", u64::try_from(took.as_micros()).unwrap_or(u64::MAX).into()),
            ("request_id", request.id.as_str().into()),
        ],
    );
}

/// Turns a panic into a 500 for this request alone.
fn survive(request: &Request, work: impl FnOnce() -> Reply) -> Reply {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        log::error("a request panicked", &[("request_id", request.id.as_str().into())]);
        failure::reply(request, &Error::Internal("panic".into()))
    })
}

/// Admits or refuses the caller. The only place that does.
fn admit(tx: &Tx<'_>, guard: Guard, by: &Principal, input: &Input<'_>) -> Result<()> {
    match guard {
        Guard::Open | Guard::Password | Guard::Client | Guard::Anyone | Guard::RightsReader | Guard::Registration => Ok(()),
        // These callers need a session.
        Guard::Browser | Guard::SignIn | Guard::SignedInBrowser | Guard::Console(ConsoleAccess::Any) => Ok(()),
        Guard::SignedIn => by.signed_in(),
        Guard::Account(refusal) => {
            if by.account.is_some() {
                Ok(())
            } else {
                Err(refusal.into())
            }
        }
        Guard::Admin(refusal) | Guard::Purge(refusal) | Guard::Console(ConsoleAccess::Admin(refusal)) => {
            if by.is_admin {
                Ok(())
            } else {
                Err(refusal.into())
            }
        }
        Guard::Holds(right) | Guard::HoldsToList(right) | Guard::Console(ConsoleAccess::Holds(right)) => {
            rights::require(tx, by, &names::entity(input)?, right, Deleted::No)
        }
        Guard::HoldsOrIsToken(_) if is_token_of_path(by, input) => Ok(()),
        Guard::HoldsOrIsToken(right) => rights::require(tx, by, &names::entity(input)?, right, Deleted::No),
        Guard::HoldsEvenDeleted(right) | Guard::Console(ConsoleAccess::HoldsEvenDeleted(right)) => {
            rights::require(tx, by, &names::entity(input)?, right, Deleted::Either)
        }
    }
}

/// Returns whether the caller's access token belongs to the user and the client in the path.
fn is_token_of_path(by: &Principal, input: &Input<'_>) -> bool {
    match &by.access {
        Access::AccessToken(token) => {
            input.capture("user_id") == Some(token.user_id.as_str()) && input.capture("client_id") == Some(token.client_id.as_str())
        }
        Access::Anonymous | Access::ApiKey(_) | Access::Session(_) | Access::Operator => false,
    }
}

/// Adds the headers of every reply, and those of its surface, unless the reply sets them itself.
pub fn with_common_headers(reply: Reply, request: &Request, route: Option<&Route>) -> Reply {
    // Addresses and pages here may hold codes: don't tell other sites where the reader comes from (oauth.md 2.9).
    const OF_OAUTH: &[(&str, &str)] = &[("Referrer-Policy", "no-referrer")];
    const OF_THE_API: &[(&str, &str)] = &[
        ("Access-Control-Allow-Origin", "*"),
        (
            "Access-Control-Expose-Headers",
            "Date, Content-Length, Link, X-Rate-Limit-Limit, X-Rate-Limit-Available, X-Rate-Limit-Reset, X-Rate-Limit-Retry, X-Request-Id, \
             X-Total-Count, X-Warning",
        ),
    ];
    let is_for_our_pages = route.is_some_and(|route| matches!(route.guard, Guard::Password));
    let special = match request.path() {
        path if path.starts_with(API) && is_for_our_pages => &[],
        path if path.starts_with(API) => OF_THE_API,
        path if path.starts_with("/oauth") => OF_OAUTH,
        _ => &[],
    };
    let of_path = || path::segments(request.path()).map_or(Origins::Own, |segments| origins(&segments));
    let shared = match route.map_or_else(of_path, |route| route.origins) {
        Origins::Any => FOR_ANY_ORIGIN,
        Origins::Own => &[],
    };
    reply.with("X-Request-Id", request.id.clone()).with_missing(special).with_missing(shared).with_missing(COMMON)
}

/// Returns whether this is a preflight request (Fetch, section 3.2.2).
fn is_preflight(request: &Request) -> bool {
    request.method == Method::Options && request.header("access-control-request-method").is_some()
}

/// Returns the answer to a preflight request for the authorization server.
fn oauth_preflight(allowed: &[Method]) -> Reply {
    Reply::empty(200)
        .with("Access-Control-Allow-Methods", allowed.iter().map(|method| method.name()).collect::<Vec<_>>().join(", "))
        .with("Access-Control-Allow-Headers", "Authorization, Content-Type")
        .with("Access-Control-Max-Age", "600")
}

/// Returns the answer to a preflight request for the API.
fn preflight() -> Reply {
    Reply::empty(200)
        .with("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
        .with("Access-Control-Allow-Headers", "Authorization, Content-Type, X-CSRF-Token")
        .with("Access-Control-Max-Age", "600")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_panic_answers_its_own_request_with_500_and_tells_nothing() {
        let request = Request {
            method: Method::Get,
            target: "/".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            id: "x".to_owned(),
            peer: Ipv4Addr::LOCALHOST.into(),
        };
        let reply = survive(&request, || panic!("with a secret"));
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(reply.status, 500);
        assert!(body.contains("rpc_recovered") && !body.contains("secret"), "{body}");
    }
}
