//! The form of an entity, one row per field. Its rows and those of the `FIELDS` table draw, read and compare it.

use std::str::FromStr;

use maud::{Markup, html};
use serde_json::{Value, json};

use crate::base::error::Result;
use crate::base::id::BadId;
use crate::base::right::Rights;
use crate::base::uri;
use crate::base::validation::Invalid;
use crate::call::Call;
use crate::console::form::fields::{Choice, Fields, Label, Typing, label};
use crate::console::form::problem::{Problem, Problems, Refused};
use crate::console::form::saving::{self, EditedPart, Seen};
use crate::console::form::{contacts, rights_picker};
use crate::console::page::layout::state_name;
use crate::console::page::paths::{self, account, account_value};
use crate::http::form::Form;
use crate::model::choice::State;
use crate::model::field::{Field, SetBy};
use crate::model::mask::Mask;
use crate::model::patch::Patch;
use crate::model::shape::Identifiers;
use crate::model::value::{self, FieldValue};
use crate::registry::entity::Entity;
use crate::registry::guidelines;

/// The form of a kind of entity.
#[derive(Debug)]
pub struct EntityForm<E: 'static> {
    /// The API's name of the entity.
    pub message: &'static str,
    pub identifiers: &'static Identifiers,
    pub table: &'static [Field<E>],
    pub id: Label,
    /// Where the script checks whether an ID is free.
    pub check: &'static str,
    /// In the order shown.
    pub inputs: &'static [FormField],
}

/// A row of a form: a field of the table with its texts. The table says who may set it.
#[derive(Debug)]
pub struct FormField {
    label: Label,
    widget: Widget,
    /// The only form that has it; `None` if both do.
    only_in: Option<Mode>,
    /// The forms in which it must be filled in.
    required_in: &'static [Mode],
    /// Notes on the field, in the form of a new entity and of an existing one.
    notes: [&'static str; 2],
    /// The part of the form below the others that it is in.
    part: Option<FormPart>,
}

/// A part of a form that can be folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FormPart {
    /// Folded while nothing in it is chosen: most leave it as it is.
    SignIn,
    Admin,
}

/// How a field is shown and read.
#[derive(Clone, Copy, Debug)]
pub enum Widget {
    Text,
    Area,
    Password,
    /// One URL per row: the label of one, and of the button that adds one.
    Urls(&'static str, &'static str),
    Attributes,
    Contact,
    Grants,
    Rights,
    State,
    Tick,
    /// Words with blanks between them.
    Words,
    /// One of these values, each with its text; the first is the usual one.
    Choice(&'static [(&'static str, &'static str)]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Create,
    Update,
}

/// What a form offers to this caller.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offer<'a> {
    pub is_admin: bool,
    /// The accounts that can be a contact.
    pub accounts: &'a [Choice],
    /// Fields that need not be filled in here, though others of their kind require them.
    pub optional: &'a [&'a str],
    /// The state of an entity if none is chosen; without it a state must be chosen.
    pub open_state: Option<&'a str>,
}

/// Describes a field of the table with this name.
pub const fn field(name: &'static str, text: &'static str, hint: &'static str, widget: Widget) -> FormField {
    FormField { label: label(name, text, hint), widget, only_in: None, required_in: &[], notes: ["", ""], part: None }
}

/// The names of the inputs of an attribute.
pub const KEY: &str = "attribute_key";
pub const VALUE: &str = "attribute_value";

/// Only in the form of an existing entity: at creation only the creator can be a contact.
pub const ADMINISTRATIVE_CONTACT: FormField =
    field("administrative_contact", "Administrative contact", "Whom to ask about it.", Widget::Contact).only_in(Mode::Update);
pub const TECHNICAL_CONTACT: FormField =
    field("technical_contact", "Technical contact", "Whom to ask about technical matters.", Widget::Contact).only_in(Mode::Update);

/// Keys and values of the user's choice.
pub const ATTRIBUTES: FormField = field(
    "attributes",
    "Attributes",
    "Optional: at most 10 keys and values of your own. A key has 3 to 36 lowercase letters, digits and single dashes.",
    Widget::Attributes,
);

impl FormField {
    pub const fn only_in(mut self, mode: Mode) -> FormField {
        self.only_in = Some(mode);
        self
    }

    pub const fn required_in(mut self, modes: &'static [Mode]) -> FormField {
        self.required_in = modes;
        self
    }

    pub const fn notes(mut self, create: &'static str, update: &'static str) -> FormField {
        self.notes = [create, update];
        self
    }

    /// Moves the field to the options of administrators.
    pub const fn advanced(mut self) -> FormField {
        self.part = Some(FormPart::Admin);
        self
    }

    /// Moves the field to what says how users are signed in.
    pub const fn of_sign_in(mut self) -> FormField {
        self.part = Some(FormPart::SignIn);
        self
    }

    /// Returns whether something else than usual is chosen.
    fn is_chosen(&self, form: &Form) -> bool {
        match self.widget {
            Widget::Choice(choices) => form.has(self.label.name) && form.one(self.label.name) != choices[0].0,
            _ => !form.filled(self.label.name).is_empty(),
        }
    }

    fn is_in(&self, mode: Mode) -> bool {
        self.only_in.is_none_or(|only| only == mode)
    }

    /// Reads the value that the table sets; `None` if nothing was chosen.
    fn read(&self, form: &Form) -> Option<Value> {
        let name = self.label.name;
        match self.widget {
            Widget::Text | Widget::Area => Some(form.one(name).into()),
            Widget::Password => Some(form.verbatim(name).into()),
            Widget::Urls(..) => Some(form.filled(name).into()),
            Widget::Attributes => {
                Some(Value::Object(form.pairs(KEY, VALUE).into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect()))
            }
            Widget::Contact => account(form.one(name)).map(|account| value::account(Some(&account))),
            Widget::Grants => {
                let ticked = form.all(name);
                Some(GRANTS.iter().map(|(grant, ..)| *grant).filter(|grant| ticked.contains(grant)).collect())
            }
            Widget::Rights => Some(value::rights(&rights_picker::chosen(form, Rights::EVERY))),
            Widget::State => {
                Some(form.one(name)).filter(|name| !name.is_empty()).and_then(State::from_name).map(|state| state.name().into())
            }
            Widget::Tick => Some(form.has(name).into()),
            Widget::Words => Some(form.one(name).split([' ', ',']).filter(|word| !word.is_empty()).collect()),
            Widget::Choice(choices) => choices.iter().map(|(value, _)| *value).find(|value| *value == form.one(name)).map(chosen),
        }
    }

    /// Writes a value of the table as a form sends it: trimmed texts, with lines ending in LF.
    fn write(&self, value: &Value) -> Vec<(String, String)> {
        let sent = |name: &str, value: &Value| (name.to_owned(), String::from_json(value).replace("\r\n", "\n"));
        let name = self.label.name;
        match self.widget {
            Widget::Text | Widget::Area | Widget::State => vec![sent(name, value)],
            Widget::Password => Vec::new(),
            Widget::Urls(..) | Widget::Rights | Widget::Grants => {
                value.as_array().into_iter().flatten().map(|item| sent(name, item)).collect()
            }
            Widget::Attributes => value
                .as_object()
                .into_iter()
                .flatten()
                .flat_map(|(key, value)| [(KEY.to_owned(), key.clone()), sent(VALUE, value)])
                .collect(),
            Widget::Contact => value::to_account(value).map(|account| (name.to_owned(), account_value(&account))).into_iter().collect(),
            Widget::Choice(choices) => {
                let written = choices.iter().map(|(text, _)| *text).find(|text| chosen(text) == *value);
                written.map(|text| (name.to_owned(), text.to_owned())).into_iter().collect()
            }
            Widget::Words => vec![(name.to_owned(), Vec::<String>::from_json(value).join(" "))],
            Widget::Tick => bool::from_json(value).then(|| (name.to_owned(), "true".to_owned())).into_iter().collect(),
        }
    }

    fn draw(&self, fields: &Fields, mode: Mode, offer: Offer<'_>) -> Markup {
        let is_optional = offer.optional.contains(&self.label.name);
        let label = Label { is_required: self.required_in.contains(&mode) && !is_optional, ..self.label };
        let note = self.notes[usize::from(mode == Mode::Update)];
        html! {
            @if !note.is_empty() { p .note { (note) } }
            @match self.widget {
                Widget::Text => (fields.text(label)),
                Widget::Area => (fields.area(label)),
                Widget::Password => (fields.password(label)),
                Widget::Urls(one, more) => (fields.rows(label, one, more)),
                Widget::Attributes => (fields.pairs(label, [(KEY, "Key"), (VALUE, "Value")], "+ Add attribute")),
                Widget::Contact => (fields.select(label, &contacts::with_chosen(offer.accounts, fields.values.one(label.name)))),
                // The password grant is only offered to administrators, and recommended to nobody.
                Widget::Grants => (fields.boxes(label, if offer.is_admin { GRANTS } else { &GRANTS[..2] })),
                Widget::Rights => (fields.rights(label, Rights::EVERY)),
                Widget::State => (fields.select(label, &states(offer.open_state))),
                Widget::Tick => (fields.tick(label)),
                Widget::Words => (fields.text(label)),
                Widget::Choice(choices) => (fields.select(label, &choices.iter().map(|(value, text)| ((*value).to_owned(), (*text).to_owned())).collect::<Vec<_>>())),
            }
        }
    }
}

/// Returns what a chosen value stands for: of a flag that may be absent, the flag.
fn chosen(value: &str) -> Value {
    match value {
        "" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        other => other.into(),
    }
}

/// Returns a problem for each new URL that nobody can be sent to.
fn unusable_urls(input: &FormField, form: &Form, before: &Form) -> impl Iterator<Item = Problem> {
    let name = input.label.name;
    let urls = if matches!(input.widget, Widget::Urls(..)) { form.filled(name) } else { Vec::new() };
    let new = urls.into_iter().filter(move |url| !before.all(name).contains(url));
    new.filter_map(move |url| {
        let why = uri::why_unusable(url)?;
        Some(Problem::new(name, "unusable_url", format!("Nobody can be sent to “{url}”: {why}.")))
    })
}

/// Values, texts and hints.
const GRANTS: &[(&str, &str, &str)] = &[
    ("GRANT_AUTHORIZATION_CODE", "Authorization code", "Users agree in their browser. Choose this one."),
    ("GRANT_REFRESH_TOKEN", "Refresh token", "The client stays signed in without its user."),
    ("GRANT_PASSWORD", "Password", "Not supported by this server, which issues no tokens for passwords."),
];

fn states(open: Option<&str>) -> Vec<Choice> {
    let states = State::EVERY.iter().map(|state| (state.name().to_owned(), state_name(*state).to_owned()));
    open.map(|text| (String::new(), text.to_owned())).into_iter().chain(states).collect()
}

impl<E> EntityForm<E> {
    /// Returns the form of an entity as it is.
    pub fn filled(&self, entity: &E) -> Fields {
        Fields { values: self.written(entity), ..Fields::default() }
    }

    /// Draws the ID of a new entity.
    pub fn new_id(&self, fields: &Fields) -> Markup {
        fields.id(self.id, Typing::Check(self.check))
    }

    /// Draws the fields of a new entity that this caller may set, except the ID.
    pub fn new_rows(&self, fields: &Fields, offer: Offer<'_>) -> Markup {
        self.rows(fields, Mode::Create, offer)
    }

    /// Draws the fields of an entity that this caller may change, and what [`saving::carried`] adds.
    pub fn changed_rows(&self, call: &Call<'_>, entity: &Entity, fields: &Fields, accounts: &[Choice]) -> Result<Markup> {
        let carried = saving::carried(call, entity, EditedPart::Fields(&self.labels(call.by.is_admin)), fields)?;
        let offer = Offer { is_admin: call.by.is_admin, accounts, ..Offer::default() };
        Ok(html! { (carried) (self.rows(fields, Mode::Update, offer)) })
    }

    /// Returns what is wrong with the fields of a new entity, or of this one as it was; not with the ID.
    pub fn problems(&self, form: &Form, is_admin: bool, old: Option<&E>) -> std::result::Result<Problems, Refused> {
        let mode = if old.is_some() { Mode::Update } else { Mode::Create };
        let before = old.map(|old| self.written(old)).unwrap_or_default();
        let mut problems = Problems::default();
        for input in self.shown(mode, is_admin) {
            let unusable: Problems = unusable_urls(input, form, &before).collect();
            match input.read(form) {
                Some(value) if unusable.is_empty() => problems.note(self.checked(input, &value))?,
                _ => problems.add(unusable),
            }
        }
        problems.note(self.read(form, mode))?;
        Ok(problems)
    }

    /// Refuses a value that the field cannot hold.
    fn checked(&self, input: &FormField, value: &Value) -> std::result::Result<(), Invalid> {
        self.field(input).shape.check(self.message, input.label.name, value)
    }

    /// Returns what the form calls a field, one of its rows if it has some.
    fn label(&self, name: &str, row: Option<usize>) -> Option<String> {
        let input = self.inputs.iter().find(|input| input.label.name == name)?;
        Some(match (input.widget, row) {
            (Widget::Urls(one, _), Some(row)) => format!("{one} {}", row + 1),
            _ => input.label.text.to_owned(),
        })
    }

    /// Returns what people call a field that the API or an event names, `redirect_uris[0]` too; `others` has those that the form does not
    /// have, or calls otherwise.
    pub fn field_label(&self, field: &str, others: &[(&str, &str)]) -> String {
        let (name, row) = field.split_once('[').map_or((field, None), |(name, row)| (name, row.trim_end_matches(']').parse().ok()));
        let other = others.iter().find(|(known, _)| *known == name).map(|(_, label)| (*label).to_owned());
        other.or_else(|| self.label(name, row)).unwrap_or_else(|| field.replace('_', " "))
    }

    /// Reads what is typed and well-formed, to be looked at before it can be saved.
    pub fn draft(&self, form: &Form, mode: Mode) -> Patch {
        let mut draft = Patch::default();
        for input in self.inputs.iter().filter(|input| input.is_in(mode)) {
            if let Some(value) = input.read(form).filter(|value| self.checked(input, value).is_ok()) {
                draft.put(input.label.name, value);
            }
        }
        draft
    }

    /// Reads the part of a draft that differs from the entity.
    pub fn drafted_changes(&self, old: &E, form: &Form, is_admin: bool) -> Patch {
        let draft = self.draft(form, Mode::Update);
        let mask = self.differing(&draft, old, is_admin);
        draft.only(self.table, &mask)
    }

    /// Returns whether an entity is what this form makes.
    pub fn makes(&self, entity: &E, form: &Form, is_admin: bool) -> bool {
        let is_well_formed = self.problems(form, is_admin, None).is_ok_and(|problems| problems.is_empty());
        is_well_formed && self.differing(&self.draft(form, Mode::Create), entity, is_admin).is_empty()
    }

    /// Returns the fields that this form can change and that differ from those of the entity as the form would send them.
    fn differing(&self, sent: &Patch, old: &E, is_admin: bool) -> Mask {
        let unchanged = self.draft(&self.written(old), Mode::Update);
        let mut mask = Mask::default();
        let differs = |name: &&str| sent.get(name).is_some_and(|value| unchanged.get(name) != Some(value));
        self.labels(is_admin).into_iter().map(|label| label.name).filter(differs).for_each(|name| mask.add(self.table, name));
        mask
    }

    /// Reads a new entity: its ID, and what was sent for it.
    pub fn created<I: FromStr<Err = BadId>>(&self, form: &Form) -> Result<(I, Patch)> {
        let text = form.one(self.id.name);
        let id = paths::typed(text, self.identifiers)?;
        guidelines::check_id(text)?;
        let mut sent = self.read(form, Mode::Create)?;
        sent.put("ids", json!({ self.identifiers.key: text }));
        sent.check(self.table, self.message, None)?;
        Ok((id, sent))
    }

    /// Reads what the form changes of an entity; `None` if nothing differs.
    pub fn changes(&self, call: &Call<'_>, entity: &Entity, old: &E, form: &Form) -> Result<Option<(Mask, Patch)>> {
        self.check_unchanged(call, entity, form)?;
        let mut sent = self.read(form, Mode::Update)?;
        let mut mask = self.differing(&sent, old, call.by.is_admin);
        // A state that changes alone would remove its description.
        if mask.names(self.table, "state") && !mask.names(self.table, "state_description") {
            mask.add(self.table, "state_description");
        }
        if mask.is_empty() {
            return Ok(None);
        }
        sent.put("ids", json!({ self.identifiers.key: entity.as_str() }));
        sent.check(self.table, self.message, Some(&mask))?;
        let sent = sent.only(self.table, &mask);
        Ok(Some((mask, sent)))
    }

    /// Refuses to overwrite changes since the form was made.
    pub fn check_unchanged(&self, call: &Call<'_>, entity: &Entity, form: &Form) -> Result<()> {
        saving::check(call, entity, EditedPart::Fields(&self.labels(call.by.is_admin)), Seen::of_form(form))
    }

    /// Returns the labels of the fields that this form can change.
    fn labels(&self, is_admin: bool) -> Vec<Label> {
        self.shown(Mode::Update, is_admin).map(|input| input.label).collect()
    }

    fn shown(&self, mode: Mode, is_admin: bool) -> impl Iterator<Item = &'static FormField> {
        let may_set = move |input: &FormField| match self.field(input).set_by {
            SetBy::Holder => true,
            SetBy::Admin => is_admin,
            SetBy::AdminOnceCreated => is_admin || mode == Mode::Create,
            SetBy::Server => false,
        };
        self.inputs.iter().filter(move |input| input.is_in(mode) && may_set(input))
    }

    fn rows(&self, fields: &Fields, mode: Mode, offer: Offer<'_>) -> Markup {
        let of_part = |part| self.shown(mode, offer.is_admin).filter(move |input| input.part == part);
        html! {
            @for input in of_part(None) { (input.draw(fields, mode, offer)) }
            @for (part, title) in [(FormPart::SignIn, "Signing users in (OpenID Connect)"), (FormPart::Admin, "Advanced administrator options")] {
                @let inputs: Vec<_> = of_part(Some(part)).collect();
                @let needs_a_look = |input: &&FormField| input.is_chosen(&fields.values) || fields.is_wrong(input.label.name);
                @if !inputs.is_empty() {
                    details .advanced open[part == FormPart::Admin || inputs.iter().any(needs_a_look)] {
                        summary { (title) }
                        @for input in inputs { (input.draw(fields, mode, offer)) }
                    }
                }
            }
        }
    }

    /// Returns the form of an entity as sent without changes.
    fn written(&self, entity: &E) -> Form {
        self.inputs.iter().flat_map(|input| input.write(&(self.field(input).get)(entity))).collect()
    }

    fn field(&self, input: &FormField) -> &'static Field<E> {
        self.table.iter().find(|field| field.name == input.label.name).expect("a form has only fields of its table")
    }

    /// Reads all fields. Refuses a repeated attribute key: a map holds only one, and nothing that was typed may be dropped silently.
    fn read(&self, form: &Form, mode: Mode) -> Result<Patch> {
        let pairs = form.pairs(KEY, VALUE);
        if let Some(n) = (0..pairs.len()).find(|n| pairs[..*n].iter().any(|(key, _)| *key == pairs[*n].0)) {
            return Err(Invalid::new(self.message, &format!("attributes[{}]", pairs[n].0), "a key can be used only once").into());
        }
        let mut sent = Patch::default();
        for input in self.inputs.iter().filter(|input| input.is_in(mode)) {
            if let Some(value) = input.read(form) {
                sent.put(input.label.name, value);
            }
        }
        Ok(sent)
    }
}
