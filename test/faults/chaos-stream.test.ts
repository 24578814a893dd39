/** Protocols over streams that misbehave by chance: whatever happens, what was promised holds. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AsyncProtocol, type JsonObject, lines, WirechartError } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { thorough } from '../support/thorough.ts';
import { type Break, BREAKAGES, type Chaos, chaosPair, type ChaosStream } from './chaos-stream.ts';
import { wire as says } from './vocabulary.ts';

expectIdleAfterEach();

/** Short, but not too short for a callback that is some turns late. */
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

/** A protocol of lines, what it hears, and how each of its promises ends. */
class Side {
  readonly heard: string[] = [];
  readonly protocol: AsyncProtocol<string>;
  readonly promises: Promise<unknown>[] = [];
  readonly errors: unknown[] = [];
  #states: ReturnType<typeof recordRunstates>;

  constructor() {
    const onMessage = (line: string): void => {
      this.heard.push(line);
    };
    this.protocol = new AsyncProtocol({ codec: lines(), onMessage }, { timeouts: TIMEOUTS });
    this.#states = recordRunstates(this.protocol);
  }

  /** Notes how a promise ends; it must. */
  watch(promise: Promise<unknown>): void {
    this.promises.push(promise.catch((error: unknown) => this.errors.push(error)));
  }

  async home(): Promise<void> {
    await this.protocol.closed;
    expect(await this.#states.until('IDLE')).toEqual(SESSION_RUNSTATES);
    await Promise.all(this.promises);
    for (const error of this.errors) expect(error).toBeInstanceOf(WirechartError);
  }
}

/** Sends all of it, and then leaves. */
function speak(side: Side, said: readonly string[]): void {
  for (const line of said) side.watch(side.protocol.send(line));
  side.watch(side.protocol.flush());
  side.watch(side.protocol.disconnect());
}

const textOf = (said: readonly string[]): string => said.map((line) => `${line}\n`).join('');
const bytesOf = (said: readonly string[]): string => Buffer.from(textOf(said)).toString('latin1');

/** What was accepted was written at most once and in order, and what is not counted as lost has passed. */
function expectWritten(side: Side, said: readonly string[], stream: ChaosStream): void {
  const undelivered = side.protocol.outcome?.undelivered ?? 0;
  const refused = side.errors.filter(
    (error) => error instanceof WirechartError && error.code === 'ERR_STATE',
  );
  const accepted = said.slice(0, said.length - Math.min(refused.length, said.length));
  expect(bytesOf(said).startsWith(stream.passed)).toBe(true);
  const delivered = accepted.slice(0, Math.max(0, accepted.length - undelivered));
  expect(stream.taken.startsWith(bytesOf(delivered))).toBe(true);
}

const isPrefix = (heard: readonly string[], said: readonly string[]): boolean =>
  heard.every((line, at) => line === said[at]) && heard.length <= said.length;

describe('over a stream that only takes its time and cuts as it likes', () => {
  it('every message arrives, once and in order, both ways', async () => {
    const property = fc.asyncProperty(seed, messages, messages, async (number, toRight, toLeft) => {
      const [left, right] = [new Side(), new Side()];
      const streams = chaosPair({ seed: number });
      await Promise.all([
        left.protocol.connect({ stream: streams[0] }),
        right.protocol.connect({ stream: streams[1] }),
      ]);
      for (const line of toRight) left.watch(left.protocol.send(line));
      for (const line of toLeft) right.watch(right.protocol.send(line));
      await Promise.all([left.protocol.flush(), right.protocol.flush()]);
      while (right.heard.length < toRight.length || left.heard.length < toLeft.length) {
        await new Promise(setImmediate);
      }
      left.watch(left.protocol.disconnect());
      await Promise.all([left.home(), right.home()]);
      expect([right.heard, left.heard]).toEqual([toRight, toLeft]);
      expect(left.protocol.outcome).toMatchObject({ undelivered: 0 });
      expect(left.protocol.outcome?.cause).toBeUndefined();
      expect(left.errors).toEqual([]);
    });
    await fc.assert(property, { numRuns: RUNS });
  });
});

describe('over a stream that breaks at any byte, in any way', () => {
  it('every session comes home, every promise ends, and nothing is told that is not so', async () => {
    const property = fc.asyncProperty(chaos, messages, messages, async (how, toRight, toLeft) => {
      const [left, right] = [new Side(), new Side()];
      const streams = chaosPair(how);
      const connected = await Promise.allSettled([
        left.protocol.connect({ stream: streams[0] }),
        right.protocol.connect({ stream: streams[1] }),
      ]);
      expect(connected.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
      speak(left, toRight);
      speak(right, toLeft);
      await Promise.all([left.home(), right.home()]);
      expect(isPrefix(right.heard, toRight)).toBe(true);
      expect(isPrefix(left.heard, toLeft)).toBe(true);
      expectWritten(left, toRight, streams[0]);
      expectWritten(right, toLeft, streams[1]);
      for (const stream of streams) expect(stream.destroyed).toBe(true);
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it('every command of QMP is answered with its own answer, or interrupted by the cause', async () => {
    const property = fc.asyncProperty(chaos, fc.nat(20), async (how, count) => {
      const streams = chaosPair(how);
      play(streams[1]);
      const client = new QmpClient({ timeouts: TIMEOUTS });
      const states = recordRunstates(client);
      const connected = await Promise.allSettled([client.connect({ stream: streams[0] })]);
      const isUp = connected[0].status === 'fulfilled';
      const numbers = isUp ? Array.from({ length: count }, (_, number) => number) : [];
      const commands = numbers.map((number) => client.execute('echo', { number }));
      const settled = Promise.allSettled(commands);
      // What is lost on the way is never answered: somebody has to leave.
      await Promise.race([settled, client.closed, patience()]);
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

/** Turns of the event loop enough for all that comes by chance. */
async function patience(): Promise<void> {
  for (let turns = 0; turns < 300; turns += 1) await new Promise(setImmediate);
}

function expectInterrupted(reason: unknown, client: QmpClient): void {
  // A command that finds the session ended already is refused.
  if (reason instanceof WirechartError && reason.code === 'ERR_STATE') return;
  expect(reason).toMatchObject({ code: 'ERR_QMP_INTERRUPTED' });
  const { cause } = client.outcome ?? {};
  if (cause === undefined) expect(reason).toHaveProperty('cause.expected', true);
  else expect(reason).toHaveProperty('cause', cause);
}

/** Plays a monitor that says back the arguments of a command, with events before and after. */
function play(stream: ChaosStream): void {
  let text = '';
  stream.write(says.greeting);
  stream.on('end', () => stream.end());
  stream.on('data', (chunk: Buffer) => {
    const commands = (text + chunk.toString('latin1')).split('\n');
    text = commands.pop() ?? '';
    for (const command of commands) {
      if (stream.writableEnded || stream.destroyed) return;
      const { id, arguments: args } = JSON.parse(command) as JsonObject;
      const reply = JSON.stringify({ return: args ?? {}, id });
      stream.write(`${says.event}${reply}\r\n${says.event}`);
    }
  });
}
