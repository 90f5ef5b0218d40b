import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as oauth from 'openid-client';
import { Browser, aboutClaim, keys, redirect_uri, saying, secrets, startServer } from './browser.js';

let server;
before(async () => (server = await startServer()));
after(() => server.stop());

// The library checks signatures of what it fetched itself only where it is told to.
const discover = (client = 'party', metadata = {}) =>
  oauth.discovery(new URL(server.url), client, { client_secret: secrets[client], ...metadata }, undefined, {
    execute: [oauth.allowInsecureRequests, oauth.enableNonRepudiationChecks],
  });

async function authorize(config, browser = new Browser(), more = {}) {
  const checks = { pkceCodeVerifier: oauth.randomPKCECodeVerifier(), expectedState: oauth.randomState(), expectedNonce: oauth.randomNonce() };
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: 'openid profile email groups offline_access',
    code_challenge: await oauth.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...more,
  });
  if (more.nonce) checks.expectedNonce = more.nonce;
  return { callback: await browser.follow(url), checks };
}

async function signIn(config, browser, more) {
  const { callback, checks } = await authorize(config, browser, more);
  return oauth.authorizationCodeGrant(config, callback, checks);
}

test('Ada signs in, and her name, address and groups are hers', async () => {
  const config = await discover();
  const tokens = await signIn(config);
  const { sub, aud, auth_time } = tokens.claims();
  assert.equal(aud, 'party');
  assert.ok(auth_time <= Date.now() / 1000);
  const ada = await oauth.fetchUserInfo(config, tokens.access_token, sub);
  assert.equal(ada.preferred_username, 'ada');
  assert.deepEqual([ada.email, ada.email_verified, ada.name, ada.groups], ['ada@party.example', true, 'Ada', ['crew']]);
});

test('an ID token in ES256 is as good', async () => {
  const config = await discover('another-party', { id_token_signed_response_alg: 'ES256' });
  assert.equal((await signIn(config)).claims().aud, 'another-party');
});

test('a refresh brings a new ID token of the same user', async () => {
  const config = await discover();
  const tokens = await signIn(config);
  const newer = await oauth.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal(newer.claims().sub, tokens.claims().sub);
  assert.equal(newer.claims().auth_time, tokens.claims().auth_time);
  assert.equal(newer.claims().nonce, undefined);
});

test('another nonce is refused', async () => {
  const config = await discover();
  const { callback, checks } = await authorize(config);
  await assert.rejects(oauth.authorizationCodeGrant(config, callback, { ...checks, expectedNonce: 'of somebody else' }), aboutClaim('nonce'));
});

test('an ID token that another client got is refused', async () => {
  const nonce = 'the same for both';
  const theirs = await discover('another-party');
  const { id_token } = await signIn(theirs, new Browser(), { nonce, scope: 'openid' });
  const ours = await discover('party', { id_token_signed_response_alg: 'ES256' });
  ours[oauth.customFetch] = async (url, options) => {
    const reply = await fetch(url, options);
    return url.endsWith('/oauth/token') ? Response.json({ ...(await reply.json()), id_token }) : reply;
  };
  await assert.rejects(signIn(ours, new Browser(), { nonce }), aboutClaim('aud'));
});

test('another signature algorithm is refused', async () => {
  const config = await discover('party', { id_token_signed_response_alg: 'ES256' });
  await assert.rejects(signIn(config), saying(/"alg"/));
});

test('a response of another issuer is refused', async () => {
  const config = await discover();
  const { callback, checks } = await authorize(config);
  callback.searchParams.set('iss', 'https://evil.example');
  await assert.rejects(oauth.authorizationCodeGrant(config, callback, checks), saying(/"iss"/));
});

test('who sees the keys an hour before they sign misses no rotation', async () => {
  const config = await discover();
  const before = await signIn(config);
  const kid = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid;
  keys(server, 'rotate');
  const published = await discover();
  assert.equal(kid((await signIn(published)).id_token), kid(before.id_token), 'the new key signs an hour later');
  // An hour passes for the server and for the app, which does not ask for the keys again.
  await server.advance('61m');
  const later = await discover('party', { [oauth.clockSkew]: 61 * 60 });
  oauth.setJwksCache(later, oauth.getJwksCache(published));
  const after = await signIn(later);
  assert.notEqual(kid(after.id_token), kid(before.id_token));
  const { keys: all } = await (await fetch(`${server.url}/oauth/keys`)).json();
  assert.ok(all.some((key) => key.kid === kid(before.id_token)), 'the old key stays while its tokens last');
});

test('signing out of the app signs out of keyfob', async () => {
  const config = await discover();
  const browser = new Browser();
  const tokens = await signIn(config, browser);
  const url = oauth.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: 'https://party.example/bye',
    state: 'where I was',
  });
  await server.auto(null);
  assert.equal((await authorize(config, browser, { prompt: 'none' })).callback.searchParams.get('error'), null);
  const bye = await browser.follow(url);
  assert.deepEqual([bye.origin + bye.pathname, bye.searchParams.get('state')], ['https://party.example/bye', 'where I was']);
  assert.equal((await authorize(config, browser, { prompt: 'none' })).callback.searchParams.get('error'), 'login_required');
});
