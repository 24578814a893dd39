/** The example of a client of the Chrome DevTools Protocol, with a real Chromium at the two ends of its pipe. */

import { once } from 'node:events';
import { expect, test } from 'vitest';
import { Cdp, chromium } from '../../examples/cdp/client.ts';
import { type Address, ClosedError, RefusedError, supervise } from '../../src/index.ts';
import { cleanUp, expectIdleAfterEach, tempDir, track } from '../support/cleanup.ts';
import { living } from '../support/processes.ts';
import { describePeer } from '../support/real-peers.ts';
import { runExample } from '../support/run-example.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

/** Chromium refuses to run as root without the first. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];

const newChromium = async (): Promise<Address> => chromium(await tempDir(), ...FLAGS);

/** On a busy machine, Chromium takes some seconds to start and to exit. */
const PATIENT = { timeouts: { handshake: 60_000, drain: 30_000, close: 30_000 } };
const TIMEOUT_MS = 120_000;

async function setUp(): Promise<Cdp> {
  const browser = track(new Cdp(PATIENT));
  await browser.connect(await newChromium());
  return browser;
}

describePeer('chromium', () => {
  test(
    'a page is opened, evaluates an expression and emits events, and Chromium exits at the end',
    async () => {
      const browser = await setUp();
      expect(browser.negotiated).toHaveProperty('product', expect.stringMatching(/^Chrome\//));
      const pid = browser.remote?.pid;
      expect(living(pid)).toContain(pid);

      const page = await browser.open('about:blank');
      expect(await page('Runtime.evaluate', { expression: '6 * 7' })).toMatchObject({
        result: { type: 'number', value: 42 },
      });
      await page('Runtime.enable');
      const logged = once(browser.events, 'Runtime.consoleAPICalled');
      await page('Runtime.evaluate', { expression: 'console.log("seen")' });
      const [event, sessionId] = (await logged) as [unknown, unknown];
      expect(event).toMatchObject({ type: 'log', args: [{ value: 'seen' }] });
      expect(sessionId).toEqual(expect.any(String));

      await browser.disconnect();
      expect(browser.outcome).toEqual({ suppressed: [], undelivered: 0 });
      expect(living(pid)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'a command that Chromium refuses rejects alone; its death rejects the pending ones',
    async () => {
      const browser = await setUp();
      const refused = await rejection(browser.call('Browser.noSuchCommand'));
      expect(refused).toBeInstanceOf(RefusedError);
      expect(refused).toHaveProperty('message', expect.stringMatching(/wasn't found.*-32601/));

      const page = await browser.open('about:blank');
      const forever = { expression: 'new Promise(() => undefined)', awaitPromise: true };
      const pending = rejection(page('Runtime.evaluate', forever));
      process.kill(Number(browser.remote?.pid), 'SIGKILL');
      const error = await pending;
      expect(error).toBeInstanceOf(ClosedError);
      expect(error).toMatchObject({ cause: { code: 'ERR_PROCESS', signal: 'SIGKILL' } });
      await browser.closed;
    },
    TIMEOUT_MS,
  );

  test(
    'a supervised Chromium that is killed is replaced by a new one',
    async () => {
      const supervisor = supervise(Cdp, newChromium, { ...PATIENT, backoff: { initial: 1 } });
      cleanUp(() => supervisor.stop());
      const first = await supervisor.up();
      const pid = first.remote?.pid;
      const ended = first.closed;
      process.kill(Number(pid), 'SIGKILL');
      await ended;
      const second = await supervisor.up();
      expect(second.remote?.pid).not.toBe(pid);
      const page = await second.open('about:blank');
      expect(await page('Runtime.evaluate', { expression: '1 + 1' })).toHaveProperty('result');
      const last = second.remote?.pid;
      await supervisor.stop();
      expect([...living(pid), ...living(last)]).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'the program of the example prints what it says',
    async () => {
      const printed = await runExample('cdp/run.ts', ...FLAGS);
      expect(printed).toMatch(
        /^Chrome\/[\d.]+\nlog \[ \{ type: 'string', value: 'hello from the page/,
      );
      expect(printed).toContain("value: '1,4,9'");
    },
    TIMEOUT_MS,
  );
});
