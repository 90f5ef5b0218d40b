//! `/oauth/authorize`: the user agrees to or refuses a client (RFC 6749 section 4.1.1, oauth.md 1.4).

use crate::base::error::{Error, Result};
use crate::base::secret::Token;
use crate::base::uri;
use crate::call::{Call, Input, LongWork, Transactions};
use crate::failure;
use crate::http::reply::Reply;
use crate::http::request::Method;
use crate::model::scope::{GrantedScope, Scope};
use crate::model::session::Session;
use crate::oauth::consent_page;
use crate::oauth::login::{self, JUST_SIGNED_IN};
use crate::oauth::parameters::Parameters;
use crate::oauth::refused;
use crate::registry::consent::{self, AuthorizationRequest, Consent, Decision, ValidRequest};
use crate::registry::refusal::{BODY_MALFORMED, CONSENT_DENIED, Endpoint, Refusal};

/// The parameters that must not be repeated.
const PARAMETERS: &[&str] =
    &["client_id", "redirect_uri", "response_type", "state", "scope", "code_challenge", "code_challenge_method", "nonce"];

/// Asks for consent with GET and takes the answer with POST; both check everything.
pub fn authorize<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let parameters = Parameters::of_form_and_query(input).map_err(|_| Error::from(Refusal::of(&BODY_MALFORMED).named()))?;
    let request = authorization_request(&parameters);
    let (answer, shown) = (answer(input)?, consent_page::read_shown(&parameters));
    let place = match input.request.method {
        Method::Get => input.request.target.clone(),
        _ => format!("/oauth/authorize?{}", parameters.encoded(PARAMETERS)),
    };
    Ok(Box::new(move |transactions| Authorize { input, request, answer, shown, place }.run(transactions)))
}

/// Reads the request of a client.
pub fn authorization_request(parameters: &Parameters) -> AuthorizationRequest {
    AuthorizationRequest {
        client_id: parameters.owned("client_id").unwrap_or_default(),
        redirect_uri: parameters.owned("redirect_uri"),
        response_type: parameters.owned("response_type"),
        state: parameters.owned("state"),
        scope: parameters.one("scope").map(Scope::parse).unwrap_or_default(),
        code_challenge: parameters.owned("code_challenge"),
        code_challenge_method: parameters.owned("code_challenge_method"),
        nonce: parameters.owned("nonce"),
        repeated: parameters.repeated(PARAMETERS),
    }
}

/// The user's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UserAnswer {
    NotAsked,
    Yes,
    No,
}

/// Reads the answer. Only a form's own button counts, never a link that somebody else made (oauth.md 1.4.5).
fn answer(input: &Input<'_>) -> Result<UserAnswer> {
    if input.request.method != Method::Post {
        return Ok(UserAnswer::NotAsked);
    }
    let is_form = input.request.media_type() != "application/json";
    let form = Parameters::of_body(input).ok().filter(|_| is_form);
    let said = form.as_ref().and_then(|form| form.one("authorize"));
    Ok(if matches!(said, Some("1" | "t" | "T" | "TRUE" | "true" | "True")) { UserAnswer::Yes } else { UserAnswer::No })
}

/// A request for authorization.
struct Authorize<'r> {
    input: &'r Input<'r>,
    request: AuthorizationRequest,
    answer: UserAnswer,
    /// What the consent page showed, if it was shown.
    shown: Option<GrantedScope>,
    /// The path of the same request, to return to after signing in.
    place: String,
}

/// The outcome of the read transaction.
enum NextStep {
    Reply(Reply),
    /// A code or a refusal must be recorded.
    Write,
}

impl Authorize<'_> {
    /// Decides in a read transaction. Only what ends in a code or a refusal needs the writer, and is decided again there.
    fn run(&self, transactions: &Transactions<'_>) -> Result<Reply> {
        let reply = match transactions.read(|call| self.look(call))? {
            NextStep::Reply(reply) => reply,
            NextStep::Write => {
                if self.request.scope.has_openid() {
                    transactions.make_missing_keys()?;
                }
                transactions.write(|call| self.conclude(call))?
            }
        };
        Ok(if self.has_just_signed_in() { reply.with("Set-Cookie", self.input.cookies.clear(JUST_SIGNED_IN)) } else { reply })
    }

    /// Returns whether the browser came straight from signing in. Answering the page is another step.
    fn has_just_signed_in(&self) -> bool {
        self.answer == UserAnswer::NotAsked && !self.input.cookies.all(self.input.request, JUST_SIGNED_IN).is_empty()
    }

    fn sign_in_first(&self) -> Reply {
        login::first(self.input.request.method, &self.place)
    }

    fn look(&self, call: &Call<'_>) -> Result<NextStep> {
        let Some(session) = call.by.session() else { return Ok(NextStep::Reply(self.sign_in_first())) };
        Ok(match consent::judge(call.tx, session, &self.request)? {
            Decision::Proceed(asked) if asked.consent == Consent::Needed && self.answer_to(&asked) == UserAnswer::NotAsked => {
                NextStep::Reply(consent_page::page(call, session, self.input, &self.request, &asked)?)
            }
            Decision::Proceed(_) | Decision::ErrorPage(_) | Decision::ErrorRedirect { .. } => NextStep::Write,
        })
    }

    fn conclude(&self, call: &Call<'_>) -> Result<Reply> {
        // The session ended between the two transactions.
        let Some(session) = call.by.session() else { return Ok(self.sign_in_first()) };
        match consent::judge(call.tx, session, &self.request)? {
            Decision::ErrorPage(refusal) => {
                self.write_down(call, &refusal)?;
                Ok(failure::outside(self.input.request, &Error::from(refusal.named())).because(refusal.reason.name))
            }
            Decision::ErrorRedirect { redirect_uri, refusal } => self.send_back(call, &redirect_uri, &refusal),
            Decision::Proceed(asked) => match (asked.consent, self.answer_to(&asked)) {
                (Consent::Given, _) | (Consent::Needed, UserAnswer::Yes) => self.send_code(call, session, &asked),
                (Consent::Needed, UserAnswer::No) => {
                    self.send_back(call, &asked.redirect_uri, &Refusal::to(&CONSENT_DENIED, &asked.client.id))
                }
                // Consent was not needed in the read transaction, and now is.
                (Consent::Needed, UserAnswer::NotAsked) => consent_page::page(call, session, self.input, &self.request, &asked),
            },
        }
    }

    /// Returns the answer. If the client asks for more by now than was shown, the user is asked again.
    fn answer_to(&self, asked: &ValidRequest) -> UserAnswer {
        let is_more = self.shown.as_ref().is_some_and(|shown| !asked.granted.is_within(shown));
        if self.answer == UserAnswer::Yes && is_more { UserAnswer::NotAsked } else { self.answer }
    }

    fn send_code(&self, call: &Call<'_>, session: &Session, asked: &ValidRequest) -> Result<Reply> {
        let code: Token = consent::grant(call.tx, call.by, session, asked)?;
        let location = location(&call.settings.public_url, &asked.redirect_uri, self.state(), &[("code", &code.reveal())]);
        Ok(Reply::redirect(self.input.request.method, location))
    }

    fn send_back(&self, call: &Call<'_>, redirect_uri: &str, refusal: &Refusal) -> Result<Reply> {
        self.write_down(call, refusal)?;
        let location = error_location(&call.settings.public_url, redirect_uri, self.state(), refusal);
        // A user who has just entered a password must not be redirected, by a link that somebody made up, to a page that asks for it again
        // (RFC 9700 section 4.11.2).
        if self.has_just_signed_in() {
            return Ok(consent_page::refused(redirect_uri, &location, &refusal.named()).because(refusal.reason.name));
        }
        Ok(Reply::redirect(self.input.request.method, location).because(refusal.reason.name))
    }

    fn write_down(&self, call: &Call<'_>, refusal: &Refusal) -> Result<()> {
        refusal.log(&self.input.request.id);
        refusal.record(call.tx, call.by, Endpoint::Authorize)
    }

    /// Returns the state to send back with the redirect.
    fn state(&self) -> Option<&str> {
        let is_echoed = |state: &&str| self.request.repeated != Some("state") && state.len() <= consent::LONGEST_STATE;
        self.request.state.as_deref().filter(is_echoed)
    }
}

/// Returns the redirect that tells the client of a refusal.
pub fn error_location(issuer: &str, redirect_uri: &str, state: Option<&str>, refusal: &Refusal) -> String {
    let code = refusal.reason.code;
    let description = refused::description(&refusal.named(), code);
    location(issuer, redirect_uri, state, &[("error", code), ("error_description", &description)])
}

/// Returns the redirect to the client, always with `iss` (RFC 9207), and with `state` if it sent one.
fn location(issuer: &str, redirect_uri: &str, state: Option<&str>, parameters: &[(&str, &str)]) -> String {
    let mut all = vec![("iss", issuer)];
    all.extend(parameters);
    all.extend(state.map(|state| ("state", state)));
    uri::location(redirect_uri, &all)
}
