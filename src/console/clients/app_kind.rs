//! Where an application runs, which decides whether it can keep a secret and where its users come back to.

use crate::base::id::ClientId;
use crate::http::form::Form;
use crate::model::choice::Grant;
use crate::model::client::ClientType;

/// A kind of application.
#[derive(Debug)]
pub struct AppKind {
    pub name: &'static str,
    pub title: &'static str,
    /// What its choice means.
    pub hint: &'static str,
    pub client_type: ClientType,
    /// The grants that are ticked for it at first.
    pub grants: &'static [Grant],
}

/// The form field that chooses one.
pub const NAME: &str = "kind";

/// The first is the one that nobody has to choose.
pub const KINDS: &[AppKind] = &[
    AppKind {
        name: "server",
        title: "A web app on a server",
        hint: "It gets a secret, which only its server knows. Redirect URL: an https address of it, such as https://app.example.com/callback.",
        client_type: ClientType::Confidential,
        grants: &[Grant::AuthorizationCode],
    },
    AppKind {
        name: "app",
        title: "A browser or mobile app",
        hint: "No secret, as anyone could read it there: it uses PKCE. Redirect URL: an https address of it, or on a phone a scheme of its own, such as com.example.app:/callback.",
        client_type: ClientType::Public,
        grants: &[Grant::AuthorizationCode],
    },
    AppKind {
        name: "device",
        title: "A command line or a device",
        hint: "No secret: it uses PKCE. Redirect URL: http://127.0.0.1/callback where a program waits, with any port; or code, to show a code that the user types in.",
        client_type: ClientType::Public,
        grants: &[Grant::AuthorizationCode, Grant::RefreshToken],
    },
];

impl AppKind {
    /// Returns the kind that was chosen.
    pub fn of(form: &Form) -> &'static AppKind {
        KINDS.iter().find(|kind| kind.name == form.one(NAME)).unwrap_or(&KINDS[0])
    }
}

/// The most letters of an ID.
const LONGEST: usize = 36;

/// Letters that names in Latin script have, and how they are written without marks.
const WITHOUT_MARKS: &[(&str, &str)] = &[
    ("àáâãåāă", "a"),
    ("ä", "ae"),
    ("æ", "ae"),
    ("çćč", "c"),
    ("èéêëēęě", "e"),
    ("ìíîïī", "i"),
    ("łľ", "l"),
    ("ñńň", "n"),
    ("òóôõøō", "o"),
    ("ö", "oe"),
    ("ř", "r"),
    ("śšş", "s"),
    ("ß", "ss"),
    ("ť", "t"),
    ("ùúûūů", "u"),
    ("ü", "ue"),
    ("ýÿ", "y"),
    ("źżž", "z"),
];

/// Makes an ID from a name, "My Größe" to `my-groesse`: the first that `is_free`, with a number behind it where the plain one is not.
pub fn id_of_name<E>(name: &str, mut is_free: impl FnMut(&ClientId) -> Result<bool, E>) -> Result<Option<ClientId>, E> {
    let plain = |letter: char| match WITHOUT_MARKS.iter().find(|(marked, _)| marked.contains(letter)) {
        Some((_, plain)) => (*plain).to_owned(),
        None => letter.to_string(),
    };
    let text: String = name.to_lowercase().chars().map(plain).collect();
    let words: Vec<&str> = text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let whole = words.join("-");
    for number in 1..=99 {
        let end = if number == 1 { String::new() } else { format!("-{number}") };
        let beginning: String = whole.chars().take(LONGEST - end.len()).collect();
        let Ok(id) = format!("{}{end}", beginning.trim_end_matches('-')).parse() else { return Ok(None) };
        if is_free(&id)? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(name: &str, taken: &[&str]) -> Option<String> {
        let is_free = |id: &ClientId| Ok::<bool, ()>(!taken.contains(&id.as_str()));
        id_of_name(name, is_free).expect("it is looked up").map(|id| id.to_string())
    }

    #[test]
    fn an_id_is_made_of_the_letters_and_digits_of_a_name() {
        assert_eq!(made("MyBrand Gateway Manager", &[]).as_deref(), Some("mybrand-gateway-manager"));
        assert_eq!(made("  Größe (v2)! ", &[]).as_deref(), Some("groesse-v2"));
        assert_eq!(made("Grafana", &["grafana", "grafana-2"]).as_deref(), Some("grafana-3"));
        assert_eq!(
            made(&"long name ".repeat(5), &["long-name-long-name-long-name-long-n"]).as_deref(),
            Some("long-name-long-name-long-name-long-2")
        );
        assert_eq!([made("ab", &[]), made("日本", &[]), made("", &[])], [None, None, None]);
    }
}
