//! Where secrets come from, in a file that was parsed: looked up before it is checked, by the program that reads the file.

use serde_json::{Value, json};

use crate::base::error::Result;
use crate::base::secret::{Token, TokenKind, fresh_key, fresh_password};
use crate::declared::check::{GENERATED, check};
use crate::declared::input::InputValue;
use crate::declared::row::{MemberKind, MemberTable};
use crate::declared::tables::SECRET_SOURCE;

/// Looks secrets up. Fails with what begins with a verb.
pub trait Sources {
    fn file(&mut self, name: &str) -> std::result::Result<String, String>;
    fn variable(&mut self, name: &str) -> std::result::Result<String, String>;

    /// Returns what the file holds; without it, `fresh`, which is to be written there if it is used. `at` is the place of the secret.
    fn generated(&mut self, at: &str, name: &str, fresh: String) -> std::result::Result<String, String>;

    /// Notes that a secret is there in clear.
    fn in_clear(&mut self, at: &str);
}

/// Puts the secrets in the place of where they come from.
/// # Errors
/// `fixture_wrong_member`. What has the wrong type is left as it is, for [`check`] to refuse.
pub fn look_up(table: &MemberTable, value: &mut Value, sources: &mut dyn Sources) -> Result<()> {
    in_object(table, value, "", sources)
}

fn in_object(table: &MemberTable, value: &mut Value, at: &str, sources: &mut dyn Sources) -> Result<()> {
    let Some(members) = value.as_object_mut() else { return Ok(()) };
    for row in table.rows.iter() {
        if let Some(member) = members.get_mut(row.name) {
            in_member(&row.kind, member, &format!("{at}/{}", row.name), sources)?;
        }
    }
    Ok(())
}

fn in_member(kind: &MemberKind, member: &mut Value, at: &str, sources: &mut dyn Sources) -> Result<()> {
    match kind {
        MemberKind::Object(table) => in_object(table, member, at, sources),
        MemberKind::List(table) => {
            let items = member.as_array_mut().into_iter().flatten().enumerate();
            items.into_iter().try_for_each(|(n, item)| in_object(table, item, &format!("{at}/{n}"), sources))
        }
        MemberKind::OrNull(kind) | MemberKind::Filled(kind) => in_member(kind, member, at, sources),
        MemberKind::Secret(kind) => {
            if let Some(found) = looked_up(kind, member, at, sources)? {
                *member = found;
            }
            Ok(())
        }
        MemberKind::Shape(_)
        | MemberKind::Id(_)
        | MemberKind::Number(..)
        | MemberKind::Word(_)
        | MemberKind::Hash
        | MemberKind::Password
        | MemberKind::ApiKey => Ok(()),
    }
}

/// Returns a secret that is somewhere else; `None` if this is the secret, or its hash.
fn looked_up(kind: &MemberKind, member: &Value, at: &str, sources: &mut dyn Sources) -> Result<Option<Value>> {
    if member.is_string() {
        sources.in_clear(at);
    }
    if !member.is_object() {
        return Ok(None);
    }
    let source = InputValue::at_place(member, at);
    let members = check(&SECRET_SOURCE, &source)?;
    let text = |name: &str| members.get(name).and_then(|member| member.value().as_str().map(str::to_owned));
    let named = [text("file"), text("env"), text("generate"), text("hash")];
    let wrong = |why: String| source.wrong(why);
    match named {
        _ if text("generate").is_none() && text("write_to").is_some() => {
            Err(wrong("must not have `write_to` without `generate`".to_owned()))
        }
        [Some(file), None, None, None] => Ok(Some(sources.file(&file).map_err(wrong)?.into())),
        [None, Some(variable), None, None] => Ok(Some(sources.variable(&variable).map_err(wrong)?.into())),
        [None, None, Some(_), None] => {
            let file = text("write_to").ok_or_else(|| wrong("needs `write_to`: the file for what is generated".to_owned()))?;
            let found = sources.generated(at, &file, fresh(kind)).map_err(wrong)?;
            Ok(Some(json!({ GENERATED: found })))
        }
        [None, None, None, Some(_)] => Ok(None),
        _ => Err(wrong("must have one of `file`, `env`, `generate` and `hash`, and no more".to_owned())),
    }
}

/// Generates a secret of this kind.
fn fresh(kind: &MemberKind) -> String {
    match kind {
        MemberKind::ApiKey => Token::fresh(TokenKind::ApiKey).reveal(),
        MemberKind::Password => loop {
            let password = fresh_password();
            // A good one needs a digit, which few have none of.
            if password.bytes().any(|b| b.is_ascii_digit()) {
                break password;
            }
        },
        _ => fresh_key(),
    }
}
