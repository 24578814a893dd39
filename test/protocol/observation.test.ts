/** How a program observes a protocol: its runstates, and the outcomes of its sessions. */

import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import {
  ArgumentError,
  AsyncProtocol,
  lines,
  type ProtocolOptions,
  type Runstate,
  streamPair,
} from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { hangingPeer, pair, rawPeer } from '../support/peers.ts';
import { FAILED_RUNSTATES, SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

async function session(protocol: AsyncProtocol<string>): Promise<void> {
  const [stream, peer] = streamPair();
  peer.resume().on('end', () => peer.end());
  await protocol.connect({ stream });
  await protocol.disconnect();
}

describe('runstates()', () => {
  it('yields every state in order, across sessions, also to a slow reader', async () => {
    const protocol = createProtocol({ codec: lines() });
    const readers = [protocol.runstates(), protocol.runstates()];
    for (let i = 0; i < 3; i += 1) await session(protocol);
    await rejection(protocol.connect('/dev/null'));
    const expected = [
      ...SESSION_RUNSTATES,
      ...SESSION_RUNSTATES,
      ...SESSION_RUNSTATES,
      ...FAILED_RUNSTATES,
    ];
    for (const reader of readers) {
      const seen: Runstate[] = [];
      for await (const runstate of reader) {
        seen.push(runstate);
        if (seen.length === expected.length) break;
      }
      expect(seen).toEqual(expected);
    }
  });

  it('begins with the call, and answers overlapping calls of next() in order', async () => {
    const protocol = createProtocol({ codec: lines() });
    await session(protocol);
    const reader = protocol.runstates();
    const states = SESSION_RUNSTATES.map(() => reader.next());
    await session(protocol);
    const results = await Promise.all(states);
    expect(results.map(({ value }) => value as unknown)).toEqual(SESSION_RUNSTATES);
    await reader.return?.();
  });

  it('ends with return(), which also ends every pending next()', async () => {
    const protocol = createProtocol({ codec: lines() });
    const reader = protocol.runstates();
    const pending = [reader.next(), reader.next()];
    await reader.return?.();
    for (const next of await Promise.all(pending)) expect(next.done).toBe(true);
    expect((await reader.next()).done).toBe(true);
  });

  it('rejects with the reason of its signal, and leaves no listener on it', async () => {
    const protocol = createProtocol({ codec: lines() });
    const controller = new AbortController();
    const pending = protocol.runstates({ signal: controller.signal }).next();
    const changed = protocol.runstateChanged({ signal: controller.signal });
    controller.abort('enough');
    expect(await rejection(pending)).toBe('enough');
    expect(await rejection(changed)).toBe('enough');
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
});

describe('runstateChanged()', () => {
  it('resolves with the next state, for every caller', async () => {
    const protocol = createProtocol({ codec: lines() });
    const changes = [protocol.runstateChanged(), protocol.runstateChanged()];
    const attempt = protocol.connect('/dev/null');
    expect(await Promise.all(changes)).toEqual(['CONNECTING', 'CONNECTING']);
    await rejection(attempt);
  });
});

describe('closed and outcome', () => {
  it('belong to the first session before that begins', async () => {
    const protocol = createProtocol({ codec: lines() });
    const { closed } = protocol;
    expect(protocol.outcome).toBeUndefined();
    expect(await hasSettled(closed)).toBe(false);
    await session(protocol);
    expect(await closed).toEqual({ suppressed: [], undelivered: 0 });
    expect(protocol.outcome).toBe(await closed);
  });

  it('belong to the current session, and after it to the last one', async () => {
    const protocol = createProtocol({ codec: lines() });
    await session(protocol);
    const [first, outcome] = [protocol.closed, protocol.outcome];
    const [stream, peer] = streamPair();
    await protocol.connect({ stream });
    const second = protocol.closed;
    expect(second).not.toBe(first);
    expect(protocol.outcome).toBe(outcome);
    peer.resume().end();
    expect((await second).cause).toMatchObject({ code: 'ERR_CLOSED' });
    expect(protocol.closed).toBe(second);
    expect(protocol.outcome).toBe(await second);
    expect(protocol.runstate).toBe('IDLE');
  });

  it('count an attempt that fails as a session', async () => {
    const protocol = createProtocol({ codec: lines() });
    const error = await rejection(protocol.connect('/dev/null'));
    expect(await protocol.closed).toEqual({ cause: error, suppressed: [], undelivered: 0 });
  });
});

/** Scenarios with their identifiers in the catalogue, and the runstates of each. */
const SCENARIOS: {
  name: string;
  run: (protocol: AsyncProtocol<string>) => Promise<unknown>;
  states: readonly Runstate[];
}[] = [
  { name: 'I1, R18 connect, disconnect', run: session, states: SESSION_RUNSTATES },
  {
    name: 'I2 connect is refused',
    run: (p) => rejection(p.connect('/dev/null')),
    states: FAILED_RUNSTATES,
  },
  {
    name: 'I4 listen fails',
    run: (p) => rejection(p.listen('/dev/null')),
    states: FAILED_RUNSTATES,
  },
  {
    name: 'C3 connect is aborted',
    run: async (p) => {
      const { address } = await hangingPeer();
      await rejection(p.connect(address, { signal: AbortSignal.timeout(1) }));
    },
    states: FAILED_RUNSTATES,
  },
  {
    name: 'L8 accept is never called',
    run: async (p) => {
      await p.listen({ port: 0 });
      await p.disconnect();
    },
    states: FAILED_RUNSTATES,
  },
  {
    name: 'R7 the peer ends',
    run: async (p) => {
      const { address } = await rawPeer((socket) => socket.end());
      await p.connect(address);
      await p.closed;
    },
    states: SESSION_RUNSTATES,
  },
  {
    name: 'R8 the peer resets',
    run: async (p) => {
      const { address, connected } = await rawPeer();
      await p.connect(address);
      (await connected).resetAndDestroy();
      await p.closed;
    },
    states: SESSION_RUNSTATES,
  },
  {
    name: 'R10 the peer sends bytes that cannot be decoded',
    run: async (p) => {
      const { address } = await rawPeer((socket) => socket.end(Buffer.from([0xff, 0x0a])));
      await p.connect(address);
      await p.closed;
    },
    states: SESSION_RUNSTATES,
  },
];

describe('X-27 the exact states of', () => {
  it.each(SCENARIOS)('$name', async ({ run, states }) => {
    const protocol = createProtocol({ codec: lines() });
    const recording = recordRunstates(protocol);
    await run(protocol);
    expect(await recording.until('IDLE')).toEqual(states);
    // Nothing comes after IDLE.
    expect(await hasSettled(protocol.runstateChanged())).toBe(false);
  });
});

describe('the options', () => {
  it.each<[string, unknown]>([
    ['timeouts.flush must be a number above 0, not 0', { timeouts: { flush: 0 } }],
    ['timeouts.connect must be a number above 0, not -1', { timeouts: { connect: -1 } }],
    ['timeouts.close must be a number above 0, not NaN', { timeouts: { close: NaN } }],
    ['timeouts.accept must be a number above 0, not "5" (a string)', { timeouts: { accept: '5' } }],
    ['limits.highWaterMark must be a number above 0, not 0', { limits: { highWaterMark: 0 } }],
  ])('are rejected with an ArgumentError: %s', (text, options) => {
    const create = () => new AsyncProtocol({ codec: lines() }, options as ProtocolOptions);
    expect(create).toThrow(ArgumentError);
    expect(create).toThrow(text);
  });

  it('may be Infinity', () => {
    const timeouts = { connect: Infinity, flush: Infinity, close: 2 ** 40 };
    expect(() => new AsyncProtocol({ codec: lines() }, { timeouts })).not.toThrow();
  });
});

describe('a deadline', () => {
  it.each([
    ['connect', 'connection', {}],
    ['handshake', 'session', { handshake: () => gate().opened }],
  ] as const)('of %s is measured by the clock of the options', async (phase, errorPhase, more) => {
    const clock = new SimulatedClock();
    const timeouts = { connect: 1_000_000, handshake: 1_000_000 };
    const protocol = createProtocol({ codec: lines(), ...more }, { clock, timeouts });
    const [stream] = streamPair();
    const address = phase === 'connect' ? (await hangingPeer()).address : { stream };
    const error = rejection(protocol.connect(address));
    await turn();
    clock.increment(999_999);
    expect(await hasSettled(error)).toBe(false);
    clock.increment(1);
    expect(await error).toMatchObject({
      phase: errorPhase,
      retryable: true,
      cause: { code: 'ERR_TIMEOUT', phase, ms: 1_000_000 },
    });
  });

  it('of accept is measured by the clock of the options', async () => {
    const clock = new SimulatedClock();
    const protocol = createProtocol({ codec: lines() }, { clock });
    await protocol.listen({ port: 0 });
    clock.increment(1_000_000);
    expect(protocol.runstate).toBe('CONNECTING');
    const accepted = rejection(protocol.accept());
    clock.increment(30_000);
    expect(await accepted).toMatchObject({
      retryable: true,
      cause: { code: 'ERR_TIMEOUT', phase: 'accept', ms: 30_000 },
    });
  });

  it('of Infinity never passes', async () => {
    const clock = new SimulatedClock();
    const { address, peer } = await hangingPeer();
    const protocol = createProtocol({ codec: lines() }, { clock, timeouts: { connect: Infinity } });
    const connected = rejection(protocol.connect(address));
    await peer.connected;
    clock.increment(2 ** 40);
    expect(await hasSettled(connected)).toBe(false);
    await protocol.disconnect();
    await connected;
  });
});

describe('the two sides of a session', () => {
  it('are observed separately', async () => {
    const { left, right } = await pair({ codec: lines() });
    const [leftStates, rightStates] = [recordRunstates(left), recordRunstates(right)];
    await left.disconnect();
    await right.closed;
    expect(await leftStates.until('IDLE')).toEqual(await rightStates.until('IDLE'));
    expect(left.outcome?.cause).toBeUndefined();
    expect(right.outcome?.cause).toBeDefined();
  });
});
