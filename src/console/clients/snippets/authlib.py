# Signs a user in with Authlib. Once: pip install authlib requests
{secret}# Then: set -a; . ./{file}.env; python3 {file}.py
{public}# Then: python3 {file}.py
import json
import os
import secrets

from authlib.integrations.requests_client import OAuth2Session

{http}os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # The server is not on https.
session = OAuth2Session(
    {client_id},
{secret}    os.environ["OAUTH_CLIENT_SECRET"],
{public}    token_endpoint_auth_method="none",
    redirect_uri={redirect_uri},
{sign-in}    scope={scope},
    code_challenge_method="S256",
)
verifier = secrets.token_urlsafe(48)
url, state = session.create_authorization_url({authorization_endpoint}, code_verifier=verifier)
print("Open this in a browser:", url, "Then paste the address that it leads to:", sep="\n", flush=True)
token = session.fetch_token({token_endpoint}, authorization_response=input(), code_verifier=verifier, state=state)
print(json.dumps(token, indent=2))
