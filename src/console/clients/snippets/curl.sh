#!/bin/sh
# Signs a user in with curl. In the folder of {file}.env: sh {file}.sh
set -eu
{secret}. ./{file}.env

verifier=$(openssl rand -hex 32)
challenge=$(printf %s "$verifier" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d '=')
state=$(openssl rand -hex 16)

echo "Open this in a browser:"
echo {authorization_url}"&state=$state&code_challenge=$challenge&code_challenge_method=S256"
echo "Then paste the address that it leads to:"
read -r address
case $address in *"state=$state"*) ;; *) echo "This is no answer to that request." >&2; exit 1 ;; esac
code=$(printf %s "$address" | sed -n 's/.*[?&]code=\([^&]*\).*/\1/p')

curl -sS --fail-with-body {token_endpoint} \
{secret}    -u {client_id}:"$OAUTH_CLIENT_SECRET" \
{public}    -d client_id={client_id} \
    -d grant_type=authorization_code \
    -d code="$code" \
    -d code_verifier="$verifier" \
    --data-urlencode redirect_uri={redirect_uri}
