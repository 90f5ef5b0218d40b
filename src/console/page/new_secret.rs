//! Shows a new secret, once: with a button to copy it, and ready to use.

use maud::{Markup, html};

use crate::base::id::UserId;
use crate::base::secret::Token;
use crate::base::uri::form_encoded;
use crate::console::page::layout::{Layout, MenuItem, timestamp, timestamp_or, title};
use crate::http::reply::Reply;
use crate::model::choice::State;
use crate::model::client::Client;
use crate::model::recovery::Recovery;
use crate::model::user::User;
use crate::page::message;

/// Shows a new client secret, warnings about it, and how to use it: in the reply to the request that created it, so it is in no URL.
pub fn client_secret(layout: &Layout<'_>, client: &Client, warnings: &[&str], heading: &str) -> Reply {
    let secret = client.secret.as_deref().unwrap_or_default();
    let (name, text) = match client.state {
        State::Requested => (
            "client-waits",
            " waits for an administrator's approval. Until then it can be tried by who registered it, and by collaborators who choose to.",
        ),
        _ => ("client-ready", " is ready to use."),
    };
    let content = html! {
        (title(heading, &html! {}))
        (message::success(name, html! { strong { (client.id) } (text) }))
        @for warning in warnings { (message::warning("warning", html! { (warning) "." })) }
        (shown("Client secret", "client-secret", secret))
        h2 { "How to use it" }
        (layout.other_host())
        (snippets(&layout.call.settings.public_url, client, SnippetProof::Secret(secret)))
        p { a .button.main href={"/console/clients/" (client.id)} { "I have saved it: go to the client" } }
    };
    layout.page(200, MenuItem::Clients, heading, &content)
}

/// Shows a new API key, with a link to the list of keys.
pub fn api_key(layout: &Layout<'_>, menu_item: MenuItem, list: &str, key: &str) -> Reply {
    let snippet =
        format!("export API_KEY='{key}'\ncurl -H \"Authorization: Bearer $API_KEY\" {}/api/v3/auth_info", layout.call.settings.public_url);
    let content = html! {
        (title("API key created", &html! {}))
        (shown("API key", "api-key", key))
        (copied("Try it", "try-it", &snippet))
        (layout.other_host())
        p { a .button.main href=(list) { "I have saved it: go to the API keys" } }
    };
    layout.page(200, menu_item, "API key created", &content)
}

/// Shows a new temporary password.
pub fn temporary_password(layout: &Layout<'_>, user: &User, plain: &str) -> Reply {
    let ends = timestamp_or(user.temporary_password_expires_at, "");
    let how = html! { "On the sign-in page it works " strong { "once" } ", until " (ends) ", and leads to choosing a new password." };
    for_user(layout, &user.id, "Temporary password", &shown("Temporary password", "temporary-password", plain), &how)
}

/// Shows a new sign-in link.
pub fn sign_in_link(layout: &Layout<'_>, link: &Recovery, token: &Token) -> Reply {
    let json = link.to_json(&layout.call.settings.public_url, &token.reveal());
    let text = json["link"].as_str().unwrap_or_default();
    let how = html! { "It works " strong { "once" } ", until " (timestamp(link.expires_at)) ", and leads to choosing a new password." };
    let content = html! { (shown("Sign-in link", "sign-in-link", text)) (layout.other_host()) };
    for_user(layout, &link.user_id, "Sign-in link", &content, &how)
}

fn for_user(layout: &Layout<'_>, user: &UserId, heading: &str, secret: &Markup, how: &Markup) -> Reply {
    let content = html! {
        (title(heading, &html! {}))
        (secret)
        p { "Give it to " strong { (user) } " where nobody else can read it. " (how) }
        p { a .button.main href={"/console/users/" (user)} { "I have saved it: go to the user" } }
    };
    layout.page(200, MenuItem::Users, heading, &content)
}

fn shown(text: &str, id: &str, secret: &str) -> Markup {
    html! {
        section .secret {
            h2 { (text) }
            p { "Copy it now: it is shown " strong { "only once" } ", and stored in a form that nobody can read." }
            div .copied { code id=(id) { (secret) } button type="button" data-copy=(id) hidden { "Copy" } }
        }
    }
}

/// Draws a text with a button that copies it.
pub fn copied(text: &str, id: &str, snippet: &str) -> Markup {
    html! {
        h3 { (text) }
        div .copied { pre tabindex="0" { code id=(id) { (snippet) } } button type="button" data-copy=(id) hidden { "Copy" } }
    }
}

/// How the client in the snippets authenticates.
#[derive(Clone, Copy, Debug)]
pub enum SnippetProof<'s> {
    /// With this secret, which the page shows once.
    Secret(&'s str),
    /// With a secret that is no longer shown.
    StoredSecret,
    /// Without a secret, with PKCE (RFC 7636).
    Public,
}

/// Draws the requests of the code flow, ready for a shell.
pub fn snippets(public_url: &str, client: &Client, proof: SnippetProof<'_>) -> Markup {
    let redirect_uri = client.redirect_uris.first().map_or("", String::as_str);
    let challenge = match proof {
        SnippetProof::Secret(_) | SnippetProof::StoredSecret => "",
        SnippetProof::Public => "&code_challenge_method=S256&code_challenge=THE-CHALLENGE",
    };
    let authorize = format!(
        "{public_url}/oauth/authorize?response_type=code&client_id={}&redirect_uri={}&state=CHANGE-ME{challenge}",
        client.id,
        form_encoded(redirect_uri.as_bytes())
    );
    let secret = match proof {
        SnippetProof::Secret(secret) => format!("export OAUTH_CLIENT_SECRET={}\n", quoted(secret)),
        SnippetProof::StoredSecret => "export OAUTH_CLIENT_SECRET='the secret that was shown once'\n".to_owned(),
        SnippetProof::Public => String::new(),
    };
    let environment = format!(
        "export OAUTH_CLIENT_ID='{}'\n{secret}\
         export OAUTH_AUTHORIZATION_URL='{public_url}/oauth/authorize'\n\
         export OAUTH_TOKEN_URL='{public_url}/oauth/token'",
        client.id
    );
    let client_proves = match proof {
        SnippetProof::Secret(_) | SnippetProof::StoredSecret => "-u \"$OAUTH_CLIENT_ID:$OAUTH_CLIENT_SECRET\"",
        SnippetProof::Public => "-d client_id=\"$OAUTH_CLIENT_ID\" \\\n  -d code_verifier=\"$VERIFIER\"",
    };
    let token = format!(
        "curl {public_url}/oauth/token \\\n  {client_proves} \\\n  -d grant_type=authorization_code \\\n  \
         -d code=THE-CODE \\\n  --data-urlencode redirect_uri={}",
        quoted(redirect_uri)
    );
    html! {
        (copied("Environment variables", "snippet-environment", &environment))
        @if let SnippetProof::Public = proof {
            (copied("PKCE: a verifier, which the client keeps, and its challenge", "snippet-pkce", PKCE))
        }
        (copied("Authorization URL: send the user's browser there", "snippet-authorize", &authorize))
        (copied("Token request: turn the code into a token", "snippet-token", &token))
    }
}

/// Creates a verifier and its challenge (RFC 7636 sections 4.1 and 4.2) with what every shell has.
const PKCE: &str = "VERIFIER=$(openssl rand -hex 32)\n\
    printf %s \"$VERIFIER\" | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d '='";

/// Quotes a text as one word for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
