import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { start } from 'keyfob-fixture';
import { makeApp } from './app.js';

const seed = {
  users: [{ user_id: 'alice' }],
  clients: [
    {
      client_id: 'photo-prints',
      owner: 'alice',
      redirect_uris: ['http://127.0.0.1/callback'],
      grants: ['GRANT_AUTHORIZATION_CODE', 'GRANT_REFRESH_TOKEN'],
      rights: ['RIGHT_USER_INFO'],
    },
  ],
  auto: { user_id: 'alice', consent: 'allow' },
};

let server, keyfob, listener, url;
beforeAll(async () => (server = await start({ seed })));
afterAll(() => server.stop());

beforeEach(async () => {
  keyfob = await server.world();
  listener = createServer();
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${listener.address().port}`;
  listener.on('request', await makeApp({ issuer: keyfob.url, ...keyfob.client('photo-prints'), url }));
});
afterEach(async () => {
  listener.closeAllConnections();
  listener.close();
  await keyfob.delete();
});

// A browser: it follows redirects and keeps the app's cookie.
function browser() {
  let cookie = '';
  return async function visit(address) {
    const reply = await fetch(address, { redirect: 'manual', headers: address.startsWith(url) ? { cookie } : {} });
    if (address.startsWith(url)) cookie = reply.headers.get('set-cookie')?.split(';')[0] ?? cookie;
    const location = reply.headers.get('location');
    return location ? visit(new URL(location, address).href) : { status: reply.status, text: await reply.text() };
  };
}

test('Alice is greeted by her name', async () => {
  expect(await browser()(`${url}/`)).toEqual({ status: 200, text: 'Hello, alice!' });
});

test('who says no is told so', async () => {
  await keyfob.auto('alice', 'deny');
  expect((await browser()(`${url}/`)).status).toBe(403);
});

test('a token that is over is refreshed without asking again', async () => {
  const visit = browser();
  await visit(`${url}/`);
  await keyfob.advance('2h');
  await keyfob.auto(null);
  expect((await visit(`${url}/`)).text).toBe('Hello, alice!');
  await keyfob.verify({ route: 'oauth.token', 'form.grant_type': 'refresh_token' });
});

test('a lost reply signs nobody out', async () => {
  const visit = browser();
  await visit(`${url}/`);
  await keyfob.advance('2h');
  await keyfob.auto(null);
  await keyfob.fault({ grant_type: 'refresh_token' }, { drop: 'after' });
  expect((await visit(`${url}/`)).text).toBe('Hello, alice!');
  await keyfob.verify({ route: 'oauth.token', 'form.grant_type': 'refresh_token', status: 200 }, 2);
});

test('a server that is out of order is no blank page', async () => {
  await keyfob.fault({ grant_type: 'authorization_code' }, { status: 503 });
  expect(await browser()(`${url}/`)).toEqual({ status: 502, text: 'Signing in failed. Try again.' });
});
