import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { App, inBrowser, leftOut, signIn, startKeyfob } from './app.js';

test('oauth2-proxy lets in who is in a group, and nobody else', { skip: leftOut('OAUTH2_PROXY') }, async () => {
  const server = await startKeyfob();
  const app = await App.registered('oauth2-proxy', server);
  const folder = mkdtempSync(join(tmpdir(), 'oauth2-proxy-'));
  // The page that it guards: what it is told of its reader.
  const guarded = createServer((request, response) => response.end(`for ${request.headers['x-forwarded-preferred-username']} of ${request.headers['x-forwarded-groups']}`));
  guarded.listen(0, '127.0.0.1');
  await once(guarded, 'listening');
  try {
    writeFileSync(join(folder, 'settings.cfg'), app.settings);
    await app.run(process.env.OAUTH2_PROXY, [
      `--config=${join(folder, 'settings.cfg')}`,
      `--http-address=127.0.0.1:${new URL(app.url).port}`,
      `--upstream=http://127.0.0.1:${guarded.address().port}`,
      `--whitelist-domain=${new URL(server.url).host}`,
      '--cookie-secure=false', // as there is no TLS here
    ], { env: { OAUTH2_PROXY_COOKIE_SECRET: 'thirty-two-bytes-for-the-cookies' }, path: '/ping' });
    await inBrowser(async (page, another) => {
      await page.goto(app.url);
      await page.click('text=Sign in with keyfob');
      await signIn(page, 'ada');
      assert.match(await page.textContent('body'), /for ada of .*crew/);

      const graces = await another();
      await graces.goto(app.url);
      await graces.click('text=Sign in with keyfob');
      await signIn(graces, 'grace');
      assert.match(await graces.textContent('body'), /403|[Ff]orbidden/);

      // keyfob asks whether she means it, and she is sent back to the button.
      const out = `${server.url}/oauth/end-session?client_id=oauth2-proxy&post_logout_redirect_uri=${app.url}/`;
      await page.goto(`${app.url}/oauth2/sign_out?rd=${encodeURIComponent(out)}`);
      await page.click('main button[type=submit], form button.main');
      await page.click('text=Sign in with keyfob');
      assert.ok(await page.isVisible('#password'), 'she has to sign in again');
    });
  } finally {
    await app.stop();
    guarded.close();
    rmSync(folder, { recursive: true });
    await server.stop();
  }
});
