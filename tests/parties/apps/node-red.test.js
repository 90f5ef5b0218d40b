import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { App, inBrowser, leftOut, signIn, startKeyfob } from './app.js';

const packages = fileURLToPath(new URL('node_modules', import.meta.url));

test('Node-RED opens its editor to administrators, and to nobody else', { skip: leftOut() }, async () => {
  const server = await startKeyfob();
  const app = await App.registered('node-red', server);
  const folder = mkdtempSync(join(tmpdir(), 'node-red-'));
  try {
    symlinkSync(packages, join(folder, 'node_modules'));
    const own = `uiHost: '127.0.0.1', uiPort: ${new URL(app.url).port}, telemetry: { enabled: false }, editorTheme: { tours: false },`;
    writeFileSync(join(folder, 'settings.js'), `module.exports = {\n${own}\n${app.settings}};\n`);
    await app.run(process.execPath, [join(packages, 'node-red/red.js'), '--userDir', folder, '--settings', join(folder, 'settings.js')]);
    await inBrowser(async (page, another) => {
      await page.goto(app.url);
      await page.click('text=Sign in with keyfob');
      await signIn(page, 'ruth');
      await page.waitForSelector('#red-ui-header-button-user');
      await page.click('#red-ui-header-button-user');
      assert.match(await page.textContent('body'), /ruth/);

      const adas = await another();
      await adas.goto(app.url);
      await adas.click('text=Sign in with keyfob');
      await signIn(adas, 'ada', { agrees: false });
      await adas.waitForLoadState();
      assert.equal(await adas.$('#red-ui-header-button-user'), null, 'she is no administrator');
    });
  } finally {
    await app.stop();
    rmSync(folder, { recursive: true });
    await server.stop();
  }
});
