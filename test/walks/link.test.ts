/**
 * The real machine on the real link: every short walk, and long random ones.
 *
 * The walk operates the stream by hand: it confirms a write, an end or a destruction. The stream
 * records misuse: it must be ended at most once, never be written to after, and get each message
 * once, in order.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HandlerError } from '../../src/core/errors.ts';
import { DEADLINES } from '../machines/fake-link.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';
import { isThorough, thorough } from '../support/thorough.ts';
import { LinkRig, type Variant } from './link-rig.ts';

expectIdleAfterEach();

/** A step of a walk: whether it is possible, and what it does. */
interface Step {
  readonly can: (rig: LinkRig) => boolean;
  readonly take: (rig: LinkRig) => void;
}

const isRunning = ({ state }: LinkRig): boolean => state.startsWith('RUNNING');
const isBusy = ({ state }: LinkRig): boolean => state !== 'IDLE';
const canPeerSend = ({ stream, state }: LinkRig): boolean => stream.canPeerSend && state !== 'IDLE';
const brokenError = (): Error => Object.assign(new Error('broken'), { code: 'ECONNRESET' });

const STEPS: Record<string, Step> = {
  connect: {
    can: ({ state }) => state === 'IDLE',
    take: (rig) => {
      rig.connect();
    },
  },
  disconnect: {
    can: (rig) => isRunning(rig) || rig.state.startsWith('CONNECTING'),
    take: (rig) => {
      rig.sendEvent({ type: 'DISCONNECT' });
    },
  },
  'disconnect with force': {
    can: ({ state }) => state !== 'IDLE' && state !== 'DISCONNECTING.destroying',
    take: (rig) => {
      rig.sendEvent({ type: 'DISCONNECT', force: true });
    },
  },
  'expect the end': {
    can: ({ state }) => state === 'RUNNING.open',
    take: (rig) => {
      rig.sendEvent({ type: 'EXPECT_END' });
    },
  },
  fail: {
    can: isBusy,
    take: (rig) => {
      rig.sendEvent({ type: 'FAIL', error: new HandlerError('fail', 'unbearable') });
    },
  },
  'send a short message': {
    can: isRunning,
    take: (rig) => {
      rig.send('short');
    },
  },
  'send a large message': {
    can: isRunning,
    take: (rig) => {
      rig.send('large');
    },
  },
  'send an invalid message': {
    can: isRunning,
    take: (rig) => {
      rig.send('bad');
    },
  },
  'the peer sends a line': {
    can: canPeerSend,
    take: (rig) => {
      rig.peerSends('line');
    },
  },
  'the peer sends two lines': {
    can: canPeerSend,
    take: (rig) => {
      rig.peerSends('lines');
    },
  },
  'the peer sends half a line': {
    can: canPeerSend,
    take: (rig) => {
      rig.peerSends('half');
    },
  },
  'the peer ends its side': {
    can: canPeerSend,
    take: ({ stream }) => {
      stream.peerEnds();
    },
  },
  'the stream closes with an error': {
    can: ({ stream }) => !stream.destroyed,
    take: ({ stream }) => {
      stream.destroyByPeer(brokenError());
    },
  },
  'the stream closes without an error': {
    can: ({ stream }) => !stream.destroyed,
    take: ({ stream }) => {
      stream.destroyByPeer();
    },
  },
  'a write is confirmed': {
    can: ({ stream }) => stream.pending.write !== undefined,
    take: ({ stream }) => {
      stream.settleWrite();
    },
  },
  'a write fails': {
    can: ({ stream }) => stream.pending.write !== undefined,
    take: ({ stream }) => {
      stream.settleWrite(brokenError());
    },
  },
  'the end is confirmed': {
    can: ({ stream }) => stream.pending.final !== undefined,
    take: ({ stream }) => {
      stream.settleEnd();
    },
  },
  'the destruction is confirmed': {
    can: ({ stream }) => stream.pending.destroy !== undefined,
    take: ({ stream }) => {
      stream.settleDestroy();
    },
  },
  'the handler resolves': {
    can: ({ handling }) => handling !== undefined,
    take: (rig) => {
      rig.handle('handling');
    },
  },
  'the handler rejects': {
    can: ({ handling }) => handling !== undefined,
    take: (rig) => {
      rig.handle('handling', new Error('a defect'));
    },
  },
  'the handler of the last session resolves': {
    can: ({ lateHandling }) => lateHandling !== undefined,
    take: (rig) => {
      rig.handle('lateHandling');
    },
  },
  'the handler of the last session rejects': {
    can: ({ lateHandling }) => lateHandling !== undefined,
    take: (rig) => {
      rig.handle('lateHandling', new Error('a defect'));
    },
  },
  'the deadline passes': {
    can: ({ clock }) => clock.timers > 0,
    take: ({ clock }) => {
      clock.increment(Math.max(...Object.values(DEADLINES)));
    },
  },
};
const NAMES = Object.keys(STEPS);

/** Takes a step if it is possible; returns whether it was. */
function take(rig: LinkRig, name: string): boolean {
  const step = STEPS[name];
  if (step?.can(rig) !== true) return false;
  rig.history.push(name);
  step.take(rig);
  return true;
}

const possibleSteps = (rig: LinkRig): string[] => NAMES.filter((name) => STEPS[name]?.can(rig));

async function rigAfter(variant: Variant, path: readonly string[]): Promise<LinkRig> {
  const rig = new LinkRig(variant);
  for (const name of path) {
    take(rig, name);
    await turn();
  }
  rig.check();
  return rig;
}

/**
 * Takes all walks of up to so many steps after a path, each until IDLE; resolves with their number.
 */
async function walkAll(variant: Variant, path: readonly string[], steps: number): Promise<number> {
  const rig = await rigAfter(variant, path);
  const next = steps === 0 ? [] : possibleSteps(rig);
  await rig.returnToIdle(path.length % 2 === 0 ? 'destroyed' : 'deadline');
  let count = 1;
  for (const name of next) count += await walkAll(variant, [...path, name], steps - 1);
  return count;
}

/** Takes, after a path, every pair of steps in one turn; resolves with the number of pairs. */
async function raceAll(variant: Variant, path: readonly string[]): Promise<number> {
  const start = await rigAfter(variant, path);
  const names = possibleSteps(start);
  await start.returnToIdle('destroyed');
  let count = 0;
  for (const first of names) {
    for (const second of NAMES) {
      const rig = await rigAfter(variant, path);
      take(rig, first);
      const isRace = take(rig, second);
      await turn();
      rig.check();
      await rig.returnToIdle(isRace ? 'deadline' : 'destroyed');
      if (isRace) count += 1;
    }
  }
  return count;
}

const PLAIN: Variant = { handshake: false, slow: false };
const SLOW: Variant = { handshake: false, slow: true };
const HANDSHAKE: Variant = { handshake: true, slow: false };

const WALKS = [
  { from: 'an attempt', variant: HANDSHAKE, path: ['connect'], steps: thorough(2, 4) },
  { from: 'a session', variant: PLAIN, path: ['connect'], steps: thorough(2, 4) },
  {
    from: 'a pending handler with one pending and one queued write',
    variant: SLOW,
    path: ['connect', 'the peer sends two lines', 'send a short message', 'send a large message'],
    steps: thorough(2, 3),
  },
  {
    from: 'a session whose handler disconnects',
    variant: { ...SLOW, disconnects: true },
    path: ['connect', 'send a short message'],
    steps: thorough(2, 3),
  },
  {
    from: 'a session that flushes',
    variant: PLAIN,
    path: [
      ...['connect', 'send a short message', 'send a large message', 'send a large message'],
      ...['send a large message', 'a write is confirmed', 'disconnect'],
    ],
    steps: thorough(2, 4),
  },
  {
    from: 'a session that closes',
    variant: SLOW,
    path: ['connect', 'the peer sends two lines', 'disconnect'],
    steps: thorough(2, 4),
  },
];

describe('the link keeps its contract in every short walk', () => {
  it.each(WALKS)('from $from, of up to $steps steps', async ({ from, variant, path, steps }) => {
    const count = await walkAll(variant, path, steps);
    if (isThorough) console.log(`${String(count)} walks from ${from}`);
    expect(count).toBeGreaterThan(80);
  });
});

const RACED = ['a session', 'a session that flushes'];

describe('the link keeps its contract when two steps happen in one turn', () => {
  const walks = WALKS.filter(({ from }) => isThorough || RACED.includes(from));
  it.each(walks)('from $from', async ({ variant, path }) => {
    expect(await raceAll(variant, path)).toBeGreaterThan(30);
  });
});

describe('a handler that rejects during a disconnection', () => {
  // The rejection passes through some promises; a disconnect() meanwhile must not lose it.
  it.each([0, 1, 2, 3, 5, 8, 13])('is reported, %i microtasks before it', async (count) => {
    const rig = await rigAfter(SLOW, ['connect', 'the peer sends a line']);
    take(rig, 'the handler rejects');
    for (let waited = 0; waited < count; waited += 1) await Promise.resolve();
    take(rig, 'disconnect');
    await turn();
    rig.check();
    await rig.returnToIdle('destroyed');
  });

  it('is reported although a write fails while the stream is destroyed', async () => {
    const rig = await rigAfter(SLOW, ['connect', 'the peer sends a line', 'send a short message']);
    const steps = ['disconnect with force', 'the handler rejects', 'a write fails'];
    for (const step of steps) take(rig, step);
    await turn();
    rig.check();
    await rig.returnToIdle('destroyed');
  });
});

/** How long to wait after a step: not at all, for a microtask, for a tick, or for a turn. */
const PACES = ['none', 'microtask', 'tick', 'turn'] as const;

async function wait(pace: (typeof PACES)[number]): Promise<void> {
  if (pace === 'turn') await turn();
  if (pace === 'tick') {
    await new Promise<void>((resolve) => {
      process.nextTick(resolve);
    });
  }
  if (pace === 'microtask') await Promise.resolve();
}

describe('the link keeps its contract in long random walks', () => {
  it.each([PLAIN, SLOW, HANDSHAKE, { ...HANDSHAKE, slow: true }, { ...PLAIN, disconnects: true }])(
    '%o',
    async (variant) => {
      const step = fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...PACES));
      // By default fast-check generates arrays of about ten elements at most.
      const walks = fc.array(step, { maxLength: 100, size: 'max' });
      const property = fc.asyncProperty(walks, async (steps) => {
        const rig = new LinkRig(variant);
        take(rig, 'connect');
        for (const [name, pace] of steps) {
          take(rig, name);
          await wait(pace);
          if (pace === 'turn') rig.check();
        }
        await turn();
        rig.check();
        await rig.returnToIdle(steps.length % 2 === 0 ? 'destroyed' : 'deadline');
      });
      await fc.assert(property, { numRuns: thorough(100, 2000) });
    },
  );
});
