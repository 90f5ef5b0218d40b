// Sets an app up as its page in doc/apps says, runs it, and looks at it in Chromium.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { start } from '../../../fixtures/node/keyfob.js';

const from = (path) => fileURLToPath(new URL(path, import.meta.url));
const executablePath = process.env.CHROMIUM;

/** Why an app cannot be looked at here, or false: what it needs is named by variables. */
export const leftOut = (...needed) => {
  const missing = ['CHROMIUM', ...needed].find((name) => !process.env[name]);
  return missing ? `left out: there is no ${missing}` : false;
};

/** keyfob with the users of the party, of whom nobody is signed in. */
export async function startKeyfob() {
  const server = await start({ seed: from('../seed.json') });
  await server.auto(null);
  return server;
}

/** An app: its address, and what runs for it until `stop`. */
export class App {
  #running = [];

  /** Registers it by the command of its page; `settings` are the page's, filled in. */
  static async registered(id, server) {
    const app = new App();
    app.url = `http://localhost:${await freePort()}`;
    app.page = readFileSync(from(`../../../doc/apps/${id}.md`), 'utf8');
    const filled = (text) => text.replaceAll(`https://${id}.example`, app.url).replaceAll('https://keyfob.example', server.url);
    const [command, settings] = [...app.page.matchAll(/```\w+\n(.*?)```/gs)].map((match) => match[1]);
    const env = { ...process.env, KEYFOB_SERVER: server.url, KEYFOB_API_KEY: server.ready.admin_api_key };
    const words = filled(command).replace(/^keyfob /, `"${process.env.KEYFOB_BIN}" `);
    app.secret = JSON.parse(execFileSync('bash', ['-c', words], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })).secret;
    app.settings = filled(settings).replaceAll('YOUR-CLIENT-SECRET', app.secret);
    return app;
  }

  /** Runs a program until the app answers at its address. */
  async run(program, words, { env = {}, cwd, path = '/' } = {}) {
    const child = spawn(program, words, { env: { ...process.env, ...env }, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said = (said + text).slice(-4000)));
    this.#running.push(child);
    for (let tries = 0; ; tries++) {
      if (await fetch(this.url + path, { redirect: 'manual' }).then(() => true, () => false)) return;
      assert.ok(child.exitCode === null && tries < 600, `${program} does not answer: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async stop() {
    for (const child of this.#running) {
      if (child.exitCode ?? child.signalCode) continue;
      child.kill();
      await once(child, 'exit');
    }
  }
}

/** Gives a story a page of a browser that knows nobody, and a way to more of them. A story that fails says what they show. */
export async function inBrowser(story) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const pages = [];
  const opened = async () => {
    pages.push(await (await browser.newContext()).newPage());
    return pages.at(-1);
  };
  try {
    await story(await opened(), opened);
  } catch (error) {
    for (const page of pages) error.message += `\n${page.url()}: ${await page.innerText('body')}`;
    throw error;
  } finally {
    await browser.close();
  }
}

/** Answers keyfob's pages as a user does: signs in, and agrees to what is asked, once. */
export async function signIn(page, user, { agrees = true } = {}) {
  await page.fill('#user_id', user);
  await page.fill('#password', 'Correct-horse-9');
  await page.click('main button[type=submit], form button.main');
  if (agrees) await page.click('button[name=authorize][value=true]');
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
