"""A shop for prints. Its users sign in with OAuth 2.0, and it shows them their name."""

import secrets

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, redirect, session, url_for


def make_app(issuer, client_id, client_secret):
    app = Flask(__name__)
    app.secret_key = secrets.token_bytes()
    provider = OAuth(app).register(
        "keyfob",
        client_id=client_id,
        client_secret=client_secret,
        server_metadata_url=f"{issuer}/.well-known/oauth-authorization-server",
        api_base_url=issuer,
        client_kwargs={"code_challenge_method": "S256"},
    )
    # By the browser's session: its tokens. A real shop keeps them where a restart leaves them.
    tokens = {}

    @app.get("/login")
    def login():
        return provider.authorize_redirect(url_for("callback", _external=True))

    @app.get("/callback")
    def callback():
        try:
            token = provider.authorize_access_token()
        except OAuthError as refusal:
            if refusal.error == "access_denied":
                return "You did not let us know who you are.", 403
            return "Signing in failed. Try again.", 502
        except requests.RequestException:
            return "Signing in failed. Try again.", 502
        session["key"] = secrets.token_urlsafe()
        tokens[session["key"]] = token
        return redirect(url_for("home"))

    @app.get("/")
    def home():
        name = current_user()
        return f"Hello, {name}!" if name else redirect(url_for("login"))

    def current_user():
        """Returns the signed-in user's ID, with a token that is refreshed when the old one is over; None when even that does not help."""
        key = session.get("key")
        if key not in tokens:
            return None
        reply = provider.get("/api/v3/auth_info", token=tokens[key])
        if reply.status_code == 401:
            try:
                tokens[key] = refreshed(tokens[key]["refresh_token"])
            except OAuthError:
                return None
            reply = provider.get("/api/v3/auth_info", token=tokens[key])
        return reply.json()["oauth_access_token"]["user_ids"]["user_id"]

    def refreshed(refresh_token):
        """Tries twice: when a reply is lost, the same request gets it again."""
        address = provider.load_server_metadata()["token_endpoint"]
        with OAuth2Session(client_id, client_secret) as client:
            try:
                return client.refresh_token(address, refresh_token)
            except requests.ConnectionError:
                return client.refresh_token(address, refresh_token)

    return app
