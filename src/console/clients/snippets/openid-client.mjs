// Signs a user in with openid-client. Once: npm install openid-client@6
{secret}// Then: node --env-file={file}.env {file}.mjs
{public}// Then: node {file}.mjs
import { createInterface } from 'node:readline/promises';
import * as oauth from 'openid-client';

{secret}const proof = oauth.ClientSecretBasic(process.env.OAUTH_CLIENT_SECRET);
{public}const proof = oauth.None();
const config = await oauth.discovery(new URL({issuer}), {client_id}, undefined, proof, {
{rights}  algorithm: 'oauth2',
{sign-in}  algorithm: 'oidc',
{http}  execute: [oauth.allowInsecureRequests],
});
const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
const expectedState = oauth.randomState();
const url = oauth.buildAuthorizationUrl(config, {
  redirect_uri: {redirect_uri},
{sign-in}  scope: {scope},
  code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
  state: expectedState,
});
console.log('Open this in a browser:');
console.log(url.href);
console.log('Then paste the address that it leads to:');
const terminal = createInterface({ input: process.stdin });
const { value: address } = await terminal[Symbol.asyncIterator]().next();
terminal.close();

const tokens = await oauth.authorizationCodeGrant(config, new URL(address), { pkceCodeVerifier, expectedState });
console.log(JSON.stringify(tokens, null, 2));
