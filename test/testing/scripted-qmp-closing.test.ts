/** A server that is closed before it is open; in a file of its own, as a leak would spoil its neighbours. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ScriptedQmpServer } from '../../src/testing/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { expectNoHandles } from '../support/handles.ts';
import { closing } from '../support/sockets.ts';

describe('close() of a server that binds', () => {
  it('leaves nothing open, whatever becomes of listen()', async () => {
    const server = new ScriptedQmpServer();
    const listening = Promise.allSettled([server.listen()]);
    await server.close();
    await listening;
    await expectNoHandles();
  });

  it('makes a later listen() reject', async () => {
    const server = new ScriptedQmpServer();
    await server.close();
    const [outcome] = await Promise.allSettled([server.listen()]);
    await server.close();
    expect(outcome.status).toBe('rejected');
  });
});

describe('close() of a server that speaks TLS', () => {
  it('ends the handshakes that are under way too', async () => {
    const { server: tls } = await makeCertificates();
    const server = new ScriptedQmpServer({ address: { port: 0, tls } });
    const bound = await server.listen();
    if (!('port' in bound)) throw new Error('It has no port');
    const mute = connect(bound);
    await once(mute, 'connect');
    // Half of a handshake's first record: the server waits for the rest.
    mute.write(Buffer.from([0x16, 0x03, 0x01]));
    mute.on('error', () => undefined).resume();
    const gone = closing(mute);
    await server.close();
    await gone;
    await expectNoHandles();
  });
});
