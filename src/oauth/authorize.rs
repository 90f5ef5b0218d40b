//! `/oauth/authorize`: the user agrees to or refuses a client (RFC 6749 section 4.1.1, oauth.md 1.4).

use crate::base::error::{Error, Result};
use crate::base::secret::{self, Token};
use crate::call::{Call, Input, LongWork, Transactions};
use crate::http::origin;
use crate::http::pairs::encoded;
use crate::http::reply::Reply;
use crate::http::request::Method;
use crate::model::account_hint::AccountHint;
use crate::model::prompt::Prompt;
use crate::model::scope::{GrantedScope, Scope};
use crate::model::session::Session;
use crate::oauth::answer::Answer;
use crate::oauth::login::{self, JUST_SIGNED_IN, SIGN_IN_ID};
use crate::oauth::parameters::Parameters;
use crate::oauth::{account_page, consent_page, error_page, posted};
use crate::registry::consent::{self, AuthorizationRequest, Consent, Decision, ValidRequest};
use crate::registry::entity::live_user;
use crate::registry::refusal::{BODY_MALFORMED, CONSENT_DENIED, CONSENT_NEEDED, Endpoint, REQUEST_TOO_LONG, Reason, Refusal};
use crate::registry::sign_in_demands::SignInRequest;

/// The parameters that must not be repeated.
const PARAMETERS: &[&str] =
    &["client_id", "redirect_uri", "response_type", "state", "scope", "code_challenge", "code_challenge_method", "nonce", "response_mode"];

/// Those that count with `openid`, and must not be repeated then. Others of OpenID Connect are ignored: `claims`, `ui_locales`, `acr_values`,
/// `display`.
const SIGN_IN_PARAMETERS: &[&str] = &["prompt", "max_age", "login_hint", "id_token_hint", "request", "request_uri", "registration"];

/// The longest path of the sign-in page, in bytes: the head of the browser's next request has it, and its headers.
const LONGEST_PLACE: usize = 12 * 1024;

/// Asks for consent with GET and takes the answer with POST; both check everything.
pub fn authorize<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let parameters = Parameters::of_form_and_query(input.request).map_err(|_| Error::from(Refusal::of(&BODY_MALFORMED).named()))?;
    if posted::is_request(input.request) {
        return posted::same_as_get(input, "/oauth/authorize", &parameters, &[PARAMETERS, SIGN_IN_PARAMETERS].concat());
    }
    // A user signs in for what the URL says: a form that says something else is another request.
    let is_edited = Parameters::of_body(input.request).is_ok_and(|body| body.has_any(PARAMETERS) || body.has_any(SIGN_IN_PARAMETERS));
    let mut request = authorization_request(&parameters, if is_edited { "" } else { &input.request.target });
    // A page of any client would find an address by guesses, from whether a frame in it is answered with a code.
    if let Some(sign_in) = request.sign_in.as_mut().filter(|_| !origin::opens_page(input.request)) {
        sign_in.forget_address();
    }
    let (answer, shown) = (answer(input)?, consent_page::read_shown(&parameters));
    Ok(Box::new(move |transactions| Authorize { input, parameters, request, answer, shown }.run(transactions)))
}

/// Reads the request of a client; `place` is the target of the HTTP request.
pub fn authorization_request(parameters: &Parameters, place: &str) -> AuthorizationRequest {
    let scope = parameters.one("scope").map(Scope::parse).unwrap_or_default();
    let sign_in = scope.has_openid().then(|| SignInRequest {
        prompt: parameters.owned("prompt"),
        max_age: parameters.owned("max_age"),
        login_hint: parameters.owned("login_hint"),
        id_token_hint: parameters.owned("id_token_hint"),
        request: parameters.owned("request"),
        request_uri: parameters.owned("request_uri"),
        registration: parameters.owned("registration"),
        place: place.to_owned(),
    });
    let more: &[&str] = if sign_in.is_some() { SIGN_IN_PARAMETERS } else { &[] };
    AuthorizationRequest {
        client_id: parameters.owned("client_id").unwrap_or_default(),
        redirect_uri: parameters.owned("redirect_uri"),
        response_type: parameters.owned("response_type"),
        state: parameters.owned("state"),
        scope,
        code_challenge: parameters.owned("code_challenge"),
        code_challenge_method: parameters.owned("code_challenge_method"),
        nonce: parameters.owned("nonce"),
        response_mode: parameters.owned("response_mode"),
        sign_in,
        repeated: parameters.repeated(PARAMETERS).or_else(|| parameters.repeated(more)),
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
    let form = Parameters::of_body(input.request).ok().filter(|_| is_form);
    let said = form.as_ref().and_then(|form| form.one("authorize"));
    Ok(if matches!(said, Some("1" | "t" | "T" | "TRUE" | "true" | "True")) { UserAnswer::Yes } else { UserAnswer::No })
}

/// A request for authorization.
struct Authorize<'r> {
    input: &'r Input<'r>,
    parameters: Parameters,
    request: AuthorizationRequest,
    answer: UserAnswer,
    /// What the consent page showed, if it was shown.
    shown: Option<GrantedScope>,
}

enum NextStep {
    /// A page, or the way to one: nothing is recorded.
    Reply(Reply),
    ErrorPage(Refusal),
    SendBack {
        redirect_uri: String,
        refusal: Refusal,
    },
    SendCode(Box<ValidRequest>),
}

impl Authorize<'_> {
    /// Decides in a read transaction. Only what ends in a code or a refusal needs the writer, and is decided again there.
    fn run(&self, transactions: &Transactions<'_>) -> Result<Reply> {
        let step = transactions.read(|call| self.next_step(call))?;
        if self.request.sign_in.is_some() && matches!(step, NextStep::Reply(_) | NextStep::SendCode(_)) {
            // Its user is about to sign in or to agree, or its client to ask for an ID token.
            transactions.foresee_keys();
        }
        let reply = match step {
            NextStep::Reply(reply) => reply,
            NextStep::SendBack { redirect_uri, refusal } if refusal.reason.asks_for_page() => {
                refusal.log(&self.input.request.id);
                self.tell(&transactions.settings.public_url, &redirect_uri, &refusal)
            }
            NextStep::ErrorPage(_) | NextStep::SendBack { .. } | NextStep::SendCode(_) => transactions.write(|call| self.conclude(call))?,
        };
        Ok(if self.has_just_signed_in() { reply.with("Set-Cookie", self.input.cookies.clear(JUST_SIGNED_IN)) } else { reply })
    }

    /// Returns whether the browser came straight from signing in. Answering the page is another step.
    fn has_just_signed_in(&self) -> bool {
        self.answer == UserAnswer::NotAsked && !self.input.cookies.all(self.input.request, JUST_SIGNED_IN).is_empty()
    }

    fn next_step(&self, call: &Call<'_>) -> Result<NextStep> {
        let session = call.by.session();
        if session.is_none() && !self.request.is_silent() {
            return Ok(NextStep::Reply(self.sign_in_first(call, None)?));
        }
        let decision = consent::judge(call.tx, call.settings, session, &self.request)?;
        let has_agreed = matches!(&decision, Decision::Proceed(asked) if asked.consent == Consent::Given);
        let (decision, session) = if has_agreed || !self.request.is_silent() || origin::opens_page(self.input.request) {
            (decision, session)
        } else {
            // A frame on a page of any client would learn from another answer who is signed in, or whether somebody is.
            (consent::judge(call.tx, call.settings, None, &self.request)?, None)
        };
        Ok(match (decision, session) {
            (Decision::ErrorPage(refusal), _) => NextStep::ErrorPage(refusal),
            (Decision::ErrorRedirect { redirect_uri, refusal }, _) => NextStep::SendBack { redirect_uri, refusal },
            (Decision::SelectAccount(client), Some(session)) => {
                let another = self.sign_in_of_another(self.account_hint().as_ref());
                NextStep::Reply(account_page::page(session, &client, &self.place_with(&[("login_hint", "")]), another.as_deref()))
            }
            (Decision::Proceed(asked), Some(session)) => match (asked.consent, self.answer_to(&asked)) {
                (Consent::Given, _) | (Consent::Needed | Consent::Missing, UserAnswer::Yes) => NextStep::SendCode(asked),
                (Consent::Needed, UserAnswer::NotAsked) => {
                    let another = self.sign_in_of_another(None);
                    NextStep::Reply(consent_page::page(call, session, self.input, &self.request, &asked, another.as_deref())?)
                }
                (Consent::Needed, UserAnswer::No) => send_back(asked, &CONSENT_DENIED),
                (Consent::Missing, _) => send_back(asked, &CONSENT_NEEDED),
            },
            (Decision::SignIn | Decision::SelectAccount(_) | Decision::Proceed(_), session) => {
                NextStep::Reply(self.sign_in_first(call, session)?)
            }
        })
    }

    fn conclude(&self, call: &Call<'_>) -> Result<Reply> {
        match (self.next_step(call)?, call.by.session()) {
            (NextStep::ErrorPage(refusal), _) => {
                self.write_down(call, &refusal)?;
                Ok(error_page::page(call, self.input, &self.request, &refusal).because(refusal.reason.name))
            }
            (NextStep::SendBack { redirect_uri, refusal }, session) => {
                self.write_down(call, &refusal)?;
                session.map_or(Ok(()), |session| consent::use_sign_in_up(call.tx, session))?;
                Ok(self.tell(&call.settings.public_url, &redirect_uri, &refusal))
            }
            (NextStep::SendCode(asked), Some(session)) => {
                let code: Token = consent::grant(call.tx, call.by, session, &asked)?;
                let answer = Answer::code(&call.settings.public_url, &asked.redirect_uri, &self.request, &code);
                Ok(answer.reply(self.input.request.method))
            }
            // The session ended between the two transactions, or consent was not needed in the first, and now is.
            (NextStep::SendCode(_), None) => self.sign_in_first(call, None),
            (NextStep::Reply(reply), _) => Ok(reply),
        }
    }

    /// Returns the answer. If the client asks for more by now than was shown, the user is asked again.
    fn answer_to(&self, asked: &ValidRequest) -> UserAnswer {
        let is_more = self.shown.as_ref().is_some_and(|shown| !asked.granted.is_within(shown));
        if self.answer == UserAnswer::Yes && is_more { UserAnswer::NotAsked } else { self.answer }
    }

    fn tell(&self, issuer: &str, redirect_uri: &str, refusal: &Refusal) -> Reply {
        let answer = Answer::refusal(issuer, redirect_uri, &self.request, refusal);
        // A user who has just entered a password must not be redirected, by a link that somebody made up, to a page that asks for it again
        // (RFC 9700 section 4.11.2).
        if self.has_just_signed_in() {
            return consent_page::refused(redirect_uri, &answer, &refusal.named()).because(refusal.reason.name);
        }
        answer.reply(self.input.request.method).because(refusal.reason.name)
    }

    fn write_down(&self, call: &Call<'_>, refusal: &Refusal) -> Result<()> {
        refusal.log(&self.input.request.id);
        refusal.record(call.tx, call.by, Endpoint::Authorize)
    }

    /// Leads to the sign-in page, and from there back to this request.
    fn sign_in_first(&self, call: &Call<'_>, session: Option<&Session>) -> Result<Reply> {
        let method = self.input.request.method;
        let reply = match (&self.request.sign_in, method) {
            (Some(sign_in), _) => {
                let hint = self.hint_to_sign_in(call, sign_in, session)?;
                Reply::redirect(method, login::anew(&self.place_to_sign_in_for(), hint.as_ref()))
            }
            (None, Method::Get) => login::first(method, &self.input.request.target),
            (None, _) => login::first(method, &format!("/oauth/authorize?{}", self.parameters.encoded(PARAMETERS))),
        };
        let is_too_long = reply.header("Location").is_some_and(|place| place.len() > LONGEST_PLACE);
        if is_too_long { Err(Refusal::of(&REQUEST_TOO_LONG).named().into()) } else { Ok(reply) }
    }

    /// Returns the path of the sign-in page for somebody else; `None` if it is too long.
    fn sign_in_of_another(&self, hint: Option<&AccountHint>) -> Option<String> {
        Some(login::anew(&self.place_to_sign_in_for(), hint)).filter(|place| place.len() <= LONGEST_PLACE)
    }

    /// Returns the account to sign in with: the one that the client expects, or else the same again.
    fn hint_to_sign_in(&self, call: &Call<'_>, sign_in: &SignInRequest, session: Option<&Session>) -> Result<Option<AccountHint>> {
        let hint = sign_in.account_hint();
        let Some(session) = session else { return Ok(hint) };
        let is_same = match &hint {
            Some(hint) => hint.names(&live_user(call.tx, &session.user_id)?),
            // The one of an ID token may be another.
            None => sign_in.id_token_hint.is_none(),
        };
        Ok(if is_same { Some(AccountHint::User(session.user_id.clone())) } else { hint })
    }

    fn account_hint(&self) -> Option<AccountHint> {
        self.request.sign_in.as_ref().and_then(SignInRequest::account_hint)
    }

    /// Returns the path of the same request, of which it is known that its user has signed in for it.
    fn place_to_sign_in_for(&self) -> String {
        self.place_with(&[(SIGN_IN_ID, &secret::fresh_uuid())])
    }

    /// Returns the path of the same request once an account was chosen, with some parameters instead of its own.
    fn place_with(&self, others: &[(&str, &str)]) -> String {
        let prompt = Prompt::after_selection(self.parameters.one("prompt").unwrap_or_default());
        // What is repeated stays so, to be refused.
        let others = if self.request.repeated.is_some() { Vec::new() } else { [&[("prompt", prompt.as_str())], others].concat() };
        let is_kept = |name: &&&str| !others.iter().any(|(other, _)| other == *name);
        let kept: Vec<&str> = PARAMETERS.iter().chain(SIGN_IN_PARAMETERS).filter(is_kept).copied().collect();
        let more = encoded(others.iter().filter(|(_, value)| !value.is_empty()).copied());
        format!("/oauth/authorize?{}&{more}", self.parameters.encoded(&kept))
    }
}

fn send_back(asked: Box<ValidRequest>, reason: &'static Reason) -> NextStep {
    NextStep::SendBack { refusal: Refusal::to(reason, &asked.client.id), redirect_uri: asked.redirect_uri }
}
