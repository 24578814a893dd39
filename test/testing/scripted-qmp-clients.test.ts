/** The clients of a scripted server: over each kind of address, one after the other, and at its end. */

import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Address, BoundAddress } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { CommandFailure, faults, ScriptedQmpServer } from '../../src/testing/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { expectNoHandles } from '../support/handles.ts';
import { expectIdleAfterEach, tempDir, track } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { createClient, createServer } from '../support/qmp.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';
import { dialRaw } from './support.ts';

expectIdleAfterEach();

const certificates = await makeCertificates();

type Kind = 'unix' | 'tcp' | 'tls';
const KINDS: readonly Kind[] = ['unix', 'tcp', 'tls'];

async function addressFor(kind: Kind): Promise<Address> {
  if (kind === 'unix') return { path: `${await tempDir()}/qmp.sock` };
  return kind === 'tcp' ? { port: 0 } : { port: 0, tls: certificates.server };
}

/** The address for a client. */
const clientAddress = (kind: Kind, bound: BoundAddress): Address =>
  kind === 'tls' && 'port' in bound ? { ...bound, tls: { ca: certificates.ca } } : bound;

/** Executes a command, which succeeds only for the current client. */
async function expectServed(client: QmpClient): Promise<void> {
  expect(await client.execute('query-name')).toEqual({});
}

describe.each(KINDS)('over %s', (kind) => {
  it('serves one client after the other', async () => {
    const server = createServer({ address: await addressFor(kind) });
    const address = clientAddress(kind, await server.listen());
    for (let round = 0; round < 5; round += 1) {
      const client = createClient();
      await client.connect(address);
      await expectServed(client);
      await client.disconnect();
    }
    expect(server.received).toHaveLength(10);
  });

  it('lets a client reconnect right after a graceful or forced disconnect()', async () => {
    const server = createServer({ address: await addressFor(kind) });
    const address = clientAddress(kind, await server.listen());
    const client = createClient();
    for (let round = 0; round < 10; round += 1) {
      await client.connect(address);
      await client.disconnect({ force: round % 2 === 1 });
    }
  });

  it('connects a second client at once, and greets it when the first has left', async () => {
    const server = createServer({ address: await addressFor(kind) });
    const address = clientAddress(kind, await server.listen());
    const [first, second] = [createClient(), createClient()];
    await first.connect(address);
    await expectServed(first);
    const connected = second.connect(address);
    expect(await hasSettled(connected)).toBe(false);
    await expectServed(first);
    expect(second.greeting).toBeUndefined();
    await first.disconnect();
    await connected;
    await expectServed(second);
    await second.disconnect();
  });

  it('sends events to a client as soon as it is in RUNNING', async () => {
    for (let round = 0; round < 5; round += 1) {
      const server = createServer({ address: await addressFor(kind) });
      const client = createClient();
      await client.connect(clientAddress(kind, await server.listen()));
      const stopped = client.waitFor('STOP');
      server.emit('STOP');
      expect((await stopped).event).toBe('STOP');
      await client.disconnect();
    }
  });

  it('ends the session on close(), and stops listening', async () => {
    const address = await addressFor(kind);
    const server = createServer({ address });
    const bound = clientAddress(kind, await server.listen());
    const client = createClient();
    await client.connect(bound);
    await server.close();
    expect((await client.closed).cause).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await rejection(client.connect(bound))).toMatchObject({ phase: 'connection' });
    if (typeof address === 'object' && 'path' in address) {
      await until(() => !existsSync(address.path));
    }
  });
});

describe('a second client', () => {
  it('can connect while the first enters RUNNING', async () => {
    for (let round = 0; round < 10; round += 1) {
      const server = createServer();
      const address = await server.listen();
      const [first, second] = [createClient(), createClient()];
      await first.connect(address);
      const connected = Promise.allSettled([second.connect(address)]);
      await first.disconnect();
      const [outcome] = await connected;
      await second.disconnect();
      expect(outcome).toEqual({ status: 'fulfilled', value: undefined });
    }
  });

  it('can connect during the handshake of the first', async () => {
    const server = createServer();
    const address = await server.listen();
    const raw = await dialRaw(address);
    await raw.until('\r\n');
    const client = createClient();
    const connected = Promise.allSettled([client.connect(address)]);
    await turn();
    raw.socket.destroy();
    const [outcome] = await connected;
    await client.disconnect();
    expect(outcome).toEqual({ status: 'fulfilled', value: undefined });
  });

  it('is greeted when the first left during its handshake', async () => {
    const server = createServer();
    const address = await server.listen();
    const client = createClient();
    for (let round = 0; round < 5; round += 1) {
      const raw = await dialRaw(address);
      await raw.until('\r\n');
      raw.socket.destroy();
      const [outcome] = await Promise.allSettled([client.connect(address)]);
      await client.disconnect();
      expect(outcome).toEqual({ status: 'fulfilled', value: undefined });
    }
  });

  it('can connect at the same time as the first', async () => {
    const server = createServer();
    const address = await server.listen();
    const clients = [createClient(), createClient()];
    const outcomes = await Promise.allSettled(
      clients.map(async (client) => {
        await client.connect(address);
        await expectServed(client);
        await client.disconnect();
      }),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(clients.map(() => 'fulfilled'));
  });
});

describe('close()', () => {
  it('before listen() does nothing', async () => {
    const server = new ScriptedQmpServer();
    await server.close();
    await server.close();
    await expectNoHandles();
  });

  it('without a client leaves nothing open', async () => {
    const server = new ScriptedQmpServer();
    await server.listen();
    await server.close();
    await expectNoHandles();
  });

  it('during the handshake of a client leaves nothing open', async () => {
    const server = new ScriptedQmpServer();
    const raw = await dialRaw(await server.listen());
    await raw.until('\r\n');
    await server.close();
    raw.socket.destroy();
    await expectNoHandles();
  });

  it('rejects a command in flight, and the attempt of a second client', async () => {
    const answer = gate();
    const server = new ScriptedQmpServer({
      commands: { slow: () => answer.opened.then(() => null) },
    });
    const address = await server.listen();
    const [first, second] = [createClient(), createClient()];
    await first.connect(address);
    await expectServed(first);
    const outcomes = Promise.allSettled([first.execute('slow'), second.connect(address)]);
    await turn();
    await Promise.all([server.close(), server.close()]);
    answer.open();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await Promise.all([first.closed, second.closed]);
    await expectNoHandles();
  });

  it('right after a client has connected or disconnected leaves nothing open', async () => {
    for (const leave of [false, true]) {
      const server = new ScriptedQmpServer();
      const client = createClient();
      await client.connect(await server.listen());
      if (leave) await client.disconnect();
      await server.close();
      await client.closed;
      await expectNoHandles();
    }
  });

  it('is called by await using at the end of the block', async () => {
    const client = createClient();
    {
      await using server = new ScriptedQmpServer();
      await client.connect(await server.listen());
    }
    expect((await client.closed).cause).toMatchObject({ code: 'ERR_CLOSED' });
    await expectNoHandles();
  });
});

describe('listen()', () => {
  it('rejects when the address cannot be bound, and leaves nothing open', async () => {
    const path = `${await tempDir()}/missing/qmp.sock`;
    await using server = new ScriptedQmpServer({ address: path });
    expect(await rejection(server.listen())).toMatchObject({ code: 'ERR_CONNECT' });
    await expectNoHandles();
  });
});

describe('the example of the class', () => {
  it('works', async () => {
    await using qmp = track(new QmpClient());
    await using server = new ScriptedQmpServer({
      commands: {
        'query-block': [],
        eject: new CommandFailure("Device 'cd0' is locked"),
        migrate: faults.silence(),
      },
    });
    await qmp.connect(await server.listen());
    expect(await qmp.execute('query-block')).toEqual([]);
    expect(await rejection(qmp.execute('eject'))).toMatchObject({
      description: "Device 'cd0' is locked",
    });
    expect(await rejection(qmp.execute('migrate', {}, { timeout: 1 }))).toMatchObject({
      code: 'ERR_TIMEOUT',
    });
    await qmp.disconnect();
  });
});
