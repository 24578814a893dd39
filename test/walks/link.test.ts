/**
 * The real machine on the real link: every short walk, and long ones by chance.
 *
 * The stream is the oracle. It confirms a write, an end or a destruction when the walk says so, and it
 * knows what was done to it: ended once at most, never written after, each message once and in order.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HandlerError } from '../../src/core/errors.ts';
import { DEADLINES } from '../machines/fake-link.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';
import { isThorough, thorough } from '../support/thorough.ts';
import { LinkRig, type Manners } from './link-rig.ts';

expectIdleAfterEach();

/** Something that can happen: when, and what then is done. */
interface Step {
  readonly can: (rig: LinkRig) => boolean;
  readonly take: (rig: LinkRig) => void;
}

const isUp = ({ place }: LinkRig): boolean => place.startsWith('RUNNING');
const isAway = ({ place }: LinkRig): boolean => place !== 'IDLE';
const canTalk = ({ stream, place }: LinkRig): boolean => stream.canTalk && place !== 'IDLE';
const broken = (): Error => Object.assign(new Error('broken'), { code: 'ECONNRESET' });

const STEPS: Record<string, Step> = {
  connect: {
    can: ({ place }) => place === 'IDLE',
    take: (rig) => {
      rig.connect();
    },
  },
  disconnect: {
    can: (rig) => isUp(rig) || rig.place.startsWith('CONNECTING'),
    take: (rig) => {
      rig.give({ type: 'DISCONNECT' });
    },
  },
  force: {
    can: ({ place }) => place !== 'IDLE' && place !== 'DISCONNECTING.destroying',
    take: (rig) => {
      rig.give({ type: 'DISCONNECT', force: true });
    },
  },
  'expect the end': {
    can: ({ place }) => place === 'RUNNING.open',
    take: (rig) => {
      rig.give({ type: 'EXPECT_END' });
    },
  },
  fail: {
    can: isAway,
    take: (rig) => {
      rig.give({ type: 'FAIL', error: new HandlerError('fail', 'unbearable') });
    },
  },
  'send a short one': {
    can: isUp,
    take: (rig) => {
      rig.send('short');
    },
  },
  'send a large one': {
    can: isUp,
    take: (rig) => {
      rig.send('large');
    },
  },
  'send a bad one': {
    can: isUp,
    take: (rig) => {
      rig.send('bad');
    },
  },
  'the peer says a line': {
    can: canTalk,
    take: (rig) => {
      rig.say('line');
    },
  },
  'the peer says two lines': {
    can: canTalk,
    take: (rig) => {
      rig.say('lines');
    },
  },
  'the peer says half a line': {
    can: canTalk,
    take: (rig) => {
      rig.say('half');
    },
  },
  'the peer ends': {
    can: canTalk,
    take: ({ stream }) => {
      stream.sayEnd();
    },
  },
  'the stream breaks': {
    can: ({ stream }) => !stream.destroyed,
    take: ({ stream }) => {
      stream.vanish(broken());
    },
  },
  'the stream goes': {
    can: ({ stream }) => !stream.destroyed,
    take: ({ stream }) => {
      stream.vanish();
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
      stream.settleWrite(broken());
    },
  },
  'the end is confirmed': {
    can: ({ stream }) => stream.pending.final !== undefined,
    take: ({ stream }) => {
      stream.settleEnd();
    },
  },
  'the stream is closed': {
    can: ({ stream }) => stream.pending.destroy !== undefined,
    take: ({ stream }) => {
      stream.settleDestroy();
    },
  },
  'a message is handled': {
    can: ({ handling }) => handling !== undefined,
    take: (rig) => {
      rig.handle('handling');
    },
  },
  'the handler fails': {
    can: ({ handling }) => handling !== undefined,
    take: (rig) => {
      rig.handle('handling', new Error('a defect'));
    },
  },
  'a message of the last session is handled': {
    can: ({ former }) => former !== undefined,
    take: (rig) => {
      rig.handle('former');
    },
  },
  'the handler of the last session fails': {
    can: ({ former }) => former !== undefined,
    take: (rig) => {
      rig.handle('former', new Error('a defect'));
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

/** Takes a step, if it can be taken; says whether it could. */
function take(rig: LinkRig, name: string): boolean {
  const step = STEPS[name];
  if (step?.can(rig) !== true) return false;
  rig.story.push(name);
  step.take(rig);
  return true;
}

const possible = (rig: LinkRig): string[] => NAMES.filter((name) => STEPS[name]?.can(rig));

async function walked(manners: Manners, path: readonly string[]): Promise<LinkRig> {
  const rig = new LinkRig(manners);
  for (const name of path) {
    take(rig, name);
    await turn();
  }
  rig.check();
  return rig;
}

/** All walks of up to so many steps that begin with a path, each of them brought home; and their number. */
async function walkAll(manners: Manners, path: readonly string[], steps: number): Promise<number> {
  const rig = await walked(manners, path);
  const next = steps === 0 ? [] : possible(rig);
  await rig.goHome(path.length % 2 === 0 ? 'destroyed' : 'deadline');
  let count = 1;
  for (const name of next) count += await walkAll(manners, [...path, name], steps - 1);
  return count;
}

/** Every two steps in one turn that can follow a path; and their number. */
async function raceAll(manners: Manners, path: readonly string[]): Promise<number> {
  const start = await walked(manners, path);
  const first = possible(start);
  await start.goHome('destroyed');
  let count = 0;
  for (const one of first) {
    for (const other of NAMES) {
      const rig = await walked(manners, path);
      take(rig, one);
      const isRace = take(rig, other);
      await turn();
      rig.check();
      await rig.goHome(isRace ? 'deadline' : 'destroyed');
      if (isRace) count += 1;
    }
  }
  return count;
}

const PLAIN: Manners = { handshake: false, slow: false };
const SLOW: Manners = { handshake: false, slow: true };
const SHY: Manners = { handshake: true, slow: false };

const WALKS = [
  { from: 'an attempt', manners: SHY, path: ['connect'], steps: thorough(2, 4) },
  { from: 'a session', manners: PLAIN, path: ['connect'], steps: thorough(2, 4) },
  {
    from: 'a message that is handled while one is written and one waits',
    manners: SLOW,
    path: ['connect', 'the peer says two lines', 'send a short one', 'send a large one'],
    steps: thorough(2, 3),
  },
  {
    from: 'a session whose handler leaves',
    manners: { ...SLOW, leaves: true },
    path: ['connect', 'send a short one'],
    steps: thorough(2, 3),
  },
  {
    from: 'a session that flushes',
    manners: PLAIN,
    path: [
      ...['connect', 'send a short one', 'send a large one', 'send a large one'],
      ...['send a large one', 'a write is confirmed', 'disconnect'],
    ],
    steps: thorough(2, 4),
  },
  {
    from: 'a session that closes',
    manners: SLOW,
    path: ['connect', 'the peer says two lines', 'disconnect'],
    steps: thorough(2, 4),
  },
];

describe('every short walk keeps what the link promises', () => {
  it.each(WALKS)('from $from, of up to $steps steps', async ({ from, manners, path, steps }) => {
    const count = await walkAll(manners, path, steps);
    if (isThorough) console.log(`${String(count)} walks from ${from}`);
    expect(count).toBeGreaterThan(80);
  });
});

const HURRIED = ['a session', 'a session that flushes'];

describe('every two steps in one turn keep it too', () => {
  const walks = WALKS.filter(({ from }) => isThorough || HURRIED.includes(from));
  it.each(walks)('from $from', async ({ manners, path }) => {
    expect(await raceAll(manners, path)).toBeGreaterThan(30);
  });
});

describe('a handler that fails while one disconnects', () => {
  // The failure has some promises to go through; whoever disconnects meanwhile must not lose it.
  it.each([0, 1, 2, 3, 5, 8, 13])('is told of, %i promises later', async (promises) => {
    const rig = await walked(SLOW, ['connect', 'the peer says a line']);
    take(rig, 'the handler fails');
    for (let waited = 0; waited < promises; waited += 1) await Promise.resolve();
    take(rig, 'disconnect');
    await turn();
    rig.check();
    await rig.goHome('destroyed');
  });

  it('is told of, also when a write fails while the stream is destroyed', async () => {
    const rig = await walked(SLOW, ['connect', 'the peer says a line', 'send a short one']);
    for (const step of ['force', 'the handler fails', 'a write fails']) take(rig, step);
    await turn();
    rig.check();
    await rig.goHome('destroyed');
  });
});

/** How long a step is waited for: not at all, for some microtasks, for a tick, or until all is quiet. */
const PACES = ['at once', 'soon', 'in a tick', 'when all is quiet'] as const;

async function wait(pace: (typeof PACES)[number]): Promise<void> {
  if (pace === 'when all is quiet') await turn();
  if (pace === 'in a tick') {
    await new Promise<void>((resolve) => {
      process.nextTick(resolve);
    });
  }
  if (pace === 'soon') await Promise.resolve();
}

describe('long walks by chance keep it too', () => {
  it.each([PLAIN, SLOW, SHY, { ...SHY, slow: true }, { ...PLAIN, leaves: true }])(
    '%o',
    async (manners) => {
      const step = fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...PACES));
      // Without a size fast-check takes ten for long enough.
      const walks = fc.array(step, { maxLength: 100, size: 'max' });
      const property = fc.asyncProperty(walks, async (steps) => {
        const rig = new LinkRig(manners);
        take(rig, 'connect');
        for (const [name, pace] of steps) {
          take(rig, name);
          await wait(pace);
          if (pace === 'when all is quiet') rig.check();
        }
        await turn();
        rig.check();
        await rig.goHome(steps.length % 2 === 0 ? 'destroyed' : 'deadline');
      });
      await fc.assert(property, { numRuns: thorough(100, 2000) });
    },
  );
});
