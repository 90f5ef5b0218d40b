import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, inBrowser, leftOut, signIn, startKeyfob } from './app.js';

test('Miniflux makes an account of who signs in, and knows it again', { skip: leftOut('MINIFLUX', 'DATABASE_URL') }, async () => {
  const server = await startKeyfob();
  const app = await App.registered('miniflux', server);
  try {
    const settings = Object.fromEntries(app.settings.trim().split('\n').map((line) => line.split(/=(.*)/s)));
    await app.run(process.env.MINIFLUX, [], {
      env: { ...settings, RUN_MIGRATIONS: '1', LISTEN_ADDR: `127.0.0.1:${new URL(app.url).port}`, DISABLE_SCHEDULER_SERVICE: '1' },
      path: '/healthcheck',
    });
    await inBrowser(async (page) => {
      const button = 'a:has-text("keyfob"), a:has-text("OpenID Connect")';
      await page.goto(app.url);
      await page.click(button);
      await signIn(page, 'ada');
      await page.waitForSelector('text=ada');

      await page.click('text=Logout');
      await page.click(button);
      // She is signed in at keyfob, and has agreed: nothing is asked.
      await page.waitForSelector('text=ada');
      assert.equal(new URL(page.url()).origin, app.url);
    });
  } finally {
    await app.stop();
    await server.stop();
  }
});
