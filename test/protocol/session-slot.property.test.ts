/** Logic of a session that sends, ends and fails at any time, while the peer and the program end the session, too. */

import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type EventObject, fromCallback } from 'xstate';
import { AsyncProtocol, lines, RefusedError, streamPair } from '../../src/index.ts';
import type { Input } from './ticking.ts';

/** One step: of the logic, of the program, of the peer, or the next turn of the event loop. */
const STEPS = ['send', 'done', 'fail', 'disconnect', 'force', 'peer end', 'peer reset'] as const;
const step = fc.record({ what: fc.constantFrom('send', ...STEPS), hurried: fc.boolean() });

it('a session whose logic does anything at any time ends once, and says why', async () => {
  const ends = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const [ours, theirs] = streamPair();
      const received: string[] = [];
      theirs.on('data', (data) => received.push(String(data)));
      theirs.on('end', () => theirs.end());
      theirs.on('error', () => undefined);
      const runs: { input: Input; say: (event: EventObject) => void; stopped: boolean }[] = [];
      const session = fromCallback<EventObject, Input>(({ input, sendBack }) => {
        const run = { input, say: sendBack, stopped: false };
        runs.push(run);
        return () => {
          run.stopped = true;
        };
      });
      const protocol = new AsyncProtocol<string>({ codec: lines(), session });
      await protocol.connect({ stream: ours });
      const { closed } = protocol;
      const run = runs[0];
      if (run === undefined) throw new Error('The logic does not run');
      const error = new RefusedError('enough');
      let sent = 0;
      for (const { what, hurried } of [...steps, { what: 'done' as const, hurried: true }]) {
        if (what === 'send' && !run.stopped)
          run.input.session.send(String((sent += 1))).catch(() => undefined);
        if (what === 'done' && !run.stopped) run.say({ type: 'DONE' });
        if (what === 'fail' && !run.stopped) run.say({ type: 'FAIL', error } as EventObject);
        if (what === 'disconnect') protocol.disconnect().catch(() => undefined);
        if (what === 'force') protocol.disconnect({ force: true }).catch(() => undefined);
        if (what === 'peer end') theirs.end();
        if (what === 'peer reset') theirs.destroy(new Error('reset'));
        if (!hurried) await turn();
      }
      const { cause, undelivered } = await closed;
      ends.add(cause?.code ?? 'clean');
      expect([protocol.runstate, runs.length, run.stopped]).toEqual(['IDLE', 1, true]);
      expect([undefined, 'ERR_REFUSED', 'ERR_CLOSED']).toContain(cause?.code);
      const expected = Array.from({ length: sent }, (_, at) => `${String(at + 1)}\n`).join('');
      const text = received.join('');
      expect(expected.startsWith(text)).toBe(true);
      if (steps.every(({ what }) => what === 'send' || what === 'done' || what === 'disconnect')) {
        expect([text, undelivered, cause]).toEqual([expected, 0, undefined]);
      }
      await protocol.disconnect().catch(() => undefined);
      theirs.destroy();
    }),
    { numRuns: 300 },
  );
  expect([...ends].sort()).toEqual(['ERR_CLOSED', 'ERR_REFUSED', 'clean']);
});
