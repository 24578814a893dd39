/** The unit tests AC-19 to AC-27 of QEMU's Python library, with this API: sessions. */

import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { lines, StateError, streamPair } from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { NullProtocol, recordingLogger } from '../support/null-protocol.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

/**
 * The fake session of the Python library: a protocol in RUNNING whose peer is an end of a stream
 * pair.
 */
async function fakeSession() {
  const { logger, records } = recordingLogger();
  const protocol = new NullProtocol({ logger });
  const [stream, peer] = streamPair();
  await protocol.connect({ stream });
  return { protocol, peer, records };
}

describe('a fake session', () => {
  it('AC-19 is RUNNING when connect() resolves, and IDLE when disconnect() does', async () => {
    const protocol = new NullProtocol();
    const recording = recordRunstates(protocol);
    const [stream, peer] = streamPair();
    peer.resume().on('end', () => peer.end());
    await protocol.connect({ stream });
    expect(protocol.runstate).toBe('RUNNING');
    await protocol.disconnect();
    expect(protocol.runstate).toBe('IDLE');
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
  });

  it('AC-20 is RUNNING when accept() resolves, and IDLE when disconnect() does', async () => {
    // listen() needs a socket; it does not take a stream.
    const path = `${await tempDir()}/socket`;
    const [server, client] = [new NullProtocol(), new NullProtocol()];
    const recording = recordRunstates(server);
    await server.listen(path);
    await Promise.all([server.accept(), client.connect(path)]);
    expect(server.runstate).toBe('RUNNING');
    await server.disconnect();
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    await client.closed;
  });

  it('AC-21 logs an inbound message once', async () => {
    const { protocol, peer, records } = await fakeSession();
    records.length = 0;
    peer.write('.');
    await new Promise<void>((resolve) => {
      peer.write('', () => {
        setImmediate(resolve);
      });
    });
    expect(records).toEqual(['debug <-- null']);
    await protocol.disconnect({ force: true });
  });

  it('AC-22 logs an outbound message once', async () => {
    const { protocol, peer, records } = await fakeSession();
    records.length = 0;
    await protocol.send(null);
    await once(peer, 'data');
    expect(records).toEqual(['debug --> null']);
    await protocol.disconnect({ force: true });
  });
});

describe.each([
  { method: 'listen', running: 'AC-23', disconnecting: 'AC-25' },
  { method: 'connect', running: 'AC-24', disconnecting: 'AC-26' },
] as const)('$method() on a session', ({ method, running, disconnecting }) => {
  it(`${running} rejects with a StateError in RUNNING`, async () => {
    const { protocol } = await fakeSession();
    const error = await rejection(protocol[method]('/nowhere'));
    expect(error).toBeInstanceOf(StateError);
    expect(error).toMatchObject({ state: 'RUNNING', required: 'IDLE' });
    expect(error).toHaveProperty('message', 'NullProtocol is already connected and running.');
    expect(protocol.runstate).toBe('RUNNING');
    await protocol.disconnect({ force: true });
  });

  it(`${disconnecting} rejects with a StateError in DISCONNECTING`, async () => {
    // The Python library's text asks for a disconnect(), because its session stays in DISCONNECTING
    // until that is called. Here it returns to IDLE by itself.
    const { protocol } = await fakeSession();
    const disconnected = protocol.disconnect();
    expect(protocol.runstate).toBe('DISCONNECTING');
    const error = await rejection(protocol[method]('/nowhere'));
    expect(error).toBeInstanceOf(StateError);
    expect(error).toMatchObject({ state: 'DISCONNECTING', required: 'IDLE' });
    expect(error).toHaveProperty(
      'message',
      'NullProtocol is disconnecting. It returns to IDLE by itself; disconnect() waits for that.',
    );
    await protocol.disconnect({ force: true });
    await disconnected;
  });
});

describe('a simple session', () => {
  it('AC-27 is clean for a client that connects to a server and disconnects', async () => {
    const path = `${await tempDir()}/socket`;
    const server = createProtocol({ codec: lines() });
    const client = new NullProtocol();
    const recording = recordRunstates(client);
    await server.listen(path);
    const accepted = server.accept();
    await client.connect(path);
    await accepted;
    await client.disconnect();
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    // The Python library's server raises EOF in its disconnect(). Here it may be IDLE already; then
    // the outcome has the client's end, and the next disconnect() rejects with it.
    await server.closed;
    expect(await rejection(server.disconnect())).toMatchObject({ code: 'ERR_CLOSED' });
  });
});
