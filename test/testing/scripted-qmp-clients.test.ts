/** Who a scripted server serves, where, and how it closes. */

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

async function place(kind: Kind): Promise<Address> {
  if (kind === 'unix') return { path: `${await tempDir()}/qmp.sock` };
  return kind === 'tcp' ? { port: 0 } : { port: 0, tls: certificates.server };
}

/** How a client reaches it. */
const reach = (kind: Kind, bound: BoundAddress): Address =>
  kind === 'tls' && 'port' in bound ? { ...bound, tls: { ca: certificates.ca } } : bound;

/** Asks for something that only a served client can get. */
async function expectServed(client: QmpClient): Promise<void> {
  expect(await client.execute('query-name')).toEqual({});
}

describe.each(KINDS)('over %s', (kind) => {
  it('it serves, one client after the other', async () => {
    const server = createServer({ address: await place(kind) });
    const address = reach(kind, await server.listen());
    for (let round = 0; round < 5; round += 1) {
      const client = createClient();
      await client.connect(address);
      await expectServed(client);
      await client.disconnect();
    }
    expect(server.received).toHaveLength(10);
  });

  it('a client may come again right after it has disconnected, in whatever way', async () => {
    const server = createServer({ address: await place(kind) });
    const address = reach(kind, await server.listen());
    const client = createClient();
    for (let round = 0; round < 10; round += 1) {
      await client.connect(address);
      await client.disconnect({ force: round % 2 === 1 });
    }
  });

  it('a second client is connected at once, and greeted when the first has gone', async () => {
    const server = createServer({ address: await place(kind) });
    const address = reach(kind, await server.listen());
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

  it('a client hears what is emitted from the moment on in which it runs', async () => {
    for (let round = 0; round < 5; round += 1) {
      const server = createServer({ address: await place(kind) });
      const client = createClient();
      await client.connect(reach(kind, await server.listen()));
      const stopped = client.waitFor('STOP');
      server.emit('STOP');
      expect((await stopped).event).toBe('STOP');
      await client.disconnect();
    }
  });

  it('close() ends the session that runs, and nobody is served any more', async () => {
    const address = await place(kind);
    const server = createServer({ address });
    const reached = reach(kind, await server.listen());
    const client = createClient();
    await client.connect(reached);
    await server.close();
    expect((await client.closed).cause).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await rejection(client.connect(reached))).toMatchObject({ phase: 'connection' });
    if (typeof address === 'object' && 'path' in address) {
      await until(() => !existsSync(address.path));
    }
  });
});

describe('a second client', () => {
  it('is connected at once also in the moment in which the first one runs', async () => {
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

  it('is connected at once also while the first one is in its handshake', async () => {
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

  it('is greeted also when the first one left before the session ran', async () => {
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

  it('may come at the same time as the first', async () => {
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
  it('before listen() is harmless', async () => {
    const server = new ScriptedQmpServer();
    await server.close();
    await server.close();
    await expectNoHandles();
  });

  it('while nobody has come', async () => {
    const server = new ScriptedQmpServer();
    await server.listen();
    await server.close();
    await expectNoHandles();
  });

  it('in the handshake of a client', async () => {
    const server = new ScriptedQmpServer();
    const raw = await dialRaw(await server.listen());
    await raw.until('\r\n');
    await server.close();
    raw.socket.destroy();
    await expectNoHandles();
  });

  it('while a command is answered, and a second client waits', async () => {
    const never = gate();
    const server = new ScriptedQmpServer({
      commands: { slow: () => never.opened.then(() => null) },
    });
    const address = await server.listen();
    const [first, second] = [createClient(), createClient()];
    await first.connect(address);
    await expectServed(first);
    const outcomes = Promise.allSettled([first.execute('slow'), second.connect(address)]);
    await turn();
    await Promise.all([server.close(), server.close()]);
    never.open();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await Promise.all([first.closed, second.closed]);
    await expectNoHandles();
  });

  it('right after a client has connected or left', async () => {
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

  it('comes with the end of a block', async () => {
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
  it('rejects where it cannot listen, and leaves nothing open', async () => {
    const path = `${await tempDir()}/missing/qmp.sock`;
    await using server = new ScriptedQmpServer({ address: path });
    expect(await rejection(server.listen())).toMatchObject({ code: 'ERR_CONNECT' });
    await expectNoHandles();
  });
});

describe("the class's example", () => {
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
