/** A handler that waits for the reply to its own request: nothing is read while it is pending. */

import { AsyncProtocol, lines, streamPair } from 'wirechart';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A peer that answers `ask`, and a protocol whose handler asks and awaits the answer. */
async function hang(warnings?: string[]): Promise<AsyncProtocol<string>> {
  const [left, right] = streamPair();
  left.on('error', () => undefined);
  let answered: (answer: string) => void = () => undefined;
  const answer = new Promise<string>((resolve) => (answered = resolve));
  let asked: () => void = () => undefined;
  const hasAsked = new Promise<void>((resolve) => (asked = resolve));
  const silent = () => undefined;
  const record = (text: string) => void warnings?.push(text);
  const protocol = new AsyncProtocol<string>(
    {
      codec: lines(),
      onMessage: async (line) => {
        if (line !== 'event') answered(line);
        await protocol.send('ask');
        asked();
        await answer;
      },
    },
    warnings && { logger: { debug: silent, info: silent, warn: record, error: silent } },
  );
  await protocol.connect({ stream: right });
  left.write('event\n');
  await hasAsked;
  await new Promise<void>((resolve) => {
    left.write('answer\n', () => {
      setImmediate(resolve);
    });
  });
  return protocol;
}

it('is warned of in the log, once', async () => {
  const warnings: string[] = [];
  const protocol = await hang(warnings);
  vi.advanceTimersByTime(60_000);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('onMessage has been pending for more than 5 seconds');
  expect(warnings[0]).toContain('do that work without returning its promise');
  await protocol.disconnect({ force: true });
});

it('is warned of on standard error, when there is no logger', async () => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const protocol = await hang();
  vi.advanceTimersByTime(60_000);
  expect(String(await warned)).toContain('WirechartWarning: onMessage has been pending');
  await protocol.disconnect({ force: true });
});
