/** The client with a real QEMU: a machine without hardware or a guest. */

import { describe, expect, it } from 'vitest';
import { ClosedError } from '../../src/index.ts';
import { BusyMonitorError, ExecInterruptedError, type QmpClient } from '../../src/qmp/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { createClient, namesOf } from '../support/qmp.ts';
import {
  describeEachQemu,
  dialingMonitor,
  freePort,
  onSocket,
  startQemu,
  suspend,
} from '../support/real-peers.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { hasSettled, rejection } from '../support/signal.ts';

expectIdleAfterEach();

describeEachQemu((path, version) => {
  const onUnix = () => onSocket((at) => startQemu(path, '-qmp', `unix:${at},server=on,wait=off`));
  const connected = async () => {
    const { peer, address } = await onUnix();
    return { peer, address, client: await peer.connect(address) };
  };

  it('greets, offers oob, and reports its version', async () => {
    const { client } = await connected();
    expect(client.greeting?.QMP.capabilities).toContain('oob');
    const version = await client.execute('query-version');
    expect(version).toEqual(client.greeting?.QMP.version);
    expect(version.qemu.major).toBeGreaterThanOrEqual(2);
    await client.disconnect();
  });

  it('answers queries, and rejects unknown commands', async () => {
    const { client } = await connected();
    expect(await client.execute('query-status')).toMatchObject({ running: false });
    const names = (await client.execute('query-commands')).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['quit', 'query-commands']));
    expect(await rejection(client.execute('no-such-command' as 'stop'))).toMatchObject({
      errorClass: 'CommandNotFound',
    });
    expect(await client.executeMessage({ execute: 'query-name', id: [1] })).toEqual({
      return: {},
      id: [1],
    });
    await client.disconnect();
  });

  it('sends RESUME and STOP on cont and stop', async () => {
    const { client } = await connected();
    const events = client.events();
    await client.execute('cont');
    await client.execute('stop');
    expect(await namesOf(events, 2)).toEqual(['RESUME', 'STOP']);
    await client.disconnect();
  });

  it('returns 64-bit integers unchanged', async () => {
    const { client } = await connected();
    const values = [2n ** 53n + 1n, 2n ** 63n - 1n];
    for (const [number, value] of values.entries()) {
      const id = `io${String(number)}`;
      await client.execute('object-add', { 'qom-type': 'iothread', id, 'poll-max-ns': value });
      const returned = await client.execute('qom-get', {
        path: `/objects/${id}`,
        property: 'poll-max-ns',
      });
      expect(returned).toBe(value);
    }
    await client.disconnect();
  });

  it('sends its schema in one message of more than 100 KB', async () => {
    const { client } = await connected();
    const schema = await client.execute('query-qmp-schema');
    expect(JSON.stringify(schema).length).toBeGreaterThan(100_000);
    await client.disconnect();
  });

  it('answers 200 pipelined commands in order', async () => {
    const { client } = await connected();
    const order: number[] = [];
    const commands = Array.from({ length: 200 }, async (_, number) => {
      await client.execute('query-name');
      order.push(number);
    });
    await Promise.all(commands);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    await client.disconnect();
  });

  it('executes an out-of-band command ahead of the queued commands', async () => {
    const { client } = await connected();
    const order: string[] = [];
    const record = (name: string) => () => order.push(name);
    const slow = [1, 2, 3, 4, 5].map(() =>
      client.execute('query-qmp-schema').then(record('query-qmp-schema')),
    );
    await client.execute('query-yank', undefined, { oob: true }).then(record('query-yank'));
    await Promise.all(slow);
    expect(order.indexOf('query-yank')).toBeLessThan(5);
    expect(await rejection(client.execute('query-name', {}, { oob: true }))).toMatchObject({
      errorClass: 'GenericError',
    });
    await client.disconnect();
  });

  it('greets the same client again after each session', async () => {
    const { client, address } = await connected();
    for (let round = 0; round < 5; round += 1) {
      await client.disconnect({ force: round % 2 === 1 });
      await client.connect(address);
      expect(await client.execute('query-name')).toEqual({});
    }
    await client.disconnect();
  });

  it('serves a second client when the first has left', async () => {
    const { peer, client, address } = await connected();
    const hasty = createClient({ timeouts: { handshake: 50 } });
    const busy = await rejection(hasty.connect(address));
    expect(busy).toMatchObject({ retryable: true, phase: 'session' });
    expect(busy).toHaveProperty('cause', expect.any(BusyMonitorError));
    const patient = createClient();
    const waiting = patient.connect(address);
    expect(await client.execute('query-name')).toEqual({});
    expect(await hasSettled(waiting)).toBe(false);
    await client.disconnect();
    await peer.unlessExited(waiting);
    expect(await patient.execute('query-name')).toEqual({});
    await patient.disconnect();
  });

  it('is understood with pretty=on', async () => {
    const { peer, address } = await onSocket((at) =>
      startQemu(
        path,
        ...['-chardev', `socket,id=c,path=${at},server=on,wait=off`],
        ...['-mon', 'chardev=c,mode=control,pretty=on'],
      ),
    );
    const client = await peer.connect(address);
    const events = client.events();
    await client.execute('cont');
    expect(await namesOf(events, 1)).toEqual(['RESUME']);
    expect(await client.execute('query-commands')).toContainEqual({ name: 'quit' });
    await client.disconnect();
  });

  describe('on quit', () => {
    it.each([
      ['UNIX', 20],
      ['TCP', 10],
    ])(
      'over %s, %i times, sends SHUTDOWN and the reply, and ends the session cleanly',
      async (kind, rounds) => {
        for (let round = 0; round < rounds; round += 1) {
          const port = await freePort();
          const { peer, address } =
            kind === 'UNIX'
              ? await onUnix()
              : {
                  peer: startQemu(path, '-qmp', `tcp:127.0.0.1:${String(port)},server=on,wait=off`),
                  address: { host: '127.0.0.1', port },
                };
          await expectCleanQuit(await peer.connect(address));
          expect(await peer.exited).toBe(0);
        }
      },
    );
  });

  it('that is killed interrupts the commands in flight, and the client returns to IDLE', async () => {
    const { peer, client } = await connected();
    const recording = recordRunstates(client);
    await suspend(peer.child);
    const interrupted = (['query-name', 'query-status'] as const).map((name) =>
      rejection(client.execute(name)),
    );
    await client.protocol.flush();
    peer.child.kill('SIGKILL');
    const { cause } = await client.closed;
    expect(cause).toBeInstanceOf(ClosedError);
    for (const error of await Promise.all(interrupted)) {
      expect(error).toBeInstanceOf(ExecInterruptedError);
      expect(error).toHaveProperty('cause', cause);
    }
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES.slice(2));
    expect(await peer.exited).toBe('SIGKILL');
  });

  it('can dial a listening client', async () => {
    const client = createClient();
    const at = `${await tempDir()}/qmp.sock`;
    await client.listen(at);
    const peer = startQemu(path, '-qmp', `unix:${at}`);
    await peer.unlessExited(client.accept());
    await expectCleanQuit(client);
    expect(await peer.exited).toBe(0);
  });

  it('dials again after a session, with reconnect=1', async () => {
    const client = createClient();
    const at = `${await tempDir()}/qmp.sock`;
    await client.listen(at);
    const peer = startQemu(path, ...dialingMonitor(at, version));
    await peer.unlessExited(client.accept());
    expect(await client.execute('query-name')).toEqual({});
    await client.disconnect();
    await client.listen(at);
    await peer.unlessExited(client.accept());
    expect(await client.execute('query-name')).toEqual({});
    await client.disconnect();
  });
});

/** Executes `quit`; expects its reply, the event SHUTDOWN, and a clean end of the session. */
async function expectCleanQuit(client: QmpClient): Promise<void> {
  const events = client.events();
  expect(await client.execute('quit')).toEqual({});
  expect(await client.closed).toEqual({
    shutdown: { guest: false, reason: 'host-qmp-quit' },
    suppressed: [],
    undelivered: 0,
  });
  expect((await events.next()).value).toMatchObject({
    event: 'SHUTDOWN',
    data: { guest: false, reason: 'host-qmp-quit' },
  });
  expect(await events.next()).toMatchObject({ done: true });
  expect(client.runstate).toBe('IDLE');
}
