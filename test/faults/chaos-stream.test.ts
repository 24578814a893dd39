/** Protocols over streams that misbehave at random keep their promises. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AsyncProtocol, type JsonObject, lines, WirechartError } from '../../src/index.ts';
import { type AnyQapi, QmpClient } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { thorough } from '../support/thorough.ts';
import { type Break, BREAKAGES, type Chaos, chaosPair, type ChaosStream } from './chaos-stream.ts';
import { MONITOR } from './support.ts';

expectIdleAfterEach();

/** Short, but long enough for callbacks that are delayed by some turns. */
const TIMEOUTS = { flush: 30, close: 30, handshake: 200 };
const RUNS = thorough(150, 3000);

const message = fc.string({
  unit: fc.constantFrom('a', 'b', 'é', '😀', '{', '"', ' '),
  maxLength: 60,
});
const messages = fc.array(message, { maxLength: 30, size: 'max' });
const seed = fc.nat(2 ** 31 - 1);
const breaks: fc.Arbitrary<Break> = fc.record({
  at: fc.nat(1500),
  how: fc.constantFrom(...BREAKAGES),
});
const chaos: fc.Arbitrary<Chaos> = fc.record({
  seed,
  right: fc.option(breaks, { nil: undefined }),
  left: fc.option(breaks, { nil: undefined }),
});

/** A line protocol, the messages that it receives, and the errors of its promises. */
class Endpoint {
  readonly received: string[] = [];
  readonly protocol: AsyncProtocol<string>;
  readonly promises: Promise<unknown>[] = [];
  readonly errors: unknown[] = [];
  #states: ReturnType<typeof recordRunstates>;

  constructor() {
    const onMessage = (line: string): void => {
      this.received.push(line);
    };
    this.protocol = new AsyncProtocol({ codec: lines(), onMessage }, { timeouts: TIMEOUTS });
    this.#states = recordRunstates(this.protocol);
  }

  /** Collects the error of a promise, which must settle. */
  watch(promise: Promise<unknown>): void {
    this.promises.push(promise.catch((error: unknown) => this.errors.push(error)));
  }

  async expectIdle(): Promise<void> {
    await this.protocol.closed;
    expect(await this.#states.until('IDLE')).toEqual(SESSION_RUNSTATES);
    await Promise.all(this.promises);
    for (const error of this.errors) expect(error).toBeInstanceOf(WirechartError);
  }
}

/** Sends all messages, flushes and disconnects. */
function sendAll(endpoint: Endpoint, sent: readonly string[]): void {
  for (const line of sent) endpoint.watch(endpoint.protocol.send(line));
  endpoint.watch(endpoint.protocol.flush());
  endpoint.watch(endpoint.protocol.disconnect());
}

const textOf = (sent: readonly string[]): string => sent.map((line) => `${line}\n`).join('');
const bytesOf = (sent: readonly string[]): string => Buffer.from(textOf(sent)).toString('latin1');

/** Asserts that messages were written once at most and in order, unless counted as undelivered. */
function expectWritten(endpoint: Endpoint, sent: readonly string[], stream: ChaosStream): void {
  const undelivered = endpoint.protocol.outcome?.undelivered ?? 0;
  const rejected = endpoint.errors.filter(
    (error) => error instanceof WirechartError && error.code === 'ERR_STATE',
  );
  const accepted = sent.slice(0, sent.length - Math.min(rejected.length, sent.length));
  expect(bytesOf(sent).startsWith(stream.delivered)).toBe(true);
  const delivered = accepted.slice(0, Math.max(0, accepted.length - undelivered));
  expect(stream.written.startsWith(bytesOf(delivered))).toBe(true);
}

const isPrefix = (received: readonly string[], sent: readonly string[]): boolean =>
  received.every((line, at) => line === sent[at]) && received.length <= sent.length;

describe('over a stream with random delays and chunks', () => {
  it('every message arrives once and in order, both ways', async () => {
    const property = fc.asyncProperty(seed, messages, messages, async (number, toRight, toLeft) => {
      const [left, right] = [new Endpoint(), new Endpoint()];
      const streams = chaosPair({ seed: number });
      await Promise.all([
        left.protocol.connect({ stream: streams[0] }),
        right.protocol.connect({ stream: streams[1] }),
      ]);
      for (const line of toRight) left.watch(left.protocol.send(line));
      for (const line of toLeft) right.watch(right.protocol.send(line));
      await Promise.all([left.protocol.flush(), right.protocol.flush()]);
      while (right.received.length < toRight.length || left.received.length < toLeft.length) {
        await new Promise(setImmediate);
      }
      left.watch(left.protocol.disconnect());
      await Promise.all([left.expectIdle(), right.expectIdle()]);
      expect([right.received, left.received]).toEqual([toRight, toLeft]);
      expect(left.protocol.outcome).toMatchObject({ undelivered: 0 });
      expect(left.protocol.outcome?.cause).toBeUndefined();
      expect(left.errors).toEqual([]);
    });
    await fc.assert(property, { numRuns: RUNS });
  });
});

describe('over a stream that breaks at any byte, in any way', () => {
  it('every session returns to IDLE, with a correct outcome, and every promise settles', async () => {
    const property = fc.asyncProperty(chaos, messages, messages, async (how, toRight, toLeft) => {
      const [left, right] = [new Endpoint(), new Endpoint()];
      const streams = chaosPair(how);
      const connected = await Promise.allSettled([
        left.protocol.connect({ stream: streams[0] }),
        right.protocol.connect({ stream: streams[1] }),
      ]);
      expect(connected.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
      sendAll(left, toRight);
      sendAll(right, toLeft);
      await Promise.all([left.expectIdle(), right.expectIdle()]);
      expect(isPrefix(right.received, toRight)).toBe(true);
      expect(isPrefix(left.received, toLeft)).toBe(true);
      expectWritten(left, toRight, streams[0]);
      expectWritten(right, toLeft, streams[1]);
      for (const stream of streams) expect(stream.destroyed).toBe(true);
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it('every QMP command gets its own reply, or is interrupted by the cause', async () => {
    const property = fc.asyncProperty(chaos, fc.nat(20), async (how, count) => {
      const streams = chaosPair(how);
      serveMonitor(streams[1]);
      const client = new QmpClient<AnyQapi>({ timeouts: TIMEOUTS });
      const states = recordRunstates(client);
      const connected = await Promise.allSettled([client.connect({ stream: streams[0] })]);
      const isUp = connected[0].status === 'fulfilled';
      const numbers = isUp ? Array.from({ length: count }, (_, number) => number) : [];
      const commands = numbers.map((number) => client.execute('echo', { number }));
      const settled = Promise.allSettled(commands);
      // Without a deadline, a lost command is answered only by the disconnect.
      await Promise.race([settled, client.closed, manyTurns()]);
      await client.disconnect().catch(() => undefined);
      for (const [number, one] of (await settled).entries()) {
        if (one.status === 'fulfilled') expect(one.value).toEqual({ number });
        else expectInterrupted(one.reason, client);
      }
      const seen = await states.until('IDLE');
      expect(seen).toEqual(
        isUp ? SESSION_RUNSTATES : SESSION_RUNSTATES.filter((state) => state !== 'RUNNING'),
      );
      expect(streams[0].destroyed).toBe(true);
      streams[1].destroy();
    });
    await fc.assert(property, { numRuns: RUNS / 3 });
  });
});

/** Waits for more turns of the event loop than the random delays take. */
async function manyTurns(): Promise<void> {
  for (let turns = 0; turns < 300; turns += 1) await new Promise(setImmediate);
}

function expectInterrupted(reason: unknown, client: QmpClient<AnyQapi>): void {
  // The session had ended before the command was called.
  if (reason instanceof WirechartError && reason.code === 'ERR_STATE') return;
  expect(reason).toMatchObject({ code: 'ERR_QMP_INTERRUPTED' });
  const { cause } = client.outcome ?? {};
  if (cause === undefined) expect(reason).toHaveProperty('cause.expected', true);
  else expect(reason).toHaveProperty('cause', cause);
}

/**
 * Serves as a monitor that replies with the arguments of a command, with events around the reply.
 */
function serveMonitor(stream: ChaosStream): void {
  let text = '';
  stream.write(MONITOR.greeting);
  stream.on('end', () => stream.end());
  stream.on('data', (chunk: Buffer) => {
    const commands = (text + chunk.toString('latin1')).split('\n');
    text = commands.pop() ?? '';
    for (const command of commands) {
      if (stream.writableEnded || stream.destroyed) return;
      const { id, arguments: args } = JSON.parse(command) as JsonObject;
      const reply = JSON.stringify({ return: args ?? {}, id });
      stream.write(`${MONITOR.event}${reply}\r\n${MONITOR.event}`);
    }
  });
}
