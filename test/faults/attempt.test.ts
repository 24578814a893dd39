/** Faults on the way to a session: how each attempt ends, over which states, and by what. */

import { describe, expect, it } from 'vitest';
import { type Limits, supervise, type Timeouts } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient } from '../support/qmp.ts';
import { FAILED_RUNSTATES, SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { rejection } from '../support/signal.ts';
import { thorough } from '../support/thorough.ts';
import { goOn, useChaosPeer } from './chaos-peer.ts';
import { type Account, isEndless, type Script, type Wire } from './steps.ts';
import {
  BROKEN,
  chainOf,
  endsBy,
  MIB,
  NEVER,
  only,
  wire as says,
  weighed,
  WIRES,
} from './vocabulary.ts';

expectIdleAfterEach();
const peer = useChaosPeer();

const DEADLINE_MS = 100;
const RETRYABLE = 'ConnectError ERR_CONNECT session retryable';
const FINAL = 'ConnectError ERR_CONNECT session final';
const CUT = [RETRYABLE, 'CodecError ERR_CODEC', 'ClosedError ERR_CLOSED'];
const ENDED = [RETRYABLE, 'ClosedError ERR_CLOSED'];
const RESET = [RETRYABLE, 'ClosedError ERR_CLOSED', BROKEN];
const BUSY = [RETRYABLE, 'BusyMonitorError ERR_QMP_BUSY handshake'];
const LATE = [RETRYABLE, 'TimeoutError ERR_TIMEOUT handshake'];
const JUNK = [FINAL, 'CodecError ERR_CODEC'];
const NO_TEXT = [...JUNK, 'ERR_ENCODING_INVALID_ENCODED_DATA'];

interface Fault {
  /** What the peer does. */
  readonly that: string;
  readonly script: Script;
  /** The error of `connect()`, with its causes. */
  readonly error: readonly unknown[];
  /** The deadline that ends it. Without one there is none, and it ends by itself. */
  readonly deadline?: keyof Timeouts;
  readonly limits?: Limits;
  /** Whether it is left to the proof; another one is much like it. */
  readonly alike?: boolean;
  /** Where it can be done; default: everywhere. */
  readonly on?: Wire;
}

const { greeting, event, reply } = says;
/** Greets, and is told which capabilities are wanted. */
const greeted: Script = [{ say: greeting }, 'take'];
const half = (text: string): string => text.slice(0, text.length / 2);

const FAULTS: readonly Fault[] = [
  { that: 'says nothing', script: [], deadline: 'handshake', error: BUSY },
  { that: 'ends at once', script: ['end'], error: ENDED },
  { that: 'resets at once', script: ['reset'], error: RESET, on: 'tcp' },
  {
    that: 'stops in its greeting',
    script: [{ say: half(greeting) }],
    deadline: 'handshake',
    error: BUSY,
  },
  { that: 'ends in its greeting', script: [{ say: half(greeting) }, 'end'], error: CUT },
  {
    that: 'resets in its greeting',
    script: [{ say: half(greeting) }, 'wait', 'reset'],
    error: RESET,
    on: 'tcp',
  },
  {
    that: 'never ends its greeting, one byte at a time',
    script: [{ trickle: half(greeting) }, { trickle: ' '.repeat(MIB) }],
    deadline: 'handshake',
    error: BUSY,
  },
  {
    that: 'is garbage',
    script: [{ say: 'SSH-2.0-OpenSSH_9.2\r\n' }],
    error: JUNK,
  },
  { that: 'is binary garbage', script: [{ say: '\x80\x81\xfe\x01\n' }], error: JUNK },
  {
    that: 'greets in invalid UTF-8',
    script: [{ say: '{"QMP": {"package": "\xc3\x28"}}\r\n' }],
    error: NO_TEXT,
  },
  {
    that: 'greets in a message that is too long',
    script: [{ say: '{"QMP": "' }, { flood: 'x' }],
    limits: { maxMessageBytes: 64 * 1024 },
    error: [FINAL, 'LimitError ERR_LIMIT'],
  },
  {
    that: 'greets in nesting that never ends',
    script: [{ flood: '{"QMP":' }],
    error: JUNK,
  },
  {
    that: 'sends replies for nobody instead of a greeting, for ever',
    alike: true,
    script: [{ flood: says.stale }],
    deadline: 'handshake',
    error: BUSY,
  },
  {
    that: 'sends events instead of a greeting, for ever',
    script: [{ flood: event }],
    deadline: 'handshake',
    error: BUSY,
  },
  {
    that: 'greets as something else',
    script: [{ say: '{"greeting": 1}\r\n' }],
    error: [FINAL, 'GreetingError ERR_QMP_GREETING'],
  },
  {
    that: 'greets and says no more',
    script: greeted,
    deadline: 'handshake',
    error: LATE,
  },
  { that: 'greets and ends', script: [...greeted, 'end'], error: ENDED },
  { that: 'greets and resets', script: [...greeted, 'reset'], error: RESET, on: 'tcp' },
  {
    that: 'greets, reads no more, and closes: a reset on any wire',
    script: ['stall', { say: greeting }, 'wait', 'close'],
    error: RESET,
  },
  {
    that: 'ends in the reply to the negotiation',
    script: [...greeted, { say: half(reply) }, 'end'],
    error: CUT,
  },
  {
    that: 'resets in the reply to the negotiation',
    script: [...greeted, { say: half(reply) }, 'wait', 'reset'],
    error: RESET,
    on: 'tcp',
  },
  {
    that: 'refuses the capabilities',
    script: [...greeted, { say: says.parseError }],
    error: [FINAL, 'NegotiationError ERR_QMP_NEGOTIATION'],
  },
  {
    that: 'answers somebody else, for ever',
    script: [...greeted, { flood: says.stale }],
    deadline: 'handshake',
    error: LATE,
  },
  {
    that: 'sends events instead of the reply, for ever',
    alike: true,
    script: [...greeted, { flood: event }],
    deadline: 'handshake',
    error: LATE,
  },
  {
    that: 'replies in a message that is too long',
    alike: true,
    script: [...greeted, { say: '{"return": "' }, { flood: 'x' }],
    limits: { maxMessageBytes: 64 * 1024 },
    error: [FINAL, 'LimitError ERR_LIMIT'],
  },
];

/** More than the kernel and one read of ours can hold, and much less than a flood brings. */
const GROWTH = 24 * MIB;

describe.each(WIRES)('over %s, an attempt at a peer', (on) => {
  const possible = FAULTS.filter(
    (fault) => (fault.on ?? on) === on && thorough(fault.alike !== true, true),
  );

  it.each(possible)('that $that', async ({ script, error, deadline, limits }) => {
    const lair = await peer.play(on, script);
    const timeouts = deadline === undefined ? NEVER : only(deadline, DEADLINE_MS);
    const client = createClient({ timeouts, limits });
    const recording = recordRunstates(client);
    const attempt = async (): Promise<unknown> => {
      const failed = rejection(client.connect(lair.address));
      if (script.includes('wait')) await goOn(lair, script);
      return deadline === undefined ? failed : endsBy(DEADLINE_MS, failed);
    };
    if (!script.some(isEndless)) expect(chainOf(await attempt())).toEqual(error);
    else {
      const { value, growth } = await weighed(attempt);
      expect(chainOf(value)).toEqual(error);
      expect(growth).toBeLessThan(GROWTH);
    }
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
    expect(client.outcome).toMatchObject({ undelivered: 0 });
    const { connections }: Account = await lair.end();
    expect(connections).toBe(1);
  });

  it('that leaves in its greeting is made again by a supervisor, and leads to a session', async () => {
    const { address } = await peer.play(
      on,
      [{ say: half(greeting) }, 'end'],
      [...greeted, { say: reply }],
    );
    const vm = supervise(QmpClient, address, { backoff: { initial: 1 } });
    cleanUp(() => vm.stop({ force: true }));
    await vm.up();
    expect(vm.failures.map(({ cause }) => chainOf(cause))).toEqual([CUT]);
    await vm.stop();
  });

  it('that is not there any more', async () => {
    const client = createClient({ timeouts: NEVER });
    const recording = recordRunstates(client);
    const failed = await rejection(client.connect(await peer.left(on)));
    expect(chainOf(failed)).toEqual([
      'ConnectError ERR_CONNECT connection retryable',
      'ECONNREFUSED',
    ]);
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
  });

  it('that was never there', { skip: on === 'tcp' }, async () => {
    const client = createClient({ timeouts: NEVER });
    const failed = await rejection(client.connect('/nonexistent/socket'));
    expect(chainOf(failed)).toEqual(['ConnectError ERR_CONNECT connection retryable', 'ENOENT']);
  });

  it('that does all of it one byte at a time, with events and stale replies everywhere', async () => {
    const { address, end } = await peer.play(on, [
      { trickle: says.stale + event + greeting + event },
      'take',
      { trickle: event + says.stale + reply + event + says.stale },
      'take',
      { trickle: event + says.stale + reply + event },
    ]);
    const client = createClient({ timeouts: NEVER });
    const recording = recordRunstates(client);
    const events: string[] = [];
    client.on('STOP', ({ event: name }) => events.push(name));
    await client.connect(address);
    expect(await client.execute('query-name')).toEqual({});
    await client.disconnect();
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    // The last may come when nobody listens any more.
    expect(events.length).toBeGreaterThanOrEqual(5);
    expect(await end()).toMatchObject({ ended: true, error: null });
  });
});
