//! What a developer takes from here into a program: addresses, an `.env` file, and programs that sign a user in with well-known libraries.

use maud::{Markup, html};

use crate::base::error::{Error, Result};
use crate::base::uri::form_encoded;
use crate::call::{Call, Input, Work};
use crate::console::clients::page::{ClientPage, scope};
use crate::console::page::layout::Layout;
use crate::console::page::new_secret::{copied, copied_block, copied_line};
use crate::console::page::paths::nowhere;
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::model::client::Client;
use crate::registry::consent;

/// A program, whose lines may begin with the case in which they are there: `{secret}`, `{public}`, `{rights}`, `{sign-in}` or `{http}`.
struct Snippet {
    name: &'static str,
    title: &'static str,
    /// What its file's name ends with.
    extension: &'static str,
    quoted: fn(&str) -> String,
    text: &'static str,
}

const SNIPPETS: &[Snippet] = &[
    Snippet { name: "curl", title: "curl", extension: "sh", quoted: in_shell, text: include_str!("snippets/curl.sh") },
    Snippet {
        name: "openid-client",
        title: "JavaScript: openid-client",
        extension: "mjs",
        quoted: in_json,
        text: include_str!("snippets/openid-client.mjs"),
    },
    Snippet { name: "authlib", title: "Python: Authlib", extension: "py", quoted: in_json, text: include_str!("snippets/authlib.py") },
    Snippet { name: "x-oauth2", title: "Go: x/oauth2", extension: "go", quoted: in_json, text: include_str!("snippets/x-oauth2.go") },
    Snippet { name: "oauth2", title: "Rust: oauth2", extension: "rs", quoted: in_json, text: include_str!("snippets/oauth2.rust") },
];

const ENDPOINTS: &[(&str, &str, &str)] = &[
    ("endpoint-issuer", "Issuer", ""),
    ("endpoint-authorize", "Authorization endpoint", "/oauth/authorize"),
    ("endpoint-token", "Token endpoint", "/oauth/token"),
    ("endpoint-revoke", "Revocation endpoint", "/oauth/revoke"),
    ("endpoint-introspect", "Introspection endpoint", "/oauth/introspect"),
    ("endpoint-userinfo", "Userinfo endpoint", "/oauth/userinfo"),
    ("endpoint-discovery", "OpenID Connect discovery", "/.well-known/openid-configuration"),
    ("endpoint-metadata", "OAuth metadata", "/.well-known/oauth-authorization-server"),
];

/// How a client proves that it is this client.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'s> {
    /// With this secret, which the page shows once.
    Secret(&'s str),
    /// With a secret that is no longer shown.
    StoredSecret,
    /// Not at all: it has no secret.
    Public,
}

impl<'s> Proof<'s> {
    /// Returns the secret, or what stands in its place.
    pub fn secret(self) -> Option<&'s str> {
        match self {
            Proof::Secret(secret) => Some(secret),
            Proof::StoredSecret => Some("the-secret-that-was-shown-once"),
            Proof::Public => None,
        }
    }

    /// Returns the proof of a client whose secret is not at hand, if it has one.
    fn stored(call: &Call<'_>, client: &Client) -> Result<Proof<'static>> {
        Ok(if consent::is_public(call.tx, &client.id)? { Proof::Public } else { Proof::StoredSecret })
    }
}

/// The form field with the secret that goes into an `.env` file.
const SECRET: &str = "client_secret";

/// Draws all of it.
pub fn section(layout: &Layout<'_>, client: &Client, proof: Proof<'_>) -> Markup {
    let public_url = &layout.call.settings.public_url;
    html! {
        (layout.other_host())
        dl .facts {
            dt { "Client ID" } dd { (copied_line("the-client-id", client.id.as_str())) }
            @for (id, title, path) in ENDPOINTS { dt { (title) } dd { (copied_line(id, &format!("{public_url}{path}"))) } }
        }
        (copied(&format!("{}.env", client.id), "snippet-environment", &environment(public_url, client, proof)))
        @if let Proof::Secret(secret) = proof {
            (layout.form(&format!("/console/clients/{}/env", client.id), &html! {
                input type="hidden" name=(SECRET) value=(secret);
                button .quiet { "Download " (client.id) ".env" }
            }))
        }
        @if !client.redirect_uris.is_empty() {
            h3 { "A program that signs a user in" }
            @for snippet in SNIPPETS {
                details .snippet name="snippets" {
                    summary { (snippet.title) }
                    (copied_block(&format!("snippet-{}", snippet.name), &snippet.filled(public_url, client, proof)))
                    p { a href={"/console/clients/" (client.id) "/snippets/" (snippet.name)} download { "Download " (client.id) "." (snippet.extension) } }
                }
            }
            @if !matches!(proof, Proof::Public) {
                (copied("Authorization URL: send the user's browser there", "snippet-authorize", &format!("{}&state=CHANGE-ME", authorization_url(public_url, client))))
            }
        }
    }
}

/// Gives back the `.env` file with the secret that the page has: a page shows it once, and the address of a file would keep it.
pub fn download_environment<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let form = Form::of_body(input.request)?;
    // No form sends a line break in a secret, and in the file it would begin a line of its own.
    if form.verbatim(SECRET).contains(char::is_control) {
        return Err(Error::malformed("the client secret holds a line break or another control character"));
    }
    Ok(Box::new(move |call| {
        let ClientPage { client, .. } = ClientPage::of(call, input)?;
        let proof = match form.verbatim(SECRET) {
            "" => Proof::stored(call, &client)?,
            secret => Proof::Secret(secret),
        };
        Ok(file(&client, "env", environment(&call.settings.public_url, &client, proof)))
    }))
}

/// Gives back a program as a file.
pub fn download<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let asked = SNIPPETS.iter().find(|snippet| Some(snippet.name) == input.capture("snippet"));
    Ok(Box::new(move |call| {
        let ClientPage { client, .. } = ClientPage::of(call, input)?;
        let Some(snippet) = asked else { return Err(nowhere()) };
        let proof = Proof::stored(call, &client)?;
        Ok(file(&client, snippet.extension, snippet.filled(&call.settings.public_url, &client, proof)))
    }))
}

fn file(client: &Client, extension: &str, text: String) -> Reply {
    Reply::new(200, "text/plain; charset=utf-8", text.into_bytes())
        .with("Content-Disposition", format!("attachment; filename=\"{}.{extension}\"", client.id))
}

fn environment(public_url: &str, client: &Client, proof: Proof<'_>) -> String {
    let lines = [
        ("OAUTH_ISSUER", Some(public_url)),
        ("OAUTH_CLIENT_ID", Some(client.id.as_str())),
        ("OAUTH_CLIENT_SECRET", proof.secret()),
        ("OAUTH_REDIRECT_URI", client.redirect_uris.first().map(String::as_str)),
        ("OAUTH_AUTHORIZATION_URL", Some(&format!("{public_url}/oauth/authorize"))),
        ("OAUTH_TOKEN_URL", Some(&format!("{public_url}/oauth/token"))),
    ];
    lines.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={}\n", in_environment(value)))).collect()
}

impl Snippet {
    /// Returns the program for a client, for its first redirect URL.
    fn filled(&self, public_url: &str, client: &Client, proof: Proof<'_>) -> String {
        let cases = [
            ("{secret}", !matches!(proof, Proof::Public)),
            ("{public}", matches!(proof, Proof::Public)),
            ("{rights}", scope(client).is_none()),
            ("{sign-in}", scope(client).is_some()),
            ("{http}", public_url.starts_with("http:")),
        ];
        let is_there = |line: &&str| cases.iter().all(|(case, is_so)| *is_so || !line.starts_with(case));
        let bare = |line| cases.iter().fold(line, |line: &str, (case, _)| line.strip_prefix(case).unwrap_or(line));
        let lines = self.text.split_inclusive('\n').filter(is_there).map(bare);
        let words = [
            ("{file}", client.id.to_string()),
            ("{issuer}", (self.quoted)(public_url)),
            ("{client_id}", (self.quoted)(client.id.as_str())),
            ("{authorization_url}", (self.quoted)(&authorization_url(public_url, client))),
            ("{authorization_endpoint}", (self.quoted)(&format!("{public_url}/oauth/authorize"))),
            ("{scope}", (self.quoted)(scope(client).unwrap_or_default())),
            ("{token_endpoint}", (self.quoted)(&format!("{public_url}/oauth/token"))),
            // Last: it may hold any of the others.
            ("{redirect_uri}", (self.quoted)(redirect_uri(client))),
        ];
        words.iter().fold(lines.collect(), |text: String, (word, value)| text.replace(word, value))
    }
}

fn redirect_uri(client: &Client) -> &str {
    client.redirect_uris.first().map_or("", String::as_str)
}

fn authorization_url(public_url: &str, client: &Client) -> String {
    let redirect_uri = form_encoded(redirect_uri(client).as_bytes());
    let scope = scope(client).map(|scope| format!("&scope={}", form_encoded(scope.as_bytes()))).unwrap_or_default();
    format!("{public_url}/oauth/authorize?response_type=code&client_id={}&redirect_uri={redirect_uri}{scope}", client.id)
}

/// Writes a text as one word of a shell.
fn in_shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Writes a text as JSON, which JavaScript, Python, Go and Rust read alike.
fn in_json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Writes a value of an `.env` file: without quotes if it can, because not everything that reads such a file takes them off.
fn in_environment(value: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?@%+=,".contains(&b);
    if value.bytes().all(is_plain) { value.to_owned() } else { in_shell(value) }
}
