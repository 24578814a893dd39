/** What a session hands out may be left alone: an action of a statechart cannot await it. */

import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { lines, type Session, streamPair } from '../../src/index.ts';
import { defer } from '../../src/async/deferred.ts';
import { cleanUp, createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

it('a session that is over refuses a message, and a promise that is not awaited ends no process', async () => {
  const [ours, theirs] = streamPair();
  theirs.resume().on('end', () => theirs.end());
  cleanUp(() => theirs.destroy());
  const handled = defer<Session<string, string, void>>();
  const protocol = createProtocol<string>({
    codec: lines(),
    onMessage: (_, session) => {
      handled.resolve(session);
    },
  });
  await protocol.connect({ stream: ours });
  theirs.write('hello\n');
  const session = await handled.promise;
  await protocol.disconnect();
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  cleanUp(() => process.off('unhandledRejection', note));
  void session.send('too late');
  void session.receive();
  void session.upgrade({});
  await setImmediate();
  await setImmediate();
  expect(unhandled).toEqual([]);
  expect(await rejection(session.send('too late'))).toMatchObject({ code: 'ERR_STATE' });
});
