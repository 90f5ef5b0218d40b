//! Runs the code flow of a client in the name of the signed-in user, and shows each request and what was answered.

use data_encoding::BASE64;
use maud::{Markup, html};
use serde_json::Value;

use crate::base::error::Result;
use crate::base::id::UserId;
use crate::base::uri::form_encoded;
use crate::base::{pkce, request_id, secret};
use crate::call::{Call, Input, LongWork, Transactions, Work};
use crate::console::clients::page::{ClientPage, ClientTab, scope};
use crate::console::form::fields::{Fields, Label, label};
use crate::console::page::layout::{Layout, signed_in};
use crate::console::page::paths;
use crate::http::csrf;
use crate::http::form::Form;
use crate::http::pairs::{Pairs, encoded};
use crate::http::reply::Reply;
use crate::http::request::{Method, Request};
use crate::model::client::{Client, FIELDS};
use crate::model::mask::Mask;
use crate::page::message;
use crate::page::words::sentence;
use crate::registry::entity::Entity;
use crate::registry::refusal::Reason;
use crate::registry::{authorizations, clients, consent};

/// The form field with the client's secret, which a page of a new one has.
pub const SECRET: Label =
    label("client_secret", "Client secret", "It is sent to the token endpoint as the application would send it, and not stored.");

const FORM: &str = "application/x-www-form-urlencoded";

/// Asks for the secret, and says what will happen.
pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let page = ClientPage::of(call, input)?;
        let needs_secret = !consent::is_public(call.tx, &page.client.id)?;
        let content = html! {
            h2 { "Try it" }
            p {
                "This runs the whole flow against this server, as the application does it, and shows every request and answer. You authorize "
                "the client in your own name for a moment: its token is revoked at the end, and nobody gets to see it."
            }
            (page.layout.form(&path(&page.client), &html! {
                @if needs_secret { (Fields::default().password(SECRET)) }
                div .submit { button .main { "Try it" } a href=(page.path(ClientTab::Overview)) { "Cancel" } }
            }))
        };
        Ok(page.show(200, ClientTab::Overview, &content))
    }))
}

/// Draws a button that runs the flow with this secret.
pub fn button(layout: &Layout<'_>, client: &Client, secret: Option<&str>) -> Markup {
    layout.form(
        &path(client),
        &html! {
            @if let Some(secret) = secret { input type="hidden" name=(SECRET.name) value=(secret); }
            button { "Try it" }
        },
    )
}

/// Draws a link to the page that asks for the secret.
pub fn link(client: &Client) -> Markup {
    html! { a .button href=(path(client)) { "Try it …" } }
}

fn path(client: &Client) -> String {
    format!("/console/clients/{}/flow", client.id)
}

/// Runs the flow.
pub fn run<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let (id, form) = (paths::client(input)?, Form::of_body(input.request)?);
    Ok(Box::new(move |transactions| {
        let look = |call: &Call<'_>| {
            Entity::Client(id.clone()).check_not_built_in()?;
            let secret = (!consent::is_public(call.tx, &id)?).then(|| form.verbatim(SECRET.name));
            let (client, _) = clients::get(call.tx, call.by, &id, &Mask::everything(FIELDS))?;
            Ok((client, secret, signed_in(call)?.clone(), authorizations::find(call.tx, signed_in(call)?, &id)?))
        };
        let (client, secret, user, before) = transactions.read(look)?;
        let mut flow = Flow { transactions, input, steps: Vec::new(), hidden: Vec::new() };
        flow.run(&client, secret);
        transactions.write(|call| authorizations::restore(call.tx, call.by, &user, &id, before))?;
        transactions.read(|call| Ok(flow.shown(&ClientPage::of(call, input)?, &user)))
    }))
}

/// What was sent and answered so far.
struct Flow<'a> {
    transactions: &'a Transactions<'a>,
    input: &'a Input<'a>,
    steps: Vec<Exchanged>,
    /// What nobody may read on the page.
    hidden: Vec<String>,
}

struct Exchanged {
    title: &'static str,
    request: String,
    answer: String,
    status: u16,
    /// The name of the reason of a refusal.
    reason: Option<&'static str>,
}

/// How a request is authenticated.
enum SentBy<'s> {
    /// By the user's session.
    Browser,
    /// By the client's secret, if it has one.
    Client(&'s Client, Option<&'s str>),
    Bearer(&'s str),
}

impl Flow<'_> {
    /// Sends the requests one after the other; ends early at one that is refused.
    fn run(&mut self, client: &Client, secret: Option<&str>) -> Option<()> {
        self.hidden.extend(secret.filter(|secret| !secret.is_empty()).map(str::to_owned));
        let (verifier, state) = (secret::fresh_key(), secret::fresh_key());
        let redirect_uri = client.redirect_uris.first().map_or("", String::as_str);
        let scope = scope(client);
        let query = [
            ("response_type", "code"),
            ("client_id", client.id.as_str()),
            ("redirect_uri", redirect_uri),
            ("state", &state),
            ("code_challenge", &pkce::challenge(&verifier)),
            ("code_challenge_method", pkce::METHOD),
        ];
        let target = format!("/oauth/authorize?{}", encoded(query.into_iter().chain(scope.map(|scope| ("scope", scope)))));
        let mut reply =
            self.send("The application sends the browser to the authorization endpoint", Method::Get, &target, &SentBy::Browser, &[]);
        if reply.status == 200 {
            let token = self.input.form_token();
            self.hidden.push(token.value().to_owned());
            let agreed = [(csrf::FIELD, token.value()), ("authorize", "true")];
            reply = self.send("The user agrees", Method::Post, &target, &SentBy::Browser, &agreed);
        }
        let code = location_parameter(&reply, "code")?;
        self.hidden.push(code.clone());
        let by_client = SentBy::Client(client, secret);
        let exchange = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", &verifier),
            ("client_id", client.id.as_str()),
        ];
        // With Basic authentication the ID is in the header.
        let exchange = if secret.is_some() { &exchange[..4] } else { &exchange };
        let reply = self.send("The application redeems the code for a token", Method::Post, "/oauth/token", &by_client, exchange);
        let tokens: Value = serde_json::from_slice(&reply.body).ok()?;
        let issued: Vec<&str> = ["access_token", "refresh_token", "id_token"].iter().filter_map(|name| tokens[*name].as_str()).collect();
        self.hidden.extend(issued.iter().map(|token| (*token).to_owned()));
        let access_token = issued.first()?;
        let used = if scope.is_some() { "/oauth/userinfo" } else { "/api/v3/auth_info" };
        self.send("The application uses the token", Method::Get, used, &SentBy::Bearer(access_token), &[]);
        let revoked = [("token", *access_token), ("client_id", client.id.as_str())];
        let revoked = if secret.is_some() { &revoked[..1] } else { &revoked };
        self.send("The application revokes the token, which ends it", Method::Post, "/oauth/revoke", &by_client, revoked);
        Some(())
    }

    fn send(&mut self, title: &'static str, method: Method, target: &str, sender: &SentBy<'_>, form: &[(&str, &str)]) -> Reply {
        let sent = self.input.request;
        let mut headers: Vec<(String, String)> = sent.headers.iter().filter(|(name, _)| name == "host").cloned().collect();
        let shown = match sender {
            SentBy::Browser => {
                headers.extend(sent.headers.iter().filter(|(name, _)| name == "cookie").cloned());
                Some("Cookie: (the session of this browser)".to_owned())
            }
            SentBy::Client(_, None) => None,
            SentBy::Client(client, Some(secret)) => {
                let pair = format!("{}:{}", form_encoded(client.id.as_str().as_bytes()), form_encoded(secret.as_bytes()));
                headers.push(("authorization".to_owned(), format!("Basic {}", BASE64.encode(pair.as_bytes()))));
                Some(format!("Authorization: Basic (base64 of {}:SECRET)", client.id))
            }
            SentBy::Bearer(token) => {
                headers.push(("authorization".to_owned(), format!("Bearer {token}")));
                Some(format!("Authorization: Bearer {token}"))
            }
        };
        let body = encoded(form.iter().copied());
        let mut request = format!("{} {}\n", method.name(), in_lines(target));
        request.extend(shown.map(|shown| format!("{shown}\n")));
        if method == Method::Post {
            headers.push(("content-type".to_owned(), FORM.to_owned()));
            request += &format!("Content-Type: {FORM}\n\n{}\n", in_lines(&body));
        }
        let id = request_id::fresh(self.input.now);
        let sent = Request { method, target: target.to_owned(), headers, body: body.into_bytes(), id, peer: sent.peer };
        let reply = (self.transactions.answer)(&sent);
        self.steps.push(Exchanged { title, request, answer: in_words(&reply), status: reply.status, reason: reply.reason });
        reply
    }

    fn shown(&self, page: &ClientPage<'_>, user: &UserId) -> Reply {
        let refusal = self.steps.iter().find(|step| step.reason.is_some() || step.status >= 400);
        let content = html! {
            @match refusal {
                None => (message::success("flow-works", html! { "It works: the whole flow went through in the name of " strong { (user) } ", and its token has been revoked." })),
                Some(step) => div .warning data-message="flow-refused" data-error=(step.reason.unwrap_or("status")) {
                    @match step.reason.and_then(Reason::named) {
                        Some(reason) => { p { strong { (sentence(&reason.in_words())) } " " (reason.advice) } }
                        None => p { strong { "It was answered with the status " (step.status) "." } " See the last answer." },
                    }
                }
            }
            ol .exchanges {
                @for step in &self.steps {
                    li data-item=(step.status) {
                        h2 { (step.title) }
                        pre tabindex="0" aria-label="Request" { code { (self.masked(&step.request)) } }
                        pre tabindex="0" aria-label="Answer" { code { (self.masked(&step.answer)) } }
                    }
                }
            }
            p { a .button href=(page.path(ClientTab::Overview)) { "Go to the client" } }
        };
        page.show(200, ClientTab::Overview, &content)
    }

    /// Returns a text with only the beginnings of codes and tokens, and nothing of a secret.
    fn masked(&self, text: &str) -> String {
        self.hidden.iter().fold(text.to_owned(), |text, hidden| {
            let beginning: String = if hidden.contains('.') { hidden.chars().take(12).collect() } else { String::new() };
            text.replace(hidden.as_str(), &format!("{beginning}…"))
        })
    }
}

fn location_parameter(reply: &Reply, name: &str) -> Option<String> {
    let (_, query) = reply.header("Location")?.split_once('?')?;
    Pairs::parse(query).ok()?.first(name).map(str::to_owned)
}

/// Writes each parameter in a line of its own.
fn in_lines(text: &str) -> String {
    text.replace('?', "\n  ?").replace('&', "\n  &")
}

/// Writes an answer: its status, the headers that matter, and its JSON; of a page its title.
fn in_words(reply: &Reply) -> String {
    let mut text = format!("{}\n", reply.status);
    for name in ["Location", "Content-Type", "WWW-Authenticate", "Retry-After"] {
        text.extend(reply.header(name).filter(|value| !value.is_empty()).map(|value| format!("{name}: {}\n", in_lines(value))));
    }
    let body = String::from_utf8_lossy(&reply.body);
    let title = body.split_once("<title>").and_then(|(_, rest)| rest.split(" · ").next());
    match (serde_json::from_slice::<Value>(&reply.body), title) {
        (Ok(json), _) => text += &format!("\n{json:#}\n"),
        (Err(_), Some(title)) => text += &format!("\n(the page “{title}”)\n"),
        (Err(_), None) => {}
    }
    text
}
