//! Registers well-known apps by their recipes: fills in the form of a new client, and shows what to paste where.
//!
//! A client has the recipe that its attribute of that name says, so it is on every page of the client, and in what is exported.

use maud::{Markup, html};

use crate::console::clients::app_kind::{self, AppKind, KINDS};
use crate::console::clients::snippets::Proof;
use crate::console::form::entity::{KEY, VALUE};
use crate::console::form::fields::{Fields, Label, label};
use crate::console::form::problem::Problem;
use crate::console::page::new_secret::copied_block;
use crate::http::form::Form;
use crate::model::choice::Grant;
use crate::model::client::Client;
use crate::model::recipe::{self, Claims, Recipe, RecipeValues};
use crate::model::recipes::{self, RECIPES};
use crate::page::message;

/// The attribute of a client that says which recipe it was registered by, and the form field that chooses one.
const RECIPE: Label =
    label("recipe", "What are you adding?", "For an app on this list the form is filled in, and the next page says what to paste where.");

const APP: Label = label("app", "Address of the app", "Where people open it, such as https://grafana.example.com.");

/// Returns whether a new client has to ask for some right: only an app that is of no use without any.
pub fn needs_rights(form: &Form) -> bool {
    of_form(form).is_some_and(|recipe| !recipe.rights.is_empty())
}

/// Returns the recipe of a new client, as the form has it.
fn of_form(form: &Form) -> Option<&'static Recipe> {
    form.pairs(KEY, VALUE).into_iter().find(|(key, _)| *key == RECIPE.name).and_then(|(_, id)| recipes::named(id))
}

/// The button that fills in the form, and a hidden field with what the form was filled in by.
const FILL: &str = "fill";
const FILLED: &str = "filled";

const NOTHING_YET: &str = "Nothing has been created yet. The form is now filled in: check it, and then create the client.";

/// The fields that recipes fill in. What was typed in the first two stays.
const FIELDS: &[&str] = &[
    "name",
    "description",
    app_kind::NAME,
    "redirect_uris",
    "logout_redirect_uris",
    "grants",
    "rights",
    "claims_in_id_token",
    "allowed_groups",
];
const SUGGESTED: &[&str] = &["name", "description"];

/// Returns the form of a new client as a query asks for it: for a kind of application, or filled in by a recipe.
pub fn asked_for(asked: &Form) -> Fields {
    let kept = [RECIPE.name, APP.name, app_kind::NAME].map(|name| (name.to_owned(), asked.one(name).to_owned()));
    let form: Form = kept.into_iter().collect();
    filled(&form.with_all("grants", &default_values(&form, "grants")).with(FILL, "")).0
}

/// Returns whether a form is to be filled in: the button was pressed, or a recipe was chosen and the form sent without it.
pub fn is_waiting(form: &Form) -> bool {
    form.has(FILL) || (form.has(FILLED) && form.one(FILLED) != choice(form))
}

/// Returns what a form is to be filled in by: the recipe and the address; nothing without a recipe.
fn choice(form: &Form) -> String {
    recipes::named(form.one(RECIPE.name)).map(|recipe| format!("{} {}", recipe.id, form.one(APP.name))).unwrap_or_default()
}

/// Returns a form filled in by the recipe that was chosen, and the names of the fields where that replaced what was typed. What a recipe chosen
/// before has filled in goes; all else that was typed stays.
pub fn filled(form: &Form) -> (Fields, Vec<&'static str>) {
    let (recipe, app) = (recipes::named(form.one(RECIPE.name)), recipe::address(form.one(APP.name)));
    if recipe.is_some() && app.is_none() {
        let problem = Problem::new(APP.name, "no_address", "Enter the address as a browser shows it, beginning with https:// or http://.");
        return (Fields { values: form.clone(), problems: problem.into(), ..Fields::default() }, Vec::new());
    }
    let of = |recipe: Option<&Recipe>, app: Option<&str>| recipe.zip(app).map(|(recipe, app)| of_recipe(recipe, app)).unwrap_or_default();
    let (id, address) = form.one(FILLED).split_once(' ').unwrap_or_default();
    let (before, now) = (of(recipes::named(id), recipe::address(address)), of(recipe, app));
    let (mut values, mut replaced) = (form.with(FILLED, &choice(form)), Vec::new());
    for name in FIELDS {
        let (typed, default) = (form.filled(name), default_values(form, name));
        let is_own = !typed.is_empty() && typed != before.filled(name) && typed != default;
        let set = Some(now.filled(name)).filter(|set| !set.is_empty());
        if is_own && (set.is_none() || SUGGESTED.contains(name)) {
            continue;
        }
        let set = set.unwrap_or(default);
        if is_own && typed != set {
            replaced.push(*name);
        }
        values = values.with_all(name, &set);
    }
    let own = form.pairs(KEY, VALUE).into_iter().filter(|(key, _)| *key != RECIPE.name);
    let (keys, texts): (Vec<&str>, Vec<&str>) = own.chain(recipe.map(|recipe| (RECIPE.name, recipe.id))).unzip();
    let values = values.with_all(KEY, &keys).with_all(VALUE, &texts);
    // A person who pressed another button would look for what that has done.
    let unasked = (!form.has(FILL)).then(|| Problem::new(RECIPE.name, "filled_in_first", NOTHING_YET));
    (Fields { values, problems: unasked.into_iter().collect(), ..Fields::default() }, replaced)
}

/// Returns what a field has that nobody touched.
fn default_values(form: &Form, name: &str) -> Vec<&'static str> {
    match name {
        app_kind::NAME => vec![KINDS[0].name],
        "grants" => AppKind::of(form).grants.iter().map(|grant| grant.name()).collect(),
        _ => Vec::new(),
    }
}

fn of_recipe(recipe: &Recipe, app: &str) -> Form {
    let mut values = vec![
        (app_kind::NAME, KINDS[0].name.to_owned()),
        ("name", recipe.name.to_owned()),
        ("grants", Grant::AuthorizationCode.name().to_owned()),
    ];
    let mut add = |name, texts: Vec<String>| values.extend(texts.into_iter().map(|text| (name, text)));
    if recipe.refreshes() {
        add("grants", vec![Grant::RefreshToken.name().to_owned()]);
    }
    if recipe.rights.is_empty() {
        add("description", vec![format!("Signs you in to {}.", recipe.name)]);
    }
    if recipe.claims == Claims::IdToken {
        add("claims_in_id_token", vec!["true".to_owned()]);
    }
    add("redirect_uris", Recipe::at(recipe.redirect_uris, app));
    add("logout_redirect_uris", Recipe::at(recipe.logout_redirect_uris, app));
    add("rights", recipe.rights.iter().map(|right| right.name().to_owned()).collect());
    // Others than this group may not be there yet, and then nobody could sign in.
    add("allowed_groups", recipe.allowed_groups.iter().filter(|group| **group == "admins").map(|group| (*group).to_owned()).collect());
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Draws the choice of a recipe, at the top of the form that it fills in, and what that replaced.
pub fn chooser(fields: &Fields, replaced: &[String]) -> Markup {
    let own = [(String::new(), "A program of your own".to_owned())];
    let choices: Vec<_> = own.into_iter().chain(RECIPES.iter().map(|recipe| (recipe.id.to_owned(), recipe.name.to_owned()))).collect();
    html! {
        @if !replaced.is_empty() {
            (message::note("replaced", html! {
                "The app needs values of its own here, which replace what you had entered: " (replaced.join(", ")) ". Everything else that you typed is still there."
            }))
        }
        input type="hidden" name=(FILLED) value=(fields.values.one(FILLED));
        div .filters {
            (fields.select(RECIPE, &choices))
            (fields.text(APP))
            button name=(FILL) value="true" { "Fill in the form" }
        }
    }
}

/// Draws what to paste where for a client that has a recipe.
pub fn section(public_url: &str, client: &Client, proof: Proof<'_>) -> Markup {
    let recipe = client.attributes.get(RECIPE.name).and_then(|id| recipes::named(id));
    let (Some(recipe), Some(client_secret)) = (recipe, proof.secret()) else { return Markup::default() };
    let app = recipe.app_of(&client.redirect_uris).unwrap_or("https://the-address-of-the-app");
    let values = RecipeValues { issuer: public_url, app, client_id: client.id.as_str(), client_secret };
    let marked = |text: &str| marked(&Recipe::filled(text, &values));
    html! {
        h2 { "Set up " (recipe.name) }
        p { (marked(recipe.place)) ":" }
        (copied_block("recipe", &Recipe::filled(recipe.settings, &values)))
        p { (marked(recipe.groups)) }
        ul { @for trap in recipe.traps { li { (marked(trap)) } } }
    }
}

/// Draws a text whose code is between backticks, and whose strong and emphasized words are between stars.
fn marked(text: &str) -> Markup {
    html! {
        @for (n, part) in text.split('`').enumerate() {
            @if n % 2 == 1 { code { (part) } }
            @else {
                @for (n, part) in part.split("**").enumerate() {
                    @if n % 2 == 1 { strong { (part) } }
                    @else { @for (n, part) in part.split('*').enumerate() { @if n % 2 == 1 { em { (part) } } @else { (part) } } }
                }
            }
        }
    }
}
