//! The built-in redirect URIs of the command line (oauth.md 1.8).

use maud::html;

use crate::base::error::Result;
use crate::base::uri;
use crate::call::{Input, Work};
use crate::http::reply::Reply;
use crate::oauth::parameters::Parameters;
use crate::page::{frame, message};

/// The port on which the command line listens by default.
const DEFAULT_PORT: u16 = 11885;

/// Redirects to the command line that waits on the reader's own machine, at the port of the parameter `port`.
pub fn local<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let query = Parameters::of_query(input.request)?;
    Ok(Box::new(move |_| {
        let port = query.one("port").and_then(|port| port.parse().ok()).filter(|port| *port > 0).unwrap_or(DEFAULT_PORT);
        let location = uri::location(&format!("http://localhost:{port}/oauth/callback"), &query.without("port"));
        Ok(Reply::redirect(input.request.method, location))
    }))
}

/// Shows the code, to be copied into a command line on another machine.
pub fn code<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let query = Parameters::of_query(input.request)?;
    Ok(Box::new(move |_| {
        let content = match (query.one("code"), query.one("error")) {
            (Some(code), _) => html! {
                h1 { "Your authorization code" }
                p { "Copy this code into the command line that asked for it. It is valid for five minutes and works once." }
                (message::warning("code", "Anyone who has this code can act as you. Don't share it or type it into a website: enter it only into the program that you started yourself."))
                p { code { (code) } }
            },
            (None, Some(error)) => html! {
                h1 { "No authorization code" }
                p .error data-error=(error) { (query.one("error_description").unwrap_or(error)) }
            },
            (None, None) => html! {
                h1 { "No authorization code" }
                p data-message="no-code" { "This page shows the code that a command line asked for. Begin there." }
            },
        };
        Ok(frame::page(200, "Authorization code", &content))
    }))
}
