import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { Browser, keys, redirect_uri, secrets, startServer } from './browser.js';

let server, as;
before(async () => {
  server = await startServer();
  const issuer = new URL(server.url);
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
});
after(() => server.stop());

const insecure = { [oauth.allowInsecureRequests]: true };
const party = { client_id: 'party' };
const credentials = (client) => oauth.ClientSecretBasic(secrets[client.client_id]);

// The answer of the token endpoint, as the library got it, and what it was asked for.
async function answer(client, browser = new Browser()) {
  const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()];
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri,
    response_type: 'code',
    scope: 'openid profile email groups offline_access',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  const parameters = oauth.validateAuthResponse(as, client, await browser.follow(url), state);
  const reply = await oauth.authorizationCodeGrantRequest(as, client, credentials(client), parameters, redirect_uri, verifier, insecure);
  return { reply, nonce };
}

const checked = (client, { reply, nonce }) =>
  oauth.processAuthorizationCodeResponse(as, client, reply, { expectedNonce: nonce, requireIdToken: true });

test('Ada signs in, and userinfo is about the same user', async () => {
  const got = await answer(party);
  const tokens = await checked(party, got);
  await oauth.validateApplicationLevelSignature({ ...as }, got.reply, insecure);
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  const reply = await oauth.userInfoRequest(as, party, tokens.access_token, insecure);
  assert.deepEqual((await oauth.processUserInfoResponse(as, party, sub, reply)).groups, ['crew']);
});

test('a refresh brings a new ID token of the same user', async () => {
  const tokens = await checked(party, await answer(party));
  const reply = await oauth.refreshTokenGrantRequest(as, party, credentials(party), tokens.refresh_token, insecure);
  const newer = await oauth.processRefreshTokenResponse(as, party, reply);
  assert.equal(oauth.getValidatedIdTokenClaims(newer).sub, oauth.getValidatedIdTokenClaims(tokens).sub);
});

test('another nonce is refused', async () => {
  const { reply } = await answer(party);
  await assert.rejects(checked(party, { reply, nonce: 'of somebody else' }), /nonce/);
});

test('an ID token that another client got is refused', async () => {
  const another = { client_id: 'another-party', id_token_signed_response_alg: 'ES256' };
  const got = await answer(another);
  await assert.rejects(checked({ ...another, client_id: 'party' }, got), /aud/);
});

// Keys are kept for each copy of the metadata, so a new copy asks for them.
test('a signature by a key that the server no longer vouches for is refused', async () => {
  const stolen = await answer(party);
  await checked(party, stolen);
  keys(server, 'rotate', '--now');
  await assert.rejects(oauth.validateApplicationLevelSignature({ ...as }, stolen.reply, insecure));
  const fresh = await answer(party);
  await checked(party, fresh);
  await oauth.validateApplicationLevelSignature({ ...as }, fresh.reply, insecure);
});
