//! The recipes for well-known apps, and their pages in `doc/apps`.

use keyfob::model::recipe::{Claims, Recipe, RecipeValues, Tried};
use keyfob::model::recipes::RECIPES;

use crate::documents::{blocks_equal, committed_equals};

const ISSUER: &str = "https://keyfob.example";

#[test]
fn the_committed_pages_of_apps_are_what_the_recipes_say() {
    for recipe in RECIPES {
        committed_equals(&format!("doc/apps/{}.md", recipe.id), &page(recipe));
    }
    blocks_equal("doc/apps.md", &[("apps", list())]);
    let pages = std::fs::read_dir(format!("{}/doc/apps", env!("CARGO_MANIFEST_DIR"))).expect("the pages are there").count();
    assert_eq!(pages, RECIPES.len(), "a page has no recipe");
}

#[test]
fn every_app_that_a_recipe_says_was_run_is_run_by_the_suite() {
    let read = |path: &str| std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).expect("the file is there");
    for recipe in RECIPES {
        let Tried::Run(version) = recipe.tried else { continue };
        let versions = read("tests/parties/apps/run") + &read("tests/parties/apps/package.json");
        assert!(versions.contains(version), "{}: not of version {version}", recipe.name);
        assert!(read(&format!("tests/parties/apps/{}.test.js", recipe.id)).contains(recipe.id), "{}", recipe.name);
    }
}

#[test]
fn no_recipe_leaves_a_word_in_braces_for_its_reader() {
    for recipe in RECIPES {
        let made = page(recipe);
        for word in ["{issuer", "{app", "{client", "{cookie"] {
            assert!(!made.contains(word), "{}: {word}", recipe.name);
        }
        let registered = recipe.redirect_uris.iter().any(|uri| uri.starts_with("{app}"));
        assert!(registered && recipe.settings.contains("{client_id}") && recipe.settings.contains("{issuer}"), "{}", recipe.name);
        assert!(recipe.sources.iter().all(|source| source.starts_with("https://")) && !recipe.sources.is_empty(), "{}", recipe.name);
        assert!(recipe.scopes.starts_with("openid") == recipe.rights.is_empty(), "{}", recipe.name);
    }
}

/// The command that registers the client of an app at this address.
fn command(recipe: &Recipe, app: &str) -> Vec<String> {
    let at = |uris: &[&str]| Recipe::at(uris, app).join(",");
    let mut words = ["clients", "create", recipe.id, "--name", recipe.name].map(str::to_owned).to_vec();
    let mut flag = |name: &str, value: String| {
        if !value.is_empty() {
            words.extend([name.to_owned(), value]);
        }
    };
    flag("--redirect-uris", at(recipe.redirect_uris));
    flag("--logout-redirect-uris", at(recipe.logout_redirect_uris));
    flag("--grants", if recipe.refreshes() { "GRANT_AUTHORIZATION_CODE,GRANT_REFRESH_TOKEN".to_owned() } else { String::new() });
    flag("--rights", recipe.rights.iter().map(|right| right.name()).collect::<Vec<_>>().join(","));
    flag("--allowed-groups", recipe.allowed_groups.join(","));
    if recipe.claims == Claims::IdToken {
        words.push("--claims-in-id-token".to_owned());
    }
    words
}

fn page(recipe: &Recipe) -> String {
    let app = format!("https://{}.example", recipe.id);
    let values = RecipeValues { issuer: ISSUER, app: &app, client_id: recipe.id, client_secret: "YOUR-CLIENT-SECRET" };
    let filled = |text: &str| Recipe::filled(text, &values);
    let tried = match recipe.tried {
        Tried::Run(version) => {
            let test = format!("tests/parties/apps/{}.test.js", recipe.id);
            format!("Run with version {version}: [{test}](../../{test}) registers it, sets it up and signs in as this page says.")
        }
        Tried::Written => "Written from its documentation; nobody has run it with keyfob yet.".to_owned(),
    };
    let uris: Vec<String> = recipe.redirect_uris.iter().map(|uri| format!("`{}`", filled(uri))).collect();
    let claims = match recipe.claims {
        Claims::Userinfo if recipe.scopes.is_empty() => "none",
        Claims::Userinfo => "asked for (`/oauth/userinfo`)",
        Claims::IdToken => "read in the ID token alone",
    };
    let traps: String = recipe.traps.iter().map(|trap| format!("* {}\n", filled(trap))).collect();
    let sources: String = recipe.sources.iter().map(|source| format!("* <{source}>\n")).collect();
    filled(&format!(
        "<!-- made by KEYFOB_WRITE=1 cargo test apps from src/model/recipes.rs -->\n\
         # {name}\n\n{tried}\n\n\
         | | |\n|---|---|\n| Redirect URI | {uris} |\n| {words} |\n| Claims | {claims} |\n| Signature | {signature} |\n\
         | PKCE | {pkce} |\n| E-mail address | {email} |\n\n\
         ## Register it\n\n```sh\n{command}\n```\n\n\
         The reply has the secret, once. In the Console: **OAuth clients**, **+ Add OAuth client**, **What are you adding?** fills them in.\n\n\
         ## Set it up\n\n{place}:\n\n```{language}\n{settings}```\n\n\
         ## Groups\n\n{groups}\n\n## Take care\n\n{traps}\n## From\n\n{sources}",
        name = recipe.name,
        uris = uris.join(", "),
        words = words(recipe).join(" | "),
        signature = recipe.signature,
        pkce = recipe.pkce,
        email = recipe.email,
        command = in_shell(&command(recipe, &app)),
        place = recipe.place,
        language = recipe.language,
        settings = recipe.settings,
        groups = recipe.groups,
    ))
}

/// What it asks for, and what that is called.
fn words(recipe: &Recipe) -> [String; 2] {
    match recipe.rights {
        [] => ["Scopes".to_owned(), format!("`{}`", recipe.scopes)],
        rights => ["Rights".to_owned(), rights.iter().map(|right| format!("`{}`", right.name())).collect::<Vec<_>>().join(" ")],
    }
}

/// A command for people to copy: each flag on a line of its own.
fn in_shell(words: &[String]) -> String {
    let quoted = |word: &String| if word.contains(' ') { format!("\"{word}\"") } else { word.clone() };
    words.iter().map(quoted).fold("keyfob".to_owned(), |line, word| {
        let separator = if word.starts_with("--") { " \\\n  " } else { " " };
        format!("{line}{separator}{word}")
    })
}

fn list() -> String {
    let mut table = "| App | Asks for | Groups decide | |\n|---|---|---|---|\n".to_owned();
    for recipe in RECIPES {
        let tried = match recipe.tried {
            Tried::Run(version) => format!("run, {version}"),
            Tried::Written => "written, not run".to_owned(),
        };
        let decides = if recipe.allowed_groups.is_empty() { "in the app" } else { "at keyfob" };
        table.push_str(&format!(
            "| [{}](apps/{}.md) | {} | {decides} | {tried} |\n",
            recipe.name,
            recipe.id,
            if recipe.rights.is_empty() { format!("`{}`", recipe.scopes) } else { "rights".to_owned() }
        ));
    }
    table
}
