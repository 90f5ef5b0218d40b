//! `/oauth/authorize`: the user says yes or no to a client (RFC 6749 section 4.1.1, oauth.md 1.4).

use crate::base::error::{Error, Result};
use crate::base::right::Rights;
use crate::base::secret::Token;
use crate::base::uri;
use crate::call::{Call, Input, LongWork, Transactions};
use crate::failure;
use crate::http::cookie::Cookies;
use crate::http::reply::Reply;
use crate::http::request::Method;
use crate::model::scope::Scope;
use crate::model::session::Session;
use crate::oauth::consent_page;
use crate::oauth::login::{self, JUST_SIGNED_IN};
use crate::oauth::parameters::Parameters;
use crate::oauth::refused;
use crate::registry::consent::{self, AuthorizationRequest, Consent, Decision, ValidRequest};
use crate::registry::refusal::{BODY_MALFORMED, CONSENT_DENIED, Endpoint, Refusal};

/// What may be sent once.
const PARAMETERS: &[&str] = &["client_id", "redirect_uri", "response_type", "state", "scope", "code_challenge", "code_challenge_method"];

/// GET asks, POST answers; both look at everything anew.
pub fn authorize<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let parameters = Parameters::of_form_and_query(input).map_err(|_| Error::from(Refusal::of(&BODY_MALFORMED).named()))?;
    let request = AuthorizationRequest {
        client_id: parameters.owned("client_id").unwrap_or_default(),
        redirect_uri: parameters.owned("redirect_uri"),
        response_type: parameters.owned("response_type"),
        state: parameters.owned("state"),
        scope: parameters.one("scope").map(Scope::parse).unwrap_or_default(),
        code_challenge: parameters.owned("code_challenge"),
        code_challenge_method: parameters.owned("code_challenge_method"),
        repeated: parameters.repeated(PARAMETERS),
    };
    let (answer, shown) = (answer(input)?, parameters.one("shown").and_then(consent_page::read_shown));
    let place = match input.request.method {
        Method::Get => input.request.target.clone(),
        _ => format!("/oauth/authorize?{}", parameters.encoded(PARAMETERS)),
    };
    Ok(Box::new(move |transactions| Authorize { input, request, answer, shown, place }.run(transactions)))
}

/// What the user said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UserAnswer {
    NotAsked,
    Yes,
    No,
}

/// Only a form's own button counts, never a link that somebody else made (oauth.md 1.4.5).
fn answer(input: &Input<'_>) -> Result<UserAnswer> {
    if input.request.method != Method::Post {
        return Ok(UserAnswer::NotAsked);
    }
    let is_form = input.request.media_type() != "application/json";
    let form = Parameters::of_body(input).ok().filter(|_| is_form);
    let said = form.as_ref().and_then(|form| form.one("authorize"));
    Ok(if matches!(said, Some("1" | "t" | "T" | "TRUE" | "true" | "True")) { UserAnswer::Yes } else { UserAnswer::No })
}

/// A request under way.
struct Authorize<'r> {
    input: &'r Input<'r>,
    request: AuthorizationRequest,
    answer: UserAnswer,
    /// The rights that the page showed, if it was our page.
    shown: Option<Rights>,
    /// Where the same is asked again, after signing in.
    place: String,
}

/// What came of looking at it.
enum NextStep {
    Reply(Reply),
    /// It ends with something that must be written down: a code, or a refusal.
    Write,
}

impl Authorize<'_> {
    /// Reads first. Only what ends in a code or in a refusal takes the writer's time, and is judged anew there.
    fn run(&self, transactions: &Transactions<'_>) -> Result<Reply> {
        let reply = match transactions.read(|call| self.look(call))? {
            NextStep::Reply(reply) => reply,
            NextStep::Write => transactions.write(|call| self.conclude(call))?,
        };
        let cookies = Cookies::of(&transactions.settings.public_url);
        Ok(if self.has_just_signed_in(&cookies) { reply.with("Set-Cookie", cookies.clear(JUST_SIGNED_IN)) } else { reply })
    }

    /// Whether the browser came here straight from signing in. What the user says on the page is another step.
    fn has_just_signed_in(&self, cookies: &Cookies) -> bool {
        self.answer == UserAnswer::NotAsked && !cookies.all(self.input.request, JUST_SIGNED_IN).is_empty()
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
        // The session ended between the two looks.
        let Some(session) = call.by.session() else { return Ok(self.sign_in_first()) };
        match consent::judge(call.tx, session, &self.request)? {
            Decision::ErrorPage(refusal) => {
                self.write_down(call, &refusal)?;
                Ok(failure::outside(self.input.request, &Error::from(refusal.named())))
            }
            Decision::ErrorRedirect { redirect_uri, refusal } => self.send_back(call, &redirect_uri, &refusal),
            Decision::Proceed(asked) => match (asked.consent, self.answer_to(&asked)) {
                (Consent::Given, _) | (Consent::Needed, UserAnswer::Yes) => self.send_code(call, session, &asked),
                (Consent::Needed, UserAnswer::No) => {
                    self.send_back(call, &asked.redirect_uri, &Refusal::to(&CONSENT_DENIED, &asked.client.id))
                }
                // The user agreed when it was looked at, and no longer.
                (Consent::Needed, UserAnswer::NotAsked) => consent_page::page(call, session, self.input, &self.request, &asked),
            },
        }
    }

    /// Nobody agrees to more than was shown: if the client has come to ask for more meanwhile, the user is asked again.
    fn answer_to(&self, asked: &ValidRequest) -> UserAnswer {
        let is_more = self.shown.is_some_and(|shown| !asked.rights.without(shown).is_empty());
        if self.answer == UserAnswer::Yes && is_more { UserAnswer::NotAsked } else { self.answer }
    }

    fn send_code(&self, call: &Call<'_>, session: &Session, asked: &ValidRequest) -> Result<Reply> {
        let code: Token = consent::grant(call.tx, call.by, session, asked)?;
        Ok(Reply::redirect(self.input.request.method, self.location(call, &asked.redirect_uri, &[("code", &code.reveal())])))
    }

    fn send_back(&self, call: &Call<'_>, redirect_uri: &str, refusal: &Refusal) -> Result<Reply> {
        self.write_down(call, refusal)?;
        let code = refusal.reason.code;
        let description = refused::description(&refusal.named(), code);
        let location = self.location(call, redirect_uri, &[("error", code), ("error_description", &description)]);
        // Whoever has just typed a password here must not find himself, by a link that somebody made up, on a page that asks for it once
        // more (RFC 9700 section 4.11.2).
        if self.has_just_signed_in(&Cookies::of(&call.settings.public_url)) {
            return Ok(consent_page::refused(redirect_uri, &location, &refusal.named()));
        }
        Ok(Reply::redirect(self.input.request.method, location))
    }

    fn write_down(&self, call: &Call<'_>, refusal: &Refusal) -> Result<()> {
        refusal.log(&self.input.request.id);
        refusal.record(call.tx, call.by, Endpoint::Authorize)
    }

    /// Back to the client, always with `iss` (RFC 9207), and with `state` if it sent one.
    fn location(&self, call: &Call<'_>, redirect_uri: &str, parameters: &[(&str, &str)]) -> String {
        let is_echoed = |state: &&str| self.request.repeated != Some("state") && state.len() <= consent::LONGEST_STATE;
        let state = self.request.state.as_deref().filter(is_echoed);
        let mut all = vec![("iss", call.settings.public_url.as_str())];
        all.extend(parameters);
        all.extend(state.map(|state| ("state", state)));
        uri::location(redirect_uri, &all)
    }
}
