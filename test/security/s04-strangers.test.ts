/** Strangers who send less than `maxMessageBytes` each, and no line end, do not add up (S4, P3). */

import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { createTestServer, dialLines, echo, numberOf } from '../support/servers.ts';

expectIdleAfterEach();

const MIB = 1024 * 1024;
const STRANGERS = 30;
const PART = Buffer.alloc(0.9 * MIB, 'x');

it('thirty strangers without a line end hold what all may hold, and not thirty messages', async () => {
  const maxBufferedBytes = 8 * MIB;
  const { server, errors } = createTestServer(echo, {
    limits: { maxMessageBytes: MIB, maxBufferedBytes },
  });
  const address = await server.listen({ path: `${await tempDir()}/socket` });
  const good = await dialLines(address);
  for (let count = 0; count < STRANGERS; count += 1) {
    const stranger = connect(address.path).on('error', () => undefined);
    cleanUp(() => stranger.destroy());
    stranger.write(PART);
  }
  // Each that does not fit fails by itself, and frees what it holds.
  const fitting = Math.floor(maxBufferedBytes / PART.length);
  let most = 0;
  await until(() => {
    most = Math.max(most, server.stats.bufferedBytes);
    return errors.length === STRANGERS - fitting;
  });
  await until(() => server.stats.bufferedBytes === fitting * PART.length);
  expect(most).toBeLessThanOrEqual(maxBufferedBytes);
  expect(errors.every(({ error }) => 'code' in error && error.code === 'ERR_LIMIT')).toBe(true);
  expect(await numberOf(good)).toBe(1);
});
