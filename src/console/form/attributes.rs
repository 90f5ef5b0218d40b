//! Keys and values of people's own, as a form has them: rows, in the order typed.

use std::collections::BTreeMap;

use maud::Markup;
use serde_json::{Map, Value};

use crate::base::validation::Invalid;
use crate::console::form::fields::{Fields, Label, label};
use crate::http::form::Form;

const KEY: &str = "attribute_key";
const VALUE: &str = "attribute_value";
const LABEL: Label = label(
    "attributes",
    "Attributes",
    "Optional: at most 10 keys and values of your own. A key has 3 to 36 lower-case letters, digits and single dashes.",
);

#[derive(Clone, Debug, Default)]
pub struct Attributes(Vec<(String, String)>);

impl Attributes {
    pub fn of(kept: &BTreeMap<String, String>) -> Attributes {
        Attributes(kept.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// Rows in which nothing stands don't count.
    pub fn of_form(form: &Form) -> Attributes {
        let rows = form.all(KEY).into_iter().zip(form.all(VALUE));
        Attributes(rows.filter(|row| *row != ("", "")).map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    /// As the API is sent them.
    pub fn to_json(&self) -> Value {
        self.0.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect::<Map<_, _>>().into()
    }

    /// A map has no room for a key that stands twice, and nothing that was typed goes without a word.
    pub fn check(&self, message: &str) -> Result<(), Invalid> {
        let is_repeated = |n: usize| self.0[..n].iter().any(|(key, _)| *key == self.0[n].0);
        match (0..self.0.len()).find(|n| is_repeated(*n)) {
            Some(n) => Err(Invalid::new(message, &format!("attributes[{}]", self.0[n].0), "a key can be used only once")),
            None => Ok(()),
        }
    }

    pub fn rows(&self, fields: &Fields) -> Markup {
        fields.pairs(LABEL, [(KEY, "Key"), (VALUE, "Value")], "+ Add attribute", &self.0)
    }
}
