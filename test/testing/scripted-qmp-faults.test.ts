/** The faults of a scripted server, in each place where one can be injected. */

import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { ClosedError, CodecError, ConnectError } from '../../src/index.ts';
import { BusyMonitorError, ExecInterruptedError } from '../../src/qmp/index.ts';
import { type Fault, faults } from '../../src/testing/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient, createServer, namesOf, scripted } from '../support/qmp.ts';
import { hasSettled, rejection } from '../support/signal.ts';

expectIdleAfterEach();

const EVENT = '{"event":"STOP","timestamp":{"seconds":0,"microseconds":0}}\r\n';

describe('a fault in place of an answer', () => {
  it('silence(): the command is not answered, and the next one is', async () => {
    const { client } = await scripted({ commands: { x: faults.silence() } });
    const silent = client.execute('x');
    expect(await client.execute('query-name')).toEqual({});
    expect(await hasSettled(silent)).toBe(false);
    const interrupted = rejection(silent);
    await client.disconnect();
    expect(await interrupted).toBeInstanceOf(ExecInterruptedError);
  });

  it('raw(): only the bytes are sent', async () => {
    const { client } = await scripted({
      commands: {
        x: ({ command }) => faults.raw(`${EVENT}${JSON.stringify({ return: 1, id: command.id })}`),
      },
    });
    const stopped = client.waitFor('STOP');
    expect(await client.execute('x')).toBe(1);
    await stopped;
    await client.disconnect();
  });

  it.each<[string, Fault, new (...args: never) => Error]>([
    ['raw() junk', faults.raw('%$\r\n'), CodecError],
    ['raw() binary junk', faults.raw(Uint8Array.of(0x80, 0x81, 0x0a)), CodecError],
    ['end()', faults.end(), ClosedError],
    ['end() in a message', faults.end('{"retu'), CodecError],
    ['drop()', faults.drop(), ClosedError],
  ])('%s: the session fails, and the client can reconnect', async (_, fault, type) => {
    const server = createServer({ commands: { x: fault } });
    const client = createClient();
    const address = await server.listen();
    for (let round = 0; round < 2; round += 1) {
      await client.connect(address);
      const interrupted = await rejection(client.execute('x'));
      expect(interrupted).toBeInstanceOf(ExecInterruptedError);
      expect(interrupted).toHaveProperty('cause', expect.any(type));
      expect((await client.closed).cause).toBeInstanceOf(type);
    }
  });

  it('end() after an answer: the answer is received', async () => {
    const { client } = await scripted({
      commands: {
        x: ({ command }) => faults.end(JSON.stringify({ return: 1, id: command.id })),
      },
    });
    expect(await client.execute('x')).toBe(1);
    expect((await client.closed).cause).toBeInstanceOf(ClosedError);
  });
});

describe('a fault in place of the greeting', () => {
  it('silence(): the attempt fails with a BusyMonitorError', async () => {
    const clock = new SimulatedClock();
    const server = createServer({ greeting: faults.silence() });
    const client = createClient({ clock });
    const connected = rejection(client.connect(await server.listen()));
    while (!(await hasSettled(connected))) clock.increment(5_000);
    expect(await connected).toHaveProperty('cause', expect.any(BusyMonitorError));
  });

  it.each<[string, Fault, object]>([
    ['raw()', faults.raw('SSH-2.0\r\n'), { retryable: false, cause: { code: 'ERR_CODEC' } }],
    ['end()', faults.end(), { retryable: true, cause: { code: 'ERR_CLOSED' } }],
    ['end() in it', faults.end('{"QMP":'), { retryable: true, cause: { code: 'ERR_CODEC' } }],
    ['drop()', faults.drop(), { retryable: true, cause: { code: 'ERR_CLOSED' } }],
  ])('%s: the attempt fails', async (_, greeting, error) => {
    const server = createServer({ greeting });
    const client = createClient();
    const failed = await rejection(client.connect(await server.listen()));
    expect(failed).toBeInstanceOf(ConnectError);
    expect(failed).toMatchObject({ phase: 'session', ...error });
    expect(client.runstate).toBe('IDLE');
  });

  it('another greeting: the client gets it', async () => {
    const greeting = {
      QMP: { version: { qemu: { major: 9, minor: 1, micro: 2 }, package: '' }, capabilities: [] },
    };
    const { client, server } = await scripted({ greeting });
    expect(client.greeting).toEqual(greeting);
    expect(server.received[0]).not.toHaveProperty('arguments');
    await client.disconnect();
  });

  it('a greeting that is none: GreetingError', async () => {
    const server = createServer({ greeting: { hello: 1 } });
    const client = createClient();
    const failed = await rejection(client.connect(await server.listen()));
    expect(failed).toMatchObject({ cause: { code: 'ERR_QMP_GREETING' } });
  });
});

describe('a fault in place of the reply to the negotiation', () => {
  it.each<[string, Fault, object]>([
    ['raw()', faults.raw('%$\r\n'), { retryable: false, cause: { code: 'ERR_CODEC' } }],
    ['end()', faults.end(), { retryable: true, cause: { code: 'ERR_CLOSED' } }],
    ['drop()', faults.drop(), { retryable: true, cause: { code: 'ERR_CLOSED' } }],
  ])('%s: the attempt fails', async (_, fault, error) => {
    const server = createServer({ commands: { qmp_capabilities: fault } });
    const client = createClient();
    const failed = await rejection(client.connect(await server.listen()));
    expect(failed).toMatchObject({ phase: 'session', ...error });
    expect(client.greeting).toBeDefined();
  });
});

describe('show()', () => {
  it.each<[string, Fault, string | undefined]>([
    ['raw() junk', faults.raw('%$\r\n'), 'ERR_CODEC'],
    ['end()', faults.end(), 'ERR_CLOSED'],
    ['end() with bytes', faults.end(EVENT), 'ERR_CLOSED'],
    ['drop()', faults.drop(), 'ERR_CLOSED'],
  ])('%s fails the session', async (_, fault, code) => {
    const { client, server } = await scripted();
    const events = client.events();
    await client.execute('query-name');
    server.show(fault);
    const { cause } = await client.closed;
    expect(cause).toMatchObject({ code });
    const hasEvent = fault.bytes.length > 0 && code !== 'ERR_CODEC';
    expect(await namesOf(events, hasEvent ? 1 : 0)).toEqual(hasEvent ? ['STOP'] : []);
    expect(await rejection(events.next())).toBe(cause);
  });

  it('raw() can send an event, and silence() does nothing', async () => {
    const { client, server } = await scripted();
    await client.execute('query-name');
    const stopped = client.waitFor('STOP');
    server.show(faults.silence());
    server.show(faults.raw(EVENT));
    await stopped;
    await client.disconnect();
  });

  it('does nothing without a client', async () => {
    const server = createServer();
    server.show(faults.drop());
    const address = await server.listen();
    for (const fault of [faults.raw('x'), faults.end(), faults.drop()]) server.show(fault);
    const client = createClient();
    await client.connect(address);
    expect(await client.execute('query-name')).toEqual({});
    await client.disconnect();
  });
});
