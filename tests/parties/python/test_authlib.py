"""Authlib signs its user in at keyfob, in a Flask app of its own."""

import os
import subprocess
from pathlib import Path

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, jsonify
from joserfc.jws import extract_compact

pytest_plugins = ["keyfob_fixture"]

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # keyfob is on http://127.0.0.1 here

SCOPE = "openid profile email groups offline_access"
CALLBACK = "https://party.example/callback"
SECRETS = {"party": "a secret of the first party", "another-party": "a secret of the second party"}


@pytest.fixture(scope="session")
def keyfob_seed():
    return str(Path(__file__).parent.parent / "seed.json")


class Party:
    """An app with a button, and a browser at keyfob."""

    def __init__(self, url, client_id="party"):
        self.app = Flask(__name__)
        self.app.secret_key = "only a test"
        self.provider = OAuth(self.app).register(
            "keyfob",
            client_id=client_id,
            client_secret=SECRETS[client_id],
            server_metadata_url=f"{url}/.well-known/openid-configuration",
            client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
        )
        self.app.add_url_rule("/login", "login", lambda: self.provider.authorize_redirect(CALLBACK))
        self.app.add_url_rule("/callback", "callback", lambda: jsonify(self.provider.authorize_access_token()))
        self.browser, self.pages = requests.Session(), self.app.test_client()

    def begin(self):
        """Follows the button to keyfob, and returns the query that keyfob sends the browser back with."""
        location = self.pages.get("/login").location
        return self.browser.get(location, allow_redirects=False).headers["Location"].split("?")[1]

    def finish(self, query):
        self.app.testing = True
        return self.pages.get(f"/callback?{query}").json

    def sign_in(self):
        return self.finish(self.begin())


def kid(token):
    return extract_compact(token["id_token"].encode()).headers()["kid"]


def keys(server, *words):
    subprocess.run([os.environ["KEYFOB_BIN"], "keys", *words, "--data", server.ready["data"]], check=True, capture_output=True)


def test_ada_signs_in_and_her_claims_are_hers(keyfob_server):
    party = Party(keyfob_server.url)
    token = party.sign_in()
    assert token["userinfo"]["aud"] == "party"
    with party.app.app_context():
        ada = party.provider.userinfo(token=token)
    assert ada["sub"] == token["userinfo"]["sub"]
    assert (ada["preferred_username"], ada["email"], ada["email_verified"], ada["groups"]) == ("ada", "ada@party.example", True, ["crew"])


def test_an_id_token_in_es256_is_as_good(keyfob_server):
    assert Party(keyfob_server.url, "another-party").sign_in()["userinfo"]["aud"] == "another-party"


def test_a_refresh_brings_a_new_id_token_of_the_same_user(keyfob_server):
    party = Party(keyfob_server.url)
    token = party.sign_in()
    with party.app.app_context():
        endpoint = party.provider.load_server_metadata()["token_endpoint"]
        with party.provider._get_oauth_client() as session:
            newer = session.refresh_token(endpoint, refresh_token=token["refresh_token"])
        claims = party.provider.parse_id_token(newer, nonce=None)
    assert claims["sub"] == token["userinfo"]["sub"] and "nonce" not in claims


def test_another_nonce_is_refused(keyfob_server):
    party = Party(keyfob_server.url)
    query = party.begin()
    with party.pages.session_transaction() as session:
        for kept in [value for name, value in session.items() if name.startswith("_state_keyfob_")]:
            kept["data"]["nonce"] = "of somebody else"
        session.modified = True
    with pytest.raises(Exception, match="nonce"):
        party.finish(query)


def test_an_id_token_that_another_client_got_is_refused(keyfob_server):
    theirs, ours = Party(keyfob_server.url, "another-party").sign_in(), Party(keyfob_server.url)
    with ours.app.app_context(), pytest.raises(Exception, match="azp|aud"):
        ours.provider.parse_id_token({"id_token": theirs["id_token"]}, nonce=theirs["userinfo"]["nonce"])


def test_rotated_keys_are_fetched_anew(keyfob_server):
    party = Party(keyfob_server.url)
    before = party.sign_in()
    keys(keyfob_server, "rotate")
    assert kid(party.sign_in()) == kid(before)
    keys(keyfob_server, "rotate", "--now")
    after = party.sign_in()
    assert kid(after) != kid(before)


def test_signing_out_of_the_app_signs_out_of_keyfob(keyfob_server):
    party = Party(keyfob_server.url)
    token = party.sign_in()
    with party.app.app_context():
        out = party.provider.create_logout_url(post_logout_redirect_uri="https://party.example/bye", id_token_hint=token["id_token"])
    bye = party.browser.get(out["url"], allow_redirects=False)
    assert bye.headers["Location"] == f"https://party.example/bye?state={out['state']}"
    keyfob_server.auto(None)
    try:
        with pytest.raises(OAuthError, match="login_required"):
            query = party.browser.get(party.pages.get("/login").location + "&prompt=none", allow_redirects=False)
            party.finish(query.headers["Location"].split("?")[1])
    finally:
        keyfob_server.auto("ada")
