"""What schemathesis finds and what is right all the same, each with its reason; and who must survive it."""

import atexit
from collections import Counter

import schemathesis
from hypothesis import strategies

# The administrator whose key the requests carry, and somebody who may be deleted instead.
ADMIN, OTHER = "admin", "somebody"

# Rules between fields, or between a request and what is stored, that no schema can say: the name of the error, and the rule.
RULES = {
    "client_answered": "only a client that waits is answered",
    "client_changed": "an answer is about the client as it is now",
    "client_needs_collaborator": "an owner remains",
    "contact_no_collaborator": "a contact is a collaborator",
    "organization_needs_collaborator": "an owner remains",
    "password_contains_user_id": "a password does not contain the user's ID",
    "resource_server_unknown": "a resource server is a client that is registered",
    "temporary_password_too_long": "a temporary password ends within a day",
}

# The same in errors that have no name of their own.
WORDS = {
    "are both set": "one of two parameters, not both",
    "repeated value must contain unique items": "a right that is written in two ways is the same right",
    "value must be greater than now": "a key ends in the future",
}

# Times of the API are in UTC; in the future they are good for everything that has one.
schemathesis.openapi.format("date-time", strategies.integers(2100, 2999).map(lambda year: f"{year}-02-03T04:05:06.789Z"))

used = Counter()


def error_of(response):
    """The name of an error, and all that it says."""
    try:
        body = response.json()
    except ValueError:
        return "", response.text
    details = body.get("details") or [{}]
    return details[0].get("name", ""), response.text


def reason(failure, case, response):
    """Why a finding was to be expected; nothing if it was not."""
    status, (name, text) = response.status_code, error_of(response)
    kind = type(failure).__name__
    if kind in ("ServerError", "UnsupportedMethodResponse") and status == 501 and "Method Not Allowed" in text:
        return "The Things Stack answers 501 to a method that a path does not have"
    # The response to a probe is not handed on: what it was stands in the finding.
    if kind == "IgnoredAuth" and "got `400 Bad Request`" in failure.message and "invalid credentials provided" in failure.message:
        return "The Things Stack answers 400 to a token without a dot"
    if kind == "MissingHeaderNotRejected" and "Got 403" in failure.message:
        return "The Things Stack answers 403, not 401, to a request without credentials that lacks a right"
    if kind == "MissingHeaderNotRejected" and "Got 400" in failure.message:
        return "The Things Stack judges what a request says before who sent it"
    if kind == "RejectedPositiveData" and status == 400:
        rule = RULES.get(name) or next((rule for words, rule in WORDS.items() if words in text), None)
        if rule:
            return f"a rule that no schema can say: {rule}"
        if case.operation.definition.raw["operationId"] == "user_update" and "primary_email_address" in text:
            return "The Things Stack judges every field of an update whose mask is empty, so the e-mail address must be there"
    if kind == "AcceptedNegativeData" and case.operation.definition.raw["operationId"] in ("client_update", "user_update", "organization_update"):
        mask = case.body.get("field_mask") if isinstance(case.body, dict) else None
        if mask:
            return "The Things Stack does not judge the fields of an update that its mask leaves out"
    return None


@schemathesis.hook
def filter_failure(context, failure, case, response):
    why = reason(failure, case, response)
    if why:
        used[why] += 1
    return why is None


@schemathesis.hook
def before_call(context, case, kwargs):
    """Nothing is done to the administrator: without the key every other request would be refused."""
    if case.method.upper() != "GET" and (case.path_parameters or {}).get("user_id") == ADMIN:
        case.path_parameters["user_id"] = OTHER


@atexit.register
def report():
    for why, times in used.most_common():
        print(f"{times:6} × expected: {why}")
