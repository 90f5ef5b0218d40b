//! Choosing a new password, after a temporary one or a sign-in link. Works without scripts.

use maud::{Markup, html};

use crate::base::error::{Error, Named, Result};
use crate::base::secret::{Hash, Token, TokenKind};
use crate::base::uri::form_encoded;
use crate::call::{Call, Input, LongWork, Work};
use crate::http::csrf::{self, SignInPage};
use crate::http::queue::Slow;
use crate::http::reply::Reply;
use crate::model::password;
use crate::model::recovery::RECOVERY_SECONDS;
use crate::oauth::login::{self, next};
use crate::oauth::parameters::Parameters;
use crate::page::frame::{self, Surface};
use crate::page::words::refusal;
use crate::registry::recovery::{self, SIGN_IN_LINK_ENDED};
use crate::registry::users::PASSWORD_EQUALS_OLD;

/// The name of the cookie that lets a browser choose a new password.
const COOKIE: &str = "new_password";

/// Shows the page of a sign-in link, which the server does not see: it stands behind a `#`. Opening the page uses nothing up, so a program
/// that looks at links does no harm.
pub fn link_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let query = Parameters::of_query(input.request)?;
    Ok(Box::new(move |_| Ok(link_form(input, 200, &next(query.one("n")), None))))
}

/// Uses a sign-in link, and leads to where a new password is chosen.
pub fn use_link<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let form = Parameters::of_form_and_query(input.request)?;
    Ok(Box::new(move |transactions| {
        let next = next(form.one("n"));
        let pasted = form.one("link").unwrap_or_default().trim();
        let token = pasted.rsplit('#').next().and_then(Token::parse).filter(|token| token.kind == TokenKind::SignInLink);
        let used = transactions.write(|call| {
            let token = token.as_ref().ok_or(Error::from(&SIGN_IN_LINK_ENDED))?;
            recovery::use_link(call.tx, call.by, token)
        });
        match used {
            Ok(token) => Ok(to_choice(input, &next, &token)),
            Err(Error::Named(named)) => Ok(link_form(input, named.kind.status(), &next, Some(&named))),
            Err(error) => Err(error),
        }
    }))
}

/// Leads a browser to where a new password is chosen, with the token that lets it choose.
pub fn to_choice(input: &Input<'_>, next: &str, token: &Token) -> Reply {
    let place = format!("/oauth/new-password?n={}", form_encoded(next.as_bytes()));
    Reply::redirect(input.request.method, place).with("Set-Cookie", input.cookies.set(COOKIE, &token.reveal(), Some(RECOVERY_SECONDS)))
}

/// Shows the form to choose a new password, or leads to where one signs in.
pub fn choice_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let query = Parameters::of_query(input.request)?;
    Ok(Box::new(move |call| {
        let next = next(query.one("n"));
        match choice_form(call, input, 200, &next, None) {
            Err(Error::Named(_)) => Ok(login::first(input.request.method, &next)),
            shown => shown,
        }
    }))
}

/// Sets the new password and signs in. The password is hashed between two transactions.
pub fn choose<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let form = Parameters::of_form_and_query(input.request)?;
    Ok(Box::new(move |transactions| {
        let (next, new) = (next(form.one("n")), form.one("password").unwrap_or_default());
        let token = presented(input);
        let chosen = transactions.read(|call| recovery::chooser(call.tx, token.as_ref())).and_then(|recovery| {
            password::check(new, &recovery.user_id)?;
            let hash = transactions.slowly(Slow::Password, input.request.peer, || {
                // Others have seen the temporary one.
                match recovery.temporary_password.as_ref().is_some_and(|temporary| temporary.matches(new)) {
                    true => Err((&PASSWORD_EQUALS_OLD).into()),
                    false => Ok(Hash::of_chosen(new, transactions.settings.password_rounds)),
                }
            })?;
            let attempt = login::attempt(input, recovery.user_id, Some(&next));
            transactions.write(|call| recovery::choose(call.tx, call.by, token.as_ref(), &attempt, &hash, &input.session_cookies))
        });
        match chosen {
            Ok(session_cookie) => Ok(login::signed_in_to(input, &next, &session_cookie).with("Set-Cookie", input.cookies.clear(COOKIE))),
            // The form can be sent again while the browser may choose.
            Err(Error::Named(named)) => {
                let form = transactions.read(|call| choice_form(call, input, named.kind.status(), &next, Some(&named)));
                form.or(Err(Error::Named(named)))
            }
            Err(error) => Err(error),
        }
    }))
}

fn presented(input: &Input<'_>) -> Option<Token> {
    input.cookies.one(input.request, COOKIE).and_then(Token::parse)
}

fn link_form(input: &Input<'_>, status: u16, next: &str, wrong: Option<&Named>) -> Reply {
    let page = SignInPage::for_browser(input.request, input.cookies, input.server_key);
    let content: Markup = html! {
        h1 { "Sign in with a link" }
        @if let Some(wrong) = wrong {
            p .error role="alert" data-error=(wrong.definition.name) { (refusal(wrong)) }
        }
        p { "The link works once. You choose a new password next." }
        form method="post" action="/oauth/sign-in-link" {
            input type="hidden" name=(csrf::FIELD) value=(page.token.value());
            input type="hidden" name="n" value=(next);
            div data-sign-in-link {
                label for="link" { "The link that you were given" }
                input id="link" name="link" type="text" required autocomplete="off" autocapitalize="none" spellcheck="false";
            }
            button .main { "Sign in" }
        }
    };
    page.carried_by(frame::narrow(Surface::SignInLink, status, "Sign in with a link", &content), input.cookies)
}

/// Draws the form to choose a new password. Fails if the browser may not choose one.
fn choice_form(call: &Call<'_>, input: &Input<'_>, status: u16, next: &str, wrong: Option<&Named>) -> Result<Reply> {
    let recovery = recovery::chooser(call.tx, presented(input).as_ref())?;
    let page = SignInPage::for_browser(input.request, input.cookies, input.server_key);
    let content: Markup = html! {
        h1 { "Choose a new password" }
        @if let Some(wrong) = wrong {
            p .error role="alert" data-error=(wrong.definition.name) { (refusal(wrong)) }
        }
        p { "For " strong { (recovery.user_id) } ". It takes the place of the old one. Every session and every token of your account ends; API keys stay." }
        form method="post" action="/oauth/new-password" {
            input type="hidden" name=(csrf::FIELD) value=(page.token.value());
            input type="hidden" name="n" value=(next);
            // For programs that keep passwords.
            input type="hidden" autocomplete="username" value=(recovery.user_id);
            label for="password" { "New password" }
            input id="password" name="password" type="password" required autocomplete="new-password" autofocus aria-describedby="password-hint";
            p .quiet id="password-hint" { "At least 8 characters, with an uppercase letter and a digit." }
            button .main { "Set the password and sign in" }
        }
    };
    Ok(page.carried_by(frame::page(status, "Choose a new password", &content), input.cookies))
}
