//! Stories in a real browser. Where there is none they are left out, and it is said which and how to have them.
//!
//! A binary with a `main` of its own: the usual one cannot say that a test was left out.

#[path = "../it/client.rs"]
#[expect(dead_code, reason = "the stories at the boundary look at headers too")]
mod client;
mod looks;
mod server;
mod stories;
mod webdriver;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use webdriver::Driver;

type Story = (&'static str, fn(&Driver));

macro_rules! stories {
    ($($room:ident :: $story:ident),+ $(,)?) => { &[$((stringify!($story), $room::$story as fn(&Driver))),+] };
}

const STORIES: &[Story] = stories![
    stories::a_client_is_registered_and_its_secret_completes_the_code_flow,
    stories::a_client_is_edited_and_its_secret_rotated,
    stories::an_administrator_approves_many_requests_and_rejects_one_with_a_reason,
    stories::a_client_is_deleted_restored_and_purged,
    stories::a_collaborator_is_added_and_removed,
    stories::a_client_is_registered_and_approved_with_scripts_blocked,
    looks::everybody_can_use_every_page,
    looks::the_main_views_are_pictured,
];

const HOW: &str = "needs chromium and chromedriver: `apt-get install chromium chromium-driver`, then `cargo test --test browser`";
const HOW_AXE: &str = "needs axe-core: `npm install --prefix target/axe axe-core@4.14.1`, then `cargo test --test browser`";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| {
        let mut filters = arguments.iter().filter(|argument| !argument.starts_with('-')).peekable();
        filters.peek().is_none() || filters.any(|filter| name.contains(filter.as_str()))
    };
    let chosen: Vec<&Story> = STORIES.iter().filter(|(name, _)| wanted(name)).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        chosen.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} stories in a browser", chosen.len());
    let driver = if chosen.is_empty() { None } else { Driver::start() };
    let mut failed = 0;
    for (name, story) in chosen {
        let missing = match &driver {
            None => Some(HOW),
            Some(_) if *name == "everybody_can_use_every_page" && !looks::axe_path().exists() => Some(HOW_AXE),
            Some(_) => None,
        };
        let told = match (missing, &driver) {
            (None, Some(driver)) => match catch_unwind(AssertUnwindSafe(|| story(driver))) {
                Ok(()) => "ok".to_owned(),
                Err(_) => {
                    failed += 1;
                    "FAILED".to_owned()
                }
            },
            (how, _) => format!("left out ({})", how.unwrap_or(HOW)),
        };
        println!("story {name} ... {told}");
    }
    println!();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
