//! Choosing rights: in groups, each with a box for all of them. Without the script such a box counts when the form is sent.

use maud::{Markup, html};

use crate::base::right::{Right, Rights};
use crate::console::form::fields::Fields;
use crate::http::form::Form;
use crate::page::rights::groups;

/// The name of the boxes, and of those that mean a whole group.
const NAME: &str = "rights";
const WHOLE_GROUP: &str = "rights_of";

/// Boxes for the rights on offer, those that are chosen ticked.
pub fn picker(fields: &Fields, legend: &str, offered: Rights, chosen: Rights) -> Markup {
    html! {
        fieldset .field.rights id=(NAME) tabindex="-1" data-rights {
            legend { (legend) }
            (fields.problem_at(NAME))
            div .filter hidden {
                label for="rights-filter" { "Filter rights" }
                input id="rights-filter" type="search" autocomplete="off" placeholder="gateway, list, RIGHT_USER_INFO …";
                p .quiet role="status" data-counted {}
            }
            @for group in groups(offered) {
                details open[group.rights.iter().any(|right| chosen.has(*right))] {
                    summary {
                        (group.title)
                        span .quiet data-chosen { " " (chosen_of(&group.rights, chosen)) " of " (group.rights.len()) }
                    }
                    fieldset {
                        legend .hidden { (group.title) }
                        @if group.rights.len() > 1 {
                            label .tick.whole {
                                // Never ticked from here: without the script it would hold rights fast that somebody takes out.
                                input type="checkbox" name=(WHOLE_GROUP) value=(group.word);
                                span { "Select all " (group.rights.len()) }
                            }
                        }
                        @for right in &group.rights {
                            label .tick {
                                input type="checkbox" name=(NAME) value=(right.name()) checked[chosen.has(*right)];
                                span { (right.words()) " " code .quiet { (right.name()) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn chosen_of(rights: &[Right], chosen: Rights) -> usize {
    rights.iter().filter(|right| chosen.has(**right)).count()
}

/// What was chosen: single rights, and those of whole groups.
pub fn chosen(form: &Form, offered: Rights) -> Vec<Right> {
    let single: Rights = form.all(NAME).into_iter().filter_map(Right::from_name).collect();
    let words = form.all(WHOLE_GROUP);
    let whole: Rights = groups(offered).filter(|group| words.contains(&group.word)).flat_map(|group| group.rights).collect();
    single.or(whole).iter().collect()
}

/// Rights as they are shown: one tag each, with what it means in its title.
pub fn tags(rights: &[Right]) -> Markup {
    html! {
        @if rights.is_empty() { span .quiet { "none" } }
        ul .tags { @for right in rights { li title=(right.words()) { (right.name().trim_start_matches("RIGHT_")) } } }
    }
}
