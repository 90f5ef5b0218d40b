//! Stories in a real browser. Where there is none they are left out, and it is said which and how to have them.
//!
//! A binary with a `main` of its own: the usual one cannot say that a test was left out.

mod activity;
#[path = "../it/client.rs"]
#[expect(dead_code, reason = "the stories at the boundary look at headers too")]
mod client;
mod client_page;
mod forgery;
mod forms;
mod lists;
mod looks;
mod people;
mod recipes;
mod recovery;
mod screenshots;
mod server;
mod sign_in;
mod stories;
mod webdriver;
mod widths;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use webdriver::Driver;

type Story = (&'static str, fn(&Driver));

macro_rules! stories {
    ($($room:ident :: $story:ident),+ $(,)?) => { &[$((stringify!($story), $room::$story as fn(&Driver))),+] };
}

/// The longest one first.
const STORIES: &[Story] = stories![
    looks::everybody_can_use_every_page,
    widths::no_page_scrolls_sideways_is_heavy_or_asks_elsewhere,
    stories::a_client_is_registered_and_its_secret_completes_the_code_flow,
    stories::what_is_chosen_for_a_new_client_follows_from_where_it_runs_and_what_it_is_called,
    stories::a_website_gets_no_code_of_the_command_line_without_a_click,
    stories::a_client_is_edited_and_its_secret_rotated,
    stories::an_administrator_approves_many_requests_and_rejects_one_with_a_reason,
    stories::a_client_is_deleted_restored_and_purged,
    stories::a_collaborator_is_added_and_removed,
    stories::what_somebody_else_saved_meanwhile_is_shown_before_it_is_overwritten,
    stories::an_organization_gets_a_key_that_is_changed_and_deleted,
    stories::a_client_is_registered_and_approved_with_scripts_blocked,
    recovery::a_user_without_the_password_comes_in_by_a_link_or_a_temporary_password_and_chooses_a_new_one,
    sign_in::an_app_is_answered_by_a_form_signs_its_user_in_again_and_out,
    forgery::a_page_on_another_port_of_the_same_host_cannot_consent_for_its_reader,
    forgery::a_server_is_used_under_its_name_on_the_own_network,
    forms::select_all_means_the_rights_that_are_shown,
    forms::a_right_that_another_implies_is_greyed_and_stays_as_it_was,
    forms::all_that_is_wrong_is_said_at_once_in_the_words_of_the_fields,
    forms::a_redirect_url_that_can_never_work_is_refused_beside_its_field,
    client_page::what_users_allowed_a_client_is_taken_back_for_all_of_them,
    activity::who_did_what_is_read_filtered_and_downloaded,
    lists::a_slash_opens_a_search_over_the_page_that_needs_no_script,
    lists::the_dashboard_begins_with_first_steps_and_then_tells_what_there_is,
    people::a_user_changes_the_own_profile_and_sees_in_which_browser_this_is,
    people::an_administrator_signs_a_user_out,
    people::a_theme_is_chosen_without_scripts_and_stays,
    people::a_theme_is_chosen_while_a_form_is_half_filled_in,
    lists::a_page_beyond_the_last_leads_to_the_last,
    lists::on_a_phone_filters_are_as_wide_as_the_page_and_a_session_begins_with_its_browser_on_one_line,
    lists::on_a_phone_lists_can_be_sorted_and_buttons_stay_whole,
    lists::what_is_deleted_says_so_and_offers_to_be_restored,
    lists::the_page_of_a_new_secret_can_be_reloaded,
    lists::dates_have_one_form_with_and_without_scripts,
    lists::a_suspended_user_sees_nothing_more,
    recipes::an_app_is_registered_by_its_recipe_which_says_what_to_paste_where,
    recipes::a_recipe_keeps_what_was_typed_before_it_was_chosen,
    recipes::an_integration_of_the_things_stack_asks_for_the_rights_of_its_recipe,
    screenshots::screenshots_are_small_and_shown,
];

/// How many stories are told at the same time.
const AT_ONCE: usize = 2;

const FAILED: &str = "FAILED";

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
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((name, story)) = chosen.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let begun = Instant::now();
                    let told = tell(name, story, driver.as_ref());
                    failed.fetch_add(usize::from(told == FAILED), Ordering::SeqCst);
                    println!("story {name} ... {told} ({:.1} s)", begun.elapsed().as_secs_f32());
                }
            });
        }
    });
    if driver.is_none() && !chosen.is_empty() {
        println!("\nWhat was left out {HOW}.");
    } else if !looks::axe_path().exists() {
        println!("\nWhat was left out {HOW_AXE}.");
    }
    println!();
    if failed.into_inner() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Tells one story, or says why it cannot be told here.
fn tell(name: &str, story: &fn(&Driver), driver: Option<&Driver>) -> String {
    let Some(driver) = driver else { return "left out".to_owned() };
    if name == "everybody_can_use_every_page" && !looks::axe_path().exists() {
        return "left out".to_owned();
    }
    match catch_unwind(AssertUnwindSafe(|| story(driver))) {
        Ok(()) => "ok".to_owned(),
        Err(_) => FAILED.to_owned(),
    }
}
