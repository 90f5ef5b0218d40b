//! Check boxes for rights, in groups with a box for all of each. Without the script such a box counts when the form is sent.

use maud::{Markup, html};

use crate::base::right::{Right, Rights};
use crate::console::form::problem::Problem;
use crate::http::form::Form;
use crate::page::rights::groups;

/// The name of the boxes, and of those for a whole group.
pub const NAME: &str = "rights";
const WHOLE_GROUP: &str = "rights_of";

/// Draws boxes for the offered rights, with the chosen ones ticked.
pub fn picker(offered: Rights, chosen: Rights) -> Markup {
    html! {
        div .filter hidden {
            label for="rights-filter" { "Filter rights" }
            input id="rights-filter" type="search" autocomplete="off" placeholder="gateway, list, RIGHT_USER_INFO …";
            p .quiet role="status" data-counted {}
        }
        @for group in groups(offered) {
            details data-group=(group.word) open[group.rights.iter().any(|right| chosen.has(*right))] {
                summary {
                    (group.title)
                    span .quiet data-chosen { " " (chosen_of(&group.rights, chosen)) " of " (group.rights.len()) }
                }
                fieldset {
                    legend .hidden { (group.title) }
                    @if group.rights.len() > 1 {
                        label .tick.whole {
                            // Never ticked by the server: without the script it would restore rights that the user unticked.
                            input type="checkbox" name=(WHOLE_GROUP) value=(group.word) data-whole;
                            span { "Select all " (group.rights.len()) }
                        }
                    }
                    @for right in &group.rights { (one(*right, chosen)) }
                }
            }
        }
    }
}

/// Draws the box of a right. The script greys those that a ticked one implies.
fn one(right: Right, chosen: Rights) -> Markup {
    let others = Rights::of(&[right]).expanded().without(Rights::of(&[right]));
    let implied = match right {
        Right::All => Some("*".to_owned()),
        _ => (!others.is_empty()).then(|| others.names().join(" ")),
    };
    html! {
        label .tick.everything[right == Right::All] {
            input type="checkbox" name=(NAME) value=(right.name()) checked[chosen.has(right)] data-implies=[implied];
            span {
                (right.words()) " " code .quiet { (right.name()) }
                @if right == Right::All { " " strong { "That is whatever its user can do here, now and later." } }
            }
        }
    }
}

fn chosen_of(rights: &[Right], chosen: Rights) -> usize {
    rights.iter().filter(|right| chosen.has(**right)).count()
}

/// Reads the chosen rights: single ones, and those of whole groups.
pub fn chosen(form: &Form, offered: Rights) -> Vec<Right> {
    let single: Rights = form.all(NAME).into_iter().filter_map(Right::from_name).collect();
    let words = form.all(WHOLE_GROUP);
    let whole: Rights = groups(offered).filter(|group| words.contains(&group.word)).flat_map(|group| group.rights).collect();
    single.or(whole).iter().collect()
}

/// Reads the chosen rights, and refuses a form without any.
pub fn some(form: &Form, offered: Rights) -> Result<Vec<Right>, Problem> {
    let rights = chosen(form, offered);
    if rights.is_empty() { Err(Problem::new(NAME, "no_rights", "Select at least one right.")) } else { Ok(rights) }
}

/// Returns the form values that choose these rights.
pub fn values(rights: &[Right]) -> impl Iterator<Item = (&'static str, String)> {
    rights.iter().map(|right| (NAME, right.name().to_owned()))
}

/// Draws one tag for each right, with its meaning in its title.
pub fn tags(rights: &[Right]) -> Markup {
    html! {
        @if rights.is_empty() { span .quiet { "none" } }
        ul .tags {
            @for right in rights { li .everything[*right == Right::All] title=(right.words()) { (right.name().trim_start_matches("RIGHT_")) } }
        }
    }
}
