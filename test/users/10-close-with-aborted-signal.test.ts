/** A server is closed also when the signal of the call was aborted before: it only ends the wait. */

import { AsyncProtocol, lines, ProtocolServer } from 'wirechart';
import { expect, it, onTestFinished } from 'vitest';

it('closes a server although the signal of close() was aborted before the call', async () => {
  const server = new ProtocolServer({ codec: lines() });
  onTestFinished(() => server.close({ force: true }));
  const client = new AsyncProtocol({ codec: lines() });
  await client.connect(await server.listen({ port: 0 }));
  await expect.poll(() => server.peers.length).toBe(1);
  const signal = AbortSignal.abort('no time');
  await expect(server.close({ signal })).rejects.toBe('no time');
  expect(server.state).toBe('CLOSING');
  await client.closed;
  await expect.poll(() => server.state).toBe('IDLE');
});

it('says that the state is wrong before it says that the signal was aborted', async () => {
  const server = new ProtocolServer({ codec: lines() });
  onTestFinished(() => server.close({ force: true }));
  await server.listen({ port: 0 });
  const signal = AbortSignal.abort('no time');
  await expect(server.listen({ port: 0 }, { signal })).rejects.toMatchObject({
    code: 'ERR_STATE',
    state: 'LISTENING',
  });
  await server.close();
  await expect(server.listen({ port: 0 }, { signal })).rejects.toBe('no time');
  expect(server.state).toBe('IDLE');
});
