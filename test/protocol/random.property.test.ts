/** Whatever is done in whatever order: every promise settles, and the protocols come home. */

import fc from 'fast-check';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type AsyncProtocol, lines, streamPair, WirechartError } from '../../src/index.ts';
import { createProtocol, expectHomeAfterEach } from '../support/home.ts';
import { turn } from '../support/signal.ts';

expectHomeAfterEach();

/** The two protocols of a run, the streams between them, and every promise that was handed out. */
interface World {
  readonly sides: readonly AsyncProtocol<string>[];
  readonly promises: Promise<unknown>[];
  readonly signals: AbortController[];
  streams: readonly Duplex[];
}

type Act = (world: World, side: number) => Promise<unknown> | undefined;

const at = <T>(array: readonly T[], index: number): T => {
  const found = array[index];
  if (found === undefined) throw new Error(`Nothing at ${String(index)}`);
  return found;
};

/** A pair of which nobody need adopt an end: a connect() that is refused does not. */
const newStreams = (): readonly Duplex[] => {
  const streams = streamPair();
  for (const stream of streams) stream.on('error', () => undefined);
  return streams;
};

const newSignal = (world: World): AbortSignal => {
  const controller = new AbortController();
  world.signals.push(controller);
  return controller.signal;
};

const ACTS: Record<string, Act> = {
  connect: (world, side) => {
    const used = at(world.streams, side);
    if (used.destroyed) world.streams = newStreams();
    return at(world.sides, side).connect(
      { stream: at(world.streams, side) },
      { signal: newSignal(world) },
    );
  },
  connectBoth: (world) => {
    world.streams = newStreams();
    const attempts = world.sides.map((each, i) => each.connect({ stream: at(world.streams, i) }));
    return Promise.all(attempts);
  },
  disconnect: ({ sides }, side) => at(sides, side).disconnect(),
  disconnectGivenUp: (world, side) =>
    at(world.sides, side).disconnect({ signal: newSignal(world) }),
  force: ({ sides }, side) => at(sides, side).disconnect({ force: true }),
  send: ({ sides }, side) => at(sides, side).send('x'.repeat(30)),
  sendLarge: ({ sides }, side) => at(sides, side).send('x'.repeat(100_000)),
  sendBad: ({ sides }, side) => at(sides, side).send('two\nlines'),
  flush: ({ sides }, side) => at(sides, side).flush(),
  flushGivenUp: (world, side) => at(world.sides, side).flush({ signal: newSignal(world) }),
  abort: ({ signals }) => {
    signals.splice(0).forEach((each) => {
      each.abort('given up');
    });
    return undefined;
  },
  closed: ({ sides }, side) => at(sides, side).closed,
  expectEnd: ({ sides }, side) => {
    at(sides, side).expectEnd();
    return undefined;
  },
  fail: ({ sides }, side) => {
    at(sides, side).fail('unbearable');
    return undefined;
  },
  end: ({ streams }, side) => {
    at(streams, side).end();
    return undefined;
  },
  destroy: ({ streams }, side) => {
    at(streams, side).destroy();
    return undefined;
  },
  break: ({ streams }, side) => {
    at(streams, side).destroy(new Error('broken'));
    return undefined;
  },
  wait: () => turn(),
};

const step = fc.record({
  act: fc.constantFrom(...Object.keys(ACTS)),
  side: fc.nat(1),
  pause: fc.nat(4),
});

/** How long a step waits: not at all, some microtasks, a tick, or a turn of the event loop. */
async function rest(pause: number): Promise<void> {
  if (pause === 4) return turn();
  if (pause === 3) {
    return new Promise((resolve) => {
      process.nextTick(resolve);
    });
  }
  for (let i = 0; i < pause * 3; i += 1) await Promise.resolve();
}

function newWorld(): World {
  const options = { timeouts: { flush: 20, close: 20, handshake: 20 } };
  const handshake = async () => {
    await Promise.resolve();
  };
  const left = createProtocol<string>(
    { codec: lines(), handshake, onMessage: () => turn() },
    options,
  );
  const right = createProtocol<string>(
    {
      codec: lines(),
      onMessage: (message) => {
        if (message.length > 50) right.send('a reply').catch(() => undefined);
      },
    },
    options,
  );
  const streams = newStreams();
  return { sides: [left, right], promises: [], signals: [], streams };
}

/** Takes the steps; a promise is kept, and what it rejects with must be one that is documented. */
async function walk(world: World, steps: { act: string; side: number; pause: number }[]) {
  for (const { act, side, pause } of steps) {
    const promise = ACTS[act]?.(world, side);
    if (promise !== undefined) {
      world.promises.push(
        promise.catch((error: unknown) => {
          if (error !== 'given up' && !(error instanceof WirechartError)) throw error;
        }),
      );
    }
    await rest(pause);
  }
}

/** Ends what still runs: the closed promises of sessions that never began cannot settle otherwise. */
async function bringHome({ sides, streams }: World): Promise<void> {
  await Promise.allSettled(sides.map((each) => each.disconnect()));
  for (const each of sides) {
    if (each.outcome !== undefined) continue;
    const [stream] = streamPair();
    await each.connect({ stream });
    await each.disconnect({ force: true });
  }
  for (const stream of streams) stream.destroy();
}

describe('any walk', () => {
  it('settles every promise, and ends in IDLE with typed errors only', async () => {
    const walks = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const world = newWorld();
      await walk(world, steps);
      await bringHome(world);
      await Promise.all(world.promises);
      expect(world.sides.map(({ runstate }) => runstate)).toEqual(['IDLE', 'IDLE']);
      await turn();
    });
    await fc.assert(walks, { numRuns: 200, timeout: 5_000 });
  });
});
