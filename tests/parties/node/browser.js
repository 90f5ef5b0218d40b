// A browser that follows links without looking at pages, and keyfob's command for its keys.
import { execFileSync } from 'node:child_process';
import { start } from '../../../fixtures/node/keyfob.js';

export const redirect_uri = 'https://party.example/callback';
export const secrets = { party: 'a secret of the first party', 'another-party': 'a secret of the second party' };

export const startServer = () => start({ seed: new URL('../seed.json', import.meta.url).pathname });

export class Browser {
  #cookies = new Map();

  /** Where a link leads, with the cookies so far; null for a page. */
  async follow(url) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of reply.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=');
      this.#cookies.set(name, value);
    }
    const location = reply.headers.get('location');
    return location && new URL(location, url);
  }
}

/** Whether a refusal, or one that it came from, is about this claim of a token. */
export const aboutClaim = (name) => (error) => (error ? error.claim === name || aboutClaim(name)(error.cause) : false);

/** Whether a refusal, or one that it came from, says this. */
export const saying = (pattern) => (error) => (error ? pattern.test(error.message) || saying(pattern)(error.cause) : false);

/** Runs `keyfob keys …` beside the running server. */
export const keys = (server, ...words) =>
  execFileSync(process.env.KEYFOB_BIN, ['keys', ...words, '--data', server.ready.data], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
