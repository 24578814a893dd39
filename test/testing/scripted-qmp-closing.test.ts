/** Closing a scripted server that is not open yet. A file of its own: a leak would fail other tests. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ScriptedQmpServer } from '../../src/testing/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { expectNoHandles } from '../support/handles.ts';
import { closing } from '../support/sockets.ts';

describe('close() while listen() is pending', () => {
  it('leaves nothing open, whether listen() resolves or rejects', async () => {
    const server = new ScriptedQmpServer();
    const listening = Promise.allSettled([server.listen()]);
    await server.close();
    await listening;
    await expectNoHandles();
  });

  it('before listen() makes listen() reject', async () => {
    const server = new ScriptedQmpServer();
    await server.close();
    const [outcome] = await Promise.allSettled([server.listen()]);
    await server.close();
    expect(outcome.status).toBe('rejected');
  });
});

describe('close() of a server with TLS', () => {
  it('ends pending TLS handshakes', async () => {
    const { server: tls } = await makeCertificates();
    const server = new ScriptedQmpServer({ address: { port: 0, tls } });
    const bound = await server.listen();
    if (!('port' in bound)) throw new Error('The bound address has no port');
    const stalled = connect(bound);
    await once(stalled, 'connect');
    // The beginning of the first record of a handshake: the server waits for the rest.
    stalled.write(Buffer.from([0x16, 0x03, 0x01]));
    stalled.on('error', () => undefined).resume();
    const closed = closing(stalled);
    await server.close();
    await closed;
    await expectNoHandles();
  });
});
