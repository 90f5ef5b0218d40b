//! A plan, as people read it.

use serde_json::Value;

use crate::base::printable::printable;

/// How many of those that stay as they are, are named.
const MOST_LEFT: usize = 20;

/// Returns the plan in lines: `+` is created, `~` changed, `^` restored, `-` removed, `=` left.
pub fn text(plan: &Value) -> String {
    let mut lines = Vec::new();
    let steps = plan["steps"].as_array().map_or(&[][..], Vec::as_slice);
    let mut left = 0;
    for step in steps {
        let action = step["action"].as_str().unwrap_or_default();
        let notes = step["notes"].as_array().map_or(&[][..], Vec::as_slice);
        if action == "leave" && notes.is_empty() {
            left += 1;
            if left > MOST_LEFT {
                continue;
            }
        }
        lines.push(format!("{} {} {}", sign(action), plain(&step["kind"]), plain(&step["id"])));
        step["changes"].as_array().into_iter().flatten().for_each(|change| add_change(&mut lines, change, action));
        lines.extend(notes.iter().map(|note| format!("    ({})", plain(note))));
    }
    if left > MOST_LEFT {
        lines.push(format!("= {} more", left - MOST_LEFT));
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(summary(plan));
    lines.join("\n") + "\n"
}

/// Returns how many of each there are.
pub fn summary(plan: &Value) -> String {
    let count = |action: &str| plan["summary"][action].as_u64().unwrap_or_default();
    let words = [("create", "to create"), ("restore", "to restore"), ("change", "to change"), ("remove", "to remove")];
    let counts = words.iter().filter(|(action, _)| count(action) > 0).map(|(action, word)| format!("{} {word}", count(action)));
    let counts: Vec<String> = counts.chain([format!("{} unchanged", count("leave"))]).collect();
    let none = if plan["has_changes"] == true { "" } else { "No changes: " };
    format!("{none}{}.", counts.join(", "))
}

fn sign(action: &str) -> char {
    match action {
        "create" => '+',
        "change" => '~',
        "restore" => '^',
        "remove" => '-',
        _ => '=',
    }
}

fn add_change(lines: &mut Vec<String>, change: &Value, action: &str) {
    let (field, old, new) = (plain(&change["field"]), &change["old"], &change["new"]);
    match (old.as_array(), new.as_array()) {
        (Some(old), Some(new)) => {
            lines.push(format!("    {field}:"));
            lines.extend(old.iter().filter(|item| !new.contains(item)).map(|item| format!("      - {}", shown(item))));
            lines.extend(new.iter().filter(|item| !old.contains(item)).map(|item| format!("      + {}", shown(item))));
            if old.iter().all(|item| new.contains(item)) && new.iter().all(|item| old.contains(item)) {
                lines.push("      (in another order)".to_owned());
            }
        }
        _ if action == "create" => lines.push(format!("    {field}: {}", shown(new))),
        _ => lines.push(format!("    {field}: {} -> {}", shown(old), shown(new))),
    }
    let drift = &change["drift"];
    if drift.is_object() {
        let declared = drift.get("declared").map(|declared| format!("; declared was {}", shown(declared))).unwrap_or_default();
        lines.push(format!("      changed by hand: by {} at {}{declared}", plain(&drift["changed_by"]), plain(&drift["changed_at"])));
    }
}

fn plain(value: &Value) -> String {
    printable(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) if text == "***" => text.clone(),
        Value::String(text) if text.starts_with("RIGHT_") || text.starts_with("GRANT_") || text.starts_with("STATE_") => printable(text),
        Value::Array(items) if items.is_empty() => "(none)".to_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
