//! The parameter `prompt`: what a client wants its user to be asked (OpenID Connect Core 1.0 section 3.1.2.1).

/// What is asked. By default only what has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Nothing at all: what would have to be asked is refused.
    pub none: bool,
    /// To sign in, even if somebody is signed in.
    pub login: bool,
    /// To agree, even if the user has agreed before.
    pub consent: bool,
    /// Which account to use.
    pub select_account: bool,
}

pub const PROMPT_WORDS: [&str; 4] = ["none", "login", "consent", "select_account"];

impl Prompt {
    /// Parses words with spaces between them; `None` if one is unknown, or if `none` is among others.
    pub fn parse(text: &str) -> Option<Prompt> {
        let mut prompt = Prompt::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let place = match word {
                "none" => &mut prompt.none,
                "login" => &mut prompt.login,
                "consent" => &mut prompt.consent,
                "select_account" => &mut prompt.select_account,
                _ => return None,
            };
            *place = true;
        }
        let asks = prompt.login || prompt.consent || prompt.select_account;
        (!prompt.none || !asks).then_some(prompt)
    }

    /// Returns the words without `select_account`: once an account was chosen, the rest remains to be asked.
    pub fn after_selection(text: &str) -> String {
        text.split(' ').filter(|word| *word != "select_account").collect::<Vec<_>>().join(" ")
    }
}
