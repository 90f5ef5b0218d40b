// A shop for prints. Its users sign in with OAuth 2.0, and it shows them their name.
import express from 'express';
import { randomUUID } from 'node:crypto';
import * as oauth from 'openid-client';

/** Makes the app: `issuer`, `client_id` and `client_secret` of its client, and the URL at which browsers reach it. */
export async function makeApp({ issuer, client_id, client_secret, url }) {
  const insecure = issuer.startsWith('http://') ? [oauth.allowInsecureRequests] : [];
  const config = await oauth.discovery(new URL(issuer), client_id, client_secret, undefined, { algorithm: 'oauth2', execute: insecure });
  const redirect_uri = `${url}/callback`;
  // By the browser's cookie: what a sign-in began with, and the tokens that it ended with. A real shop keeps them where a restart leaves them.
  const sessions = new Map();
  const app = express();

  app.use((request, response, next) => {
    const cookie = /(?:^|; )session=([^;]*)/.exec(request.headers.cookie ?? '')?.[1];
    request.session = sessions.get(cookie);
    next();
  });

  app.get('/login', async (request, response) => {
    const session = { pkceCodeVerifier: oauth.randomPKCECodeVerifier(), expectedState: oauth.randomState() };
    const key = randomUUID();
    sessions.set(key, session);
    response.cookie('session', key, { httpOnly: true, sameSite: 'lax' });
    const code_challenge = await oauth.calculatePKCECodeChallenge(session.pkceCodeVerifier);
    const parameters = { redirect_uri, code_challenge, code_challenge_method: 'S256', state: session.expectedState };
    response.redirect(oauth.buildAuthorizationUrl(config, parameters).href);
  });

  app.get('/callback', async (request, response) => {
    if (!request.session?.expectedState) return response.status(400).send('You have not begun to sign in here.');
    const { pkceCodeVerifier, expectedState } = request.session;
    try {
      request.session.tokens = await oauth.authorizationCodeGrant(config, new URL(request.url, url), { pkceCodeVerifier, expectedState });
    } catch (refusal) {
      if (refusal.error === 'access_denied') return response.status(403).send('You did not let us know who you are.');
      return response.status(502).send('Signing in failed. Try again.');
    }
    response.redirect('/');
  });

  app.get('/', async (request, response) => {
    if (!request.session?.tokens) return response.redirect('/login');
    const name = await currentUser(request.session);
    if (!name) return response.redirect('/login');
    response.send(`Hello, ${name}!`);
  });

  // The signed-in user's ID, with a token that is refreshed when the old one is over; nothing when even that does not help.
  async function currentUser(session) {
    for (const refresh of [false, true]) {
      if (refresh && !(await refreshed(session))) return undefined;
      try {
        const reply = await oauth.fetchProtectedResource(config, session.tokens.access_token, new URL('/api/v3/auth_info', issuer), 'GET');
        return (await reply.json()).oauth_access_token.user_ids.user_id;
      } catch (refusal) {
        if (!(refusal instanceof oauth.WWWAuthenticateChallengeError) && refusal.status !== 401) throw refusal;
      }
    }
  }

  // Tries twice: when a reply is lost, the same request gets it again.
  async function refreshed(session) {
    const refresh = () => oauth.refreshTokenGrant(config, session.tokens.refresh_token);
    try {
      session.tokens = await refresh().catch((failure) => (failure.error ? Promise.reject(failure) : refresh()));
      return true;
    } catch (refusal) {
      if (refusal.error) return false;
      throw refusal;
    }
  }

  return app;
}
