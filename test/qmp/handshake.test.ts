/** The beginning of a session: the greeting, the negotiation, and messages in between. */

import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { ClosedError, CodecError, ConnectError, TimeoutError } from '../../src/index.ts';
import { BusyMonitorError, GreetingError, NegotiationError } from '../../src/qmp/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { FAILED_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { hasSettled, rejection, turn } from '../support/signal.ts';
import {
  createClient,
  eventOf,
  greetingOf,
  ManualMonitor,
  namesOf,
  session,
} from '../support/qmp.ts';

expectIdleAfterEach();

const VERSION = { qemu: { major: 7, minor: 2, micro: 22 }, package: '' };

/** Returns a client that is connecting, and its monitor. */
function connecting(client = createClient()) {
  const monitor = new ManualMonitor();
  return { client, monitor, connected: client.connect({ stream: monitor.stream }) };
}

describe('a greeting', () => {
  it.each([
    ['no QMP', { hello: 1 }],
    ['a QMP that is a string', { QMP: 'yes' }],
    ['a QMP that is an array', { QMP: [] }],
    ['no version', { QMP: { capabilities: [] } }],
    ['a version that is a string', { QMP: { version: '7.2', capabilities: [] } }],
    ['a version without numbers', { QMP: { version: { package: '' }, capabilities: [] } }],
    ['no capabilities', { QMP: { version: VERSION } }],
    ['capabilities that are a string', { QMP: { version: VERSION, capabilities: 'oob' } }],
    ['a malformed error', { error: 'no' }],
  ])('with %s is a GreetingError, and not retryable', async (_, greeting) => {
    const { client, monitor, connected } = connecting();
    const recording = recordRunstates(client);
    monitor.send(greeting);
    const error = await rejection(connected);
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ phase: 'session', retryable: false, code: 'ERR_CONNECT' });
    expect(error).toHaveProperty('cause', expect.any(GreetingError));
    expect(error).toHaveProperty('cause.received', greeting);
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES.slice(1));
    expect(client.greeting).toBeUndefined();
  });

  it.each([
    ['a number', '5\r\n'],
    ['a string', '"QMP"\r\n'],
    ['an array', '[{"QMP": {}}]\r\n'],
    ['not JSON', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['broken JSON', '{"QMP": }\r\n'],
    ['not UTF-8', Buffer.from([...Buffer.from('{"QMP": "'), 0xc3, 0x28, 0x22, 0x7d, 0x0a])],
  ])('that is %s is a CodecError, and not retryable', async (_, greeting) => {
    const { client, monitor, connected } = connecting();
    monitor.send(greeting);
    const error = await rejection(connected);
    expect(error).toMatchObject({ phase: 'session', retryable: false });
    expect(error).toHaveProperty('cause', expect.any(CodecError));
    expect(client.runstate).toBe('IDLE');
  });

  it('X-16 can follow a byte 0xFF', async () => {
    const { client, monitor, connected } = connecting();
    monitor.send(Uint8Array.of(0xff));
    await monitor.establish();
    await connected;
    expect(client.greeting).toEqual(greetingOf());
    await client.disconnect();
  });

  it('that never arrives is a BusyMonitorError, and retryable', async () => {
    const clock = new SimulatedClock();
    const { client, connected } = connecting(createClient({ clock }));
    const rejected = rejection(connected);
    await turn();
    clock.increment(9_999);
    expect(await hasSettled(rejected)).toBe(false);
    clock.increment(1);
    const error = await rejected;
    expect(error).toMatchObject({ phase: 'session', retryable: true, code: 'ERR_CONNECT' });
    expect(error).toHaveProperty('cause', expect.any(BusyMonitorError));
    expect(error).toHaveProperty('cause', expect.any(TimeoutError));
    expect(error).toMatchObject({ cause: { phase: 'handshake', ms: 10_000 } });
    expect(client.outcome?.cause).toBe(error);
    expect(client.runstate).toBe('IDLE');
  });

  it('replaced by the end of the stream is a ClosedError, and retryable', async () => {
    const { monitor, connected } = connecting();
    monitor.peer.end();
    const error = await rejection(connected);
    expect(error).toMatchObject({ phase: 'session', retryable: true });
    expect(error).toHaveProperty('cause', expect.any(ClosedError));
  });

  it('is kept until the next attempt begins', async () => {
    const { client } = await session();
    expect(client.greeting).toEqual(greetingOf());
    await client.disconnect();
    expect(client.greeting).toEqual(greetingOf());
    const { monitor, connected } = connecting(client);
    expect(client.greeting).toBeUndefined();
    monitor.send(greetingOf([], 23));
    monitor.reply(await monitor.take());
    await connected;
    expect(client.greeting?.QMP.version.qemu.micro).toBe(23);
    expect(client.greeting?.QMP.capabilities).toEqual([]);
    await client.disconnect();
  });

  it('is kept until the next listen()', async () => {
    const { client } = await session();
    await client.disconnect();
    await client.listen(`${await tempDir()}/socket`);
    const { greeting } = client;
    await client.disconnect();
    expect(greeting).toBeUndefined();
  });

  it('is kept when connect() rejects with a StateError', async () => {
    const { client, monitor } = await session();
    await expect(client.connect({ stream: monitor.stream })).rejects.toMatchObject({
      code: 'ERR_STATE',
    });
    expect(client.greeting).toEqual(greetingOf());
    await client.disconnect();
  });
});

describe('the negotiation', () => {
  it('enables oob when the server offers it', async () => {
    const { client, monitor, negotiation } = await session();
    expect(negotiation).toEqual({
      execute: 'qmp_capabilities',
      arguments: { enable: ['oob'] },
      id: expect.any(Number) as number,
    });
    expect(monitor.text).toBe(`${JSON.stringify(negotiation)}\n`);
    await client.disconnect();
  });

  it.each([[[]], [['color']]])(
    'enables nothing when the server offers %j',
    async (capabilities) => {
      const { client, monitor, connected } = connecting();
      const negotiation = await monitor.establish(capabilities);
      await connected;
      expect(negotiation).toEqual({ execute: 'qmp_capabilities', id: negotiation.id });
      await client.disconnect();
    },
  );

  it.each([
    ['with its id', true],
    ['without an id', false],
  ])('answered by an error %s is a NegotiationError', async (_, withId) => {
    const { monitor, connected } = connecting();
    monitor.send(greetingOf());
    const { id } = await monitor.take();
    const error = { class: 'CommandNotFound', desc: 'no such thing' };
    monitor.send({ error, ...(withId && { id }) });
    const failed = await rejection(connected);
    expect(failed).toMatchObject({ phase: 'session', retryable: false });
    expect(failed).toHaveProperty('cause', expect.any(NegotiationError));
    expect(failed).toMatchObject({
      message: expect.stringContaining('CommandNotFound: no such thing') as string,
      cause: { errorClass: 'CommandNotFound', description: 'no such thing' },
    });
  });

  it('answered by a malformed reply is a NegotiationError', async () => {
    const { monitor, connected } = connecting();
    monitor.send(greetingOf());
    const { id } = await monitor.take();
    monitor.send({ error: 'no', id });
    const failed = await rejection(connected);
    expect(failed).toHaveProperty('cause', expect.any(NegotiationError));
    expect(failed).toMatchObject({ cause: { errorClass: undefined, description: undefined } });
  });

  it('that is not answered is a TimeoutError, not a BusyMonitorError', async () => {
    const clock = new SimulatedClock();
    const { client, monitor, connected } = connecting(createClient({ clock }));
    monitor.send(greetingOf());
    await monitor.take();
    clock.increment(10_000);
    const error = await rejection(connected);
    expect(error).toMatchObject({ retryable: true, cause: { code: 'ERR_TIMEOUT' } });
    expect(error).toHaveProperty(
      'cause.message',
      'The server has greeted, and not answered qmp_capabilities within 10000 ms',
    );
    expect(client.greeting).toEqual(greetingOf());
  });
});

describe('X-17 other messages during the handshake', () => {
  it('are ignored if they are replies to an earlier client', async () => {
    const { client, monitor, connected } = connecting();
    const stale = { return: {}, id: '__qmp#00001' };
    monitor.send(stale, { error: { class: 'GenericError', desc: 'stale' }, id: 7 });
    monitor.send(greetingOf(), stale);
    const { id } = await monitor.take();
    monitor.send(stale, { return: {} }, { error: { class: 'GenericError', desc: 'x' }, id: 'x' });
    expect(await hasSettled(connected)).toBe(false);
    monitor.send({ return: {}, id });
    await connected;
    await client.disconnect();
  });

  it('are dispatched to listeners and handlers if they are events', async () => {
    const { client, monitor, connected } = connecting();
    const handled: string[] = [];
    const all = client.events();
    client.on('TWO', ({ event }) => handled.push(event));
    monitor.send(eventOf('ONE'), greetingOf(), eventOf('TWO'));
    const negotiation = await monitor.take();
    monitor.send(eventOf('THREE'));
    monitor.reply(negotiation);
    await connected;
    expect(await namesOf(all, 3)).toEqual(['ONE', 'TWO', 'THREE']);
    expect(handled).toEqual(['TWO']);
    await client.disconnect();
  });
});

describe('X-07 the negotiation reply in one chunk', () => {
  it('with events: they reach a listener that is added on the line after connect()', async () => {
    const { client, monitor, connected } = connecting();
    monitor.send(greetingOf());
    const { id } = await monitor.take();
    monitor.send({ return: {}, id }, eventOf('RESUME'), eventOf('STOP'), eventOf('RESUME'));
    await connected;
    const events = client.events(['RESUME']);
    const stopped = client.waitFor('STOP');
    expect(await namesOf(events, 2)).toEqual(['RESUME', 'RESUME']);
    expect((await stopped).event).toBe('STOP');
    await client.disconnect();
  });

  it('with an event: the event is dispatched', async () => {
    const { client, monitor, connected } = connecting();
    const events = client.events('RESUME');
    monitor.send(greetingOf());
    const { id } = await monitor.take();
    monitor.send({ return: {}, id }, eventOf('RESUME'));
    await connected;
    expect(await namesOf(events, 1)).toEqual(['RESUME']);
    await client.disconnect();
  });

  it.each([
    ['junk', CodecError],
    ['the end', ClosedError],
  ])(
    'with %s: the attempt or the session fails with the error, and the state is IDLE again',
    async (what, type) => {
      const { client, monitor, connected } = connecting();
      monitor.send(greetingOf());
      const { id } = await monitor.take();
      monitor.send({ return: {}, id }, what === 'junk' ? '%$\r\n' : '');
      if (what === 'the end') monitor.peer.end();
      const [attempt] = await Promise.allSettled([connected]);
      if (attempt.status === 'rejected') expect(attempt.reason).toBeInstanceOf(ConnectError);
      const { cause } = await client.closed;
      expect(attempt.status === 'rejected' ? cause?.cause : cause).toBeInstanceOf(type);
      expect(client.runstate).toBe('IDLE');
    },
  );
});

describe('X-03 disconnect()', () => {
  it.each([
    ['the greeting', false],
    ['the negotiation', true],
  ])('while %s is awaited rejects connect() as aborted, and resolves', async (_, greeted) => {
    const { logger, records } = recordingLogger();
    const { client, monitor, connected } = connecting(createClient({ logger }));
    const rejected = rejection(connected);
    if (greeted) {
      monitor.send(greetingOf());
      await monitor.take();
    } else await turn();
    await client.disconnect();
    expect(await rejected).toBeInstanceOf(ConnectError);
    expect(await rejected).toMatchObject({ code: 'ERR_CONNECT_ABORTED', retryable: false });
    expect(client.runstate).toBe('IDLE');
    expect(records.filter((record) => /^(warn|error)/.test(record))).toEqual([]);
  });
});
