//! The schemas of the registration review.

use serde_json::{Value, json};

use crate::api::review_queue::ANSWERS;
use crate::model::verdict::{Judge, LONGEST_TEXT, Outcome};
use crate::openapi::schema::{described, object, or_null, plain, reference, text, time};
use crate::review::finding::Severity;

pub fn request() -> Value {
    let said = described(or_null(text(LONGEST_TEXT)), "What the owner says to the administrators.");
    or_null(object(&[], [("text", said)]))
}

pub fn answer() -> Value {
    let text = || or_null(text(LONGEST_TEXT));
    let reason = described(text(), "Why, or what to change: shown to those who asked. Needed but for an approval.");
    let seen =
        described(text(), "That of the review that the answer is about; refused if anything of it has changed since. Needed to approve.");
    let despite =
        json!({"type": ["boolean", "null"], "description": "Approves the client although findings block it; the history tells so."});
    let members = [("answer", json!({"enum": ANSWERS})), ("reason", reason), ("seen", seen), ("despite_blocking", despite)];
    let mut answer = object(&["answer"], members);
    answer["anyOf"] = json!([
        {"properties": {"answer": {"const": "approve"}, "seen": {"type": "string", "minLength": 1}}, "required": ["seen"]},
        {
            "properties": {
                "answer": {"enum": ["reject", "ask"]}, "reason": {"type": "string", "pattern": r"\S"},
                "despite_blocking": {"enum": [false, null]},
            },
            "required": ["reason"],
        },
    ]);
    answer
}

pub fn review() -> Value {
    let request = object(&["asked_at"], [("asked_at", time()), ("account_id", plain()), ("text", text(LONGEST_TEXT))]);
    object(
        &["client_ids", "state", "rule_set", "findings", "stale", "shown", "seen"],
        [
            ("client_ids", reference("ClientIds")),
            ("name", plain()),
            ("state", reference("State")),
            ("rule_set", json!({"type": "integer", "description": "The version of the rules."})),
            ("severity", severity()),
            ("findings", json!({"type": "array", "items": reference("Finding"), "description": "What the rules find now, worst first."})),
            (
                "waits_for",
                json!({"enum": ["administrator", "owner"], "description": "Who has to do something before the client is open to everyone."}),
            ),
            ("request", request),
            ("verdict", reference("Verdict")),
            (
                "stale",
                json!({"type": "boolean", "description": "Whether the newest verdict is about something else than the client is now, or by other rules."}),
            ),
            ("shown", json!({"type": "object", "description": "The judged fields as they are, with the owners."})),
            ("seen", described(plain(), "Stands for all that an answer is about: another one if any of it changes.")),
            ("answer", reference("Verdict")),
            ("approval", reference("Verdict")),
        ],
    )
}

pub fn verdict() -> Value {
    object(
        &["outcome", "judge", "judged_at", "rule_set"],
        [
            ("outcome", json!({"enum": Outcome::EVERY.map(Outcome::name)})),
            ("judge", json!({"enum": Judge::EVERY.map(Judge::name)})),
            ("account_id", described(plain(), "The administrator, or whose change the rules judged.")),
            ("judged_at", time()),
            ("rule_set", json!({"type": "integer"})),
            ("reason", text(LONGEST_TEXT)),
            ("request", text(LONGEST_TEXT)),
            ("findings", json!({"type": "array", "items": reference("Finding")})),
            ("shown", json!({"type": "object", "description": "The judged fields as they were."})),
            (
                "changes",
                json!({"type": "object", "description": "Of the newest approval: what changed since, each field as it `was` and as it `is`."}),
            ),
            ("changed", json!({"type": "array", "items": plain(), "description": "Those of them that changed since."})),
        ],
    )
}

pub fn finding() -> Value {
    object(
        &["rule", "guideline", "severity", "field", "seen", "why", "do"],
        [
            ("rule", described(plain(), "The name of the rule.")),
            ("guideline", described(plain(), "The guideline that the rule comes from.")),
            ("severity", severity()),
            ("field", described(plain(), "The field of the client, such as redirect_uris[1].")),
            ("seen", described(plain(), "What was seen there.")),
            ("why", described(plain(), "Why it matters.")),
            ("do", described(plain(), "What to do about it.")),
        ],
    )
}

fn severity() -> Value {
    let names = Severity::WORST_FIRST.map(Severity::name);
    json!({"enum": names})
}
