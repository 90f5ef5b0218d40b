//! Registers well-known apps by their recipes: fills in the form of a new client, and shows what to paste where.
//!
//! A client has the recipe that its attribute of that name says, so it is on every page of the client, and in what is exported.

use maud::{Markup, html};

use crate::console::clients::app_kind::{self, AppKind, KINDS};
use crate::console::clients::snippets::Proof;
use crate::console::form::entity::{KEY, VALUE};
use crate::console::form::fields::{Choice, Fields, Label, label};
use crate::console::form::problem::Problem;
use crate::console::page::new_secret::copied_block;
use crate::http::form::Form;
use crate::model::choice::Grant;
use crate::model::client::Client;
use crate::model::recipe::{self, Claims, Recipe, RecipeValues};
use crate::model::recipes::{self, RECIPES};

/// The attribute of a client that says which recipe it was registered by, and the form field that chooses one.
const RECIPE: Label =
    label("recipe", "What are you adding?", "For an app of this list the form is filled in, and says afterwards what to paste where.");

const APP: Label = label("app", "Address of the app", "Where people open it, such as https://grafana.example.com.");

/// Returns whether a new client has to ask for some right: only an app that is of no use without any.
pub fn needs_rights(form: &Form) -> bool {
    of_form(form).is_some_and(|recipe| !recipe.rights.is_empty())
}

/// Returns the recipe of a new client, as the form has it.
fn of_form(form: &Form) -> Option<&'static Recipe> {
    form.pairs(KEY, VALUE).into_iter().find(|(key, _)| *key == RECIPE.name).and_then(|(_, id)| recipes::named(id))
}

/// Returns the form of a new client with what a query fills in: a recipe, for an app at the address that it says, or what is ticked at first for
/// a kind of application.
pub fn filled(asked: &Form) -> Fields {
    let recipe = recipes::named(asked.one(RECIPE.name));
    if let (Some(recipe), Some(app)) = (recipe, recipe::address(asked.one(APP.name))) {
        return Fields::filled(of_recipe(recipe, app));
    }
    let kind = AppKind::of(asked);
    let grants = kind.grants.iter().map(|grant| ("grants", grant.name().to_owned()));
    let kept = [RECIPE.name, APP.name].map(|name| (name, asked.one(name).to_owned()));
    let no_address = "Enter the address as a browser shows it, beginning with https:// or http://.";
    let problems = recipe.map(|_| Problem::new(APP.name, "no_address", no_address)).into_iter().collect();
    Fields { problems, ..Fields::filled(grants.chain(kept).chain([(app_kind::NAME, kind.name.to_owned())])) }
}

fn of_recipe(recipe: &Recipe, app: &str) -> Vec<(&'static str, String)> {
    let mut values = vec![
        (app_kind::NAME, KINDS[0].name.to_owned()),
        ("name", recipe.name.to_owned()),
        (KEY, RECIPE.name.to_owned()),
        (VALUE, recipe.id.to_owned()),
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
    values
}

/// Draws the choice of a recipe, above the form that it fills in.
pub fn chooser(fields: &Fields, owners: &[Choice]) -> Markup {
    let own = [(String::new(), "A program of your own".to_owned())];
    let choices: Vec<_> = own.into_iter().chain(RECIPES.iter().map(|recipe| (recipe.id.to_owned(), recipe.name.to_owned()))).collect();
    let chosen = of_form(&fields.values);
    let redirect_uris: Vec<String> = fields.values.filled("redirect_uris").into_iter().map(str::to_owned).collect();
    let app = chosen.and_then(|recipe| recipe.app_of(&redirect_uris));
    let values = fields.values.with(RECIPE.name, chosen.map_or(fields.values.one(RECIPE.name), |recipe| recipe.id));
    let values = app.map_or_else(|| values.clone(), |app| values.with(APP.name, app));
    let fields = Fields { values, ..fields.clone() };
    let owner = owners.iter().find(|(owner, _)| owner == fields.values.one("owner"));
    html! {
        form .filters action="/console/add/client" {
            @if let Some((owner, _)) = owner { input type="hidden" name="owner" value=(owner); }
            (fields.select(RECIPE, &choices))
            (fields.text(APP))
            button { "Fill in the form" }
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
