import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, inBrowser, leftOut, signIn, startKeyfob } from './app.js';

/** The name of the account that is signed in. */
async function account(page) {
  await page.click('text=Settings');
  await page.click('a:has-text("Authentication")');
  return page.inputValue('input[name=username]');
}

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
      assert.equal(await account(page), 'ada');

      await page.click('text=Logout');
      await page.click(button);
      // She is signed in at keyfob, and has agreed: nothing is asked.
      assert.equal(await account(page), 'ada');
    });
  } finally {
    await app.stop();
    await server.stop();
  }
});
