//! What a client demands of its user's sign-in itself: how fresh it is, and whose (OpenID Connect Core 1.0 section 3.1.2.1).

use crate::base::error::Result;
use crate::base::secret;
use crate::model::account_hint::AccountHint;
use crate::model::client::Client;
use crate::model::prompt::Prompt;
use crate::model::session::{LONGEST_SECONDS, Session};
use crate::model::settings::Settings;
use crate::registry::claims;
use crate::registry::entity::live_user;
use crate::registry::refusal::{
    ANOTHER_USER_NEEDED, Judged, MAX_AGE_MALFORMED, PROMPT_UNSUPPORTED, REGISTRATION_IN_REQUEST, REQUEST_OBJECT, REQUEST_OBJECT_ELSEWHERE,
    Reason, Refusal, SIGN_IN_NEEDED,
};
use crate::store::Tx;

/// How long after a user signed in for a request it can be answered without another sign-in.
const FRESH_SECONDS: i64 = 15 * 60;

/// The parameters of a request with `openid`. Empty ones are absent.
#[derive(Debug, Default)]
pub struct SignInRequest {
    pub prompt: Option<String>,
    /// In seconds.
    pub max_age: Option<String>,
    pub id_token_hint: Option<String>,
    pub login_hint: Option<String>,
    pub request: Option<String>,
    pub request_uri: Option<String>,
    pub registration: Option<String>,
    /// The request as the browser sent it. A user who signs in on its way is led to exactly this.
    pub place: String,
}

/// What has to happen before the client is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInStep {
    Nothing,
    SignIn,
    SelectAccount,
}

/// Whose ID token a client has sent.
enum Hinted {
    Nobody,
    TheUser,
    Another,
    /// It is none that a key of this server has signed for this client, or that key is gone.
    Unknown,
}

impl SignInRequest {
    /// Returns what is wrong with the parameters.
    pub fn reason_against(&self) -> Option<&'static Reason> {
        match self {
            _ if self.request.is_some() => Some(&REQUEST_OBJECT),
            _ if self.request_uri.is_some() => Some(&REQUEST_OBJECT_ELSEWHERE),
            _ if self.registration.is_some() => Some(&REGISTRATION_IN_REQUEST),
            _ if self.prompt.as_deref().is_some_and(|prompt| Prompt::parse(prompt).is_none()) => Some(&PROMPT_UNSUPPORTED),
            _ if self.max_age.is_some() && self.max_age().is_none() => Some(&MAX_AGE_MALFORMED),
            _ => None,
        }
    }

    /// Returns what the client wants the user to be asked; by default, and if it is malformed, only what has to be.
    pub fn prompt(&self) -> Prompt {
        self.prompt.as_deref().and_then(Prompt::parse).unwrap_or_default()
    }

    /// Returns how many seconds ago the user may have signed in at most; `None` if nothing is said of it, or it is malformed.
    pub fn max_age(&self) -> Option<i64> {
        self.max_age.as_deref().and_then(seconds_of)
    }

    /// Returns the account that the client expects its user to have.
    pub fn account_hint(&self) -> Option<AccountHint> {
        self.login_hint.as_deref().and_then(AccountHint::parse)
    }

    /// Leaves out the hint at an account if it is an address.
    pub fn forget_address(&mut self) {
        if let Some(AccountHint::Address(_)) = self.account_hint() {
            self.login_hint = None;
        }
    }

    /// Decides whether the user who is signed in will do.
    /// # Errors
    /// Only those of the store. The refusal is for the client.
    pub fn judge(&self, tx: &Tx<'_>, settings: &Settings, client: &Client, session: &Session) -> Result<Judged<SignInStep>> {
        let prompt = self.prompt();
        let is_fresh = self.is_fresh(tx, session);
        let hinted = self.hinted(tx, settings, client, session)?;
        let is_too_old = |seconds: i64| seconds == 0 || session.created_at.plus_seconds(seconds) < tx.now;
        let is_demanded = prompt.login || self.max_age().is_some_and(is_too_old);
        let refused = |reason| Ok(Err(Refusal::to(reason, &client.id)));
        let step = |step| Ok(Ok(step));
        match (is_fresh, hinted) {
            // To sign in once more would lead here again.
            (true, Hinted::Another) => return refused(&ANOTHER_USER_NEEDED),
            (true, Hinted::Nobody | Hinted::TheUser | Hinted::Unknown) => return step(SignInStep::Nothing),
            (false, _) if prompt.select_account => return step(SignInStep::SelectAccount),
            (false, Hinted::Another) if prompt.none => return refused(&ANOTHER_USER_NEEDED),
            (false, Hinted::Unknown) if prompt.none => return refused(&SIGN_IN_NEEDED),
            (false, Hinted::Another | Hinted::Unknown) => return step(SignInStep::SignIn),
            (false, Hinted::Nobody | Hinted::TheUser) => {}
        }
        let is_for_another = match self.account_hint() {
            // A client that is not told the address would find it by guesses.
            Some(AccountHint::Address(_)) if prompt.none => false,
            Some(hint) => !hint.names(&live_user(tx, &session.user_id)?),
            None => false,
        };
        match (is_demanded, is_for_another) {
            (true, _) if prompt.none => refused(&SIGN_IN_NEEDED),
            (true, _) => step(SignInStep::SignIn),
            (false, true) => step(SignInStep::SelectAccount),
            (false, false) => step(SignInStep::Nothing),
        }
    }

    /// Returns whether the user has signed in for this very request, and it was not answered yet.
    fn is_fresh(&self, tx: &Tx<'_>, session: &Session) -> bool {
        let is_for_this = session.signed_in_for.as_ref().is_some_and(|request| *request == secret::digest(&self.place));
        is_for_this && session.created_at.plus_seconds(FRESH_SECONDS) > tx.now
    }

    fn hinted(&self, tx: &Tx<'_>, settings: &Settings, client: &Client, session: &Session) -> Result<Hinted> {
        let Some(hint) = &self.id_token_hint else { return Ok(Hinted::Nobody) };
        let of_client = claims::of_hint(tx, settings, hint)?.filter(|claims| claims["aud"] == client.id.as_str());
        let Some(claims) = of_client else { return Ok(Hinted::Unknown) };
        let subject = claims::subject(tx, client, &live_user(tx, &session.user_id)?)?;
        Ok(if claims["sub"] == subject { Hinted::TheUser } else { Hinted::Another })
    }
}

/// Reads a number of seconds, none of which makes a session last longer.
fn seconds_of(text: &str) -> Option<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().map_or(LONGEST_SECONDS, |seconds: i64| seconds.min(LONGEST_SECONDS)))
}
