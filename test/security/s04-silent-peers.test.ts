/** Peers that say nothing, or never end their first message, do not keep their slots (S4). */

import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { lines, ProtocolServer, type WirechartError } from '../../src/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';

expectIdleAfterEach();

it.each([
  ['sends nothing', ''],
  ['never ends its first line', 'half a li'],
])('closes a peer that %s, and keeps one that has sent a message', async (_, text) => {
  const clock = new SimulatedClock();
  const errors: WirechartError[] = [];
  const path = join(await tempDir(), 'server.sock');
  await using server = new ProtocolServer<string>(
    (_number, peer) => ({ codec: lines(), onMessage: (line) => peer().send(line) }),
    { clock, timeouts: { firstMessage: 5_000 }, onPeerError: (error) => errors.push(error) },
  );
  await server.listen({ path });
  const good = connect(path);
  good.write('hello\n');
  await once(good, 'data');
  const silent = connect(path);
  silent.write(text);
  silent.resume();
  await until(() => server.peers.length === 2 && server.stats.bytesIn === 6 + text.length);

  clock.increment(5_000);
  await once(silent, 'close');
  await until(() => errors.length > 0);
  expect(errors).toMatchObject([{ code: 'ERR_TIMEOUT', phase: 'firstMessage', ms: 5_000 }]);
  good.write('still here\n');
  expect(String(await once(good, 'data'))).toBe('still here\n');
  good.end();
  await once(good, 'close');
});
