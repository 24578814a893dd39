/** What a program, and the inspector, say when a program is not shown. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { portOf, startTestInspector } from '../inspector/clients.ts';
import { openFakePage } from '../inspector/fake-page.ts';
import { collectWarnings } from '../security/rogue-inspectors.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { turn } from '../support/signal.ts';
import { freePort, report, startFakeInspector } from './inspectors.ts';
import { TEST_TOKEN } from './prover.ts';

expectIdleAfterEach();

/** The durations of the fake timers that were started, in ms. */
const durations: unknown[] = [];

/** Lets the delays before the next attempts pass. */
async function pass(...delays: readonly number[]): Promise<void> {
  for (const delay of delays) {
    await until(() => durations.includes(delay));
    durations.length = 0;
    vi.advanceTimersByTime(delay);
  }
}

describe('a program without an inspector', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { setTimeout: fake } = globalThis;
    vi.stubGlobal('setTimeout', (...args: Parameters<typeof fake>) => {
      durations.push(args[1]);
      return fake(...args);
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
    durations.length = 0;
  });

  it('says so once, after four attempts', async () => {
    const warnings = collectWarnings();
    const port = await freePort();
    report(`http://127.0.0.1:${String(port)}/?token=${TEST_TOKEN}`);
    await pass(250, 500);
    await turn();
    expect(warnings).toEqual([]);
    await pass(1_000, 2_000, 4_000, 4_000);
    expect(warnings).toEqual([
      `No inspector answers at 127.0.0.1:${String(port)}. Start one with 'npx wirechart-inspector'; this program goes on trying, and is shown as soon as one is there`,
    ]);
  });

  it('says nothing when one was there, and has gone', async () => {
    const warnings = collectWarnings();
    const inspector = await startFakeInspector();
    report(inspector.url);
    await inspector.nextConnection();
    await inspector.close();
    await pass(250, 500, 1_000, 2_000, 4_000, 4_000);
    await turn();
    expect(warnings).toEqual([]);
  });

  it('says nothing when its report is closed before', async () => {
    const warnings = collectWarnings();
    const inspection = report(`http://127.0.0.1:${String(await freePort())}/`);
    await pass(250, 500);
    await inspection.close();
    await turn();
    expect(warnings).toEqual([]);
  });
});

describe('a program with the token of another run', () => {
  it('says so once, and so does the timeline of the inspector', async () => {
    const warnings = collectWarnings();
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const host = `127.0.0.1:${String(portOf(inspector))}`;
    report(`http://${host}/?token=${'x'.repeat(24)}`);
    await page.until((it) => it.of('problem').length > 0);
    expect(page.of('problem').map(({ actor, text }) => [actor, text])).toEqual([
      [
        'inspector',
        'A program was not let in: it has not proved that it knows the token. Give it the URL that this inspector has printed',
      ],
    ]);
    expect(page.programs.size).toBe(0);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(
      `the inspector at ${host}: it does not prove that it knows the token`,
    );
  });
});
