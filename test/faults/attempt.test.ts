/** Faults during connect(): the error, the runstates and the memory of each attempt. */

import { describe, expect, it } from 'vitest';
import { type Limits, supervise, type Timeouts } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient } from '../support/qmp.ts';
import { FAILED_RUNSTATES, SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { rejection } from '../support/signal.ts';
import { thorough } from '../support/thorough.ts';
import { resumeAfterData, useChaosPeer } from './chaos-peer.ts';
import { type ConnectionReport, isEndless, type Script, type Transport } from './steps.ts';
import {
  BROKEN,
  chainOf,
  endsBy,
  MIB,
  NEVER,
  only,
  MONITOR,
  measureGrowth,
  TRANSPORTS,
} from './support.ts';

expectIdleAfterEach();
const peer = useChaosPeer();

const DEADLINE_MS = 100;
const RETRYABLE = 'ConnectError ERR_CONNECT session retryable';
const FINAL = 'ConnectError ERR_CONNECT session final';
const CUT = [RETRYABLE, 'CodecError ERR_CODEC', 'ClosedError ERR_CLOSED'];
const ENDED = [RETRYABLE, 'ClosedError ERR_CLOSED'];
const RESET = [RETRYABLE, 'ClosedError ERR_CLOSED', BROKEN];
/** Where the kernel reports the reset before the end of connecting. */
const RESET_EARLY = ['ConnectError ERR_CONNECT connection retryable', 'ECONNRESET'];
const BUSY = [RETRYABLE, 'BusyMonitorError ERR_QMP_BUSY handshake'];
const LATE = [RETRYABLE, 'TimeoutError ERR_TIMEOUT handshake'];
const JUNK = [FINAL, 'CodecError ERR_CODEC'];
const NO_TEXT = [...JUNK, 'ERR_ENCODING_INVALID_ENCODED_DATA'];

interface Fault {
  /** What the peer does: the end of the test's name. */
  readonly that: string;
  readonly script: Script;
  /** The error of `connect()`, with its chain of causes. */
  readonly error: readonly unknown[];
  /** Another one, where it depends on the kernel. Default: none. */
  readonly orElse?: readonly unknown[];
  /** The deadline that ends the attempt. Without it, no deadline is set. */
  readonly deadline?: keyof Timeouts;
  readonly limits?: Limits;
  /** Whether it is tested in the proof only, because another fault is similar. */
  readonly proofOnly?: boolean;
  /** The only transport on which it is possible. Default: all. */
  readonly transport?: Transport;
}

const { greeting, event, reply } = MONITOR;
/** Sends the greeting, and receives the negotiation. */
const greeted: Script = [{ send: greeting }, 'take'];
const half = (text: string): string => text.slice(0, text.length / 2);

const FAULTS: readonly Fault[] = [
  { that: 'sends nothing', script: [], deadline: 'handshake', error: BUSY },
  { that: 'ends at once', script: ['end'], error: ENDED },
  {
    that: 'resets at once',
    script: ['reset'],
    error: RESET,
    orElse: RESET_EARLY,
    transport: 'tcp',
  },
  {
    that: 'stops within its greeting',
    script: [{ send: half(greeting) }],
    deadline: 'handshake',
    error: BUSY,
  },
  { that: 'ends within its greeting', script: [{ send: half(greeting) }, 'end'], error: CUT },
  {
    that: 'resets within its greeting',
    script: [{ send: half(greeting) }, 'wait', 'reset'],
    error: RESET,
    transport: 'tcp',
  },
  {
    that: 'never completes its greeting, one byte at a time',
    script: [{ trickle: half(greeting) }, { trickle: ' '.repeat(MIB) }],
    deadline: 'handshake',
    error: BUSY,
  },
  {
    that: 'sends garbage',
    script: [{ send: 'SSH-2.0-OpenSSH_9.2\r\n' }],
    error: JUNK,
  },
  { that: 'sends binary garbage', script: [{ send: '\x80\x81\xfe\x01\n' }], error: JUNK },
  {
    that: 'sends a greeting in invalid UTF-8',
    script: [{ send: '{"QMP": {"package": "\xc3\x28"}}\r\n' }],
    error: NO_TEXT,
  },
  {
    that: 'sends a greeting that is too large',
    script: [{ send: '{"QMP": "' }, { flood: 'x' }],
    limits: { maxMessageBytes: 64 * 1024 },
    error: [FINAL, 'LimitError ERR_LIMIT'],
  },
  {
    that: 'sends endless nesting',
    script: [{ flood: '{"QMP":' }],
    error: JUNK,
  },
  {
    that: 'sends endless stale replies instead of a greeting',
    proofOnly: true,
    script: [{ flood: MONITOR.stale }],
    deadline: 'handshake',
    error: BUSY,
  },
  {
    that: 'sends endless events instead of a greeting',
    script: [{ flood: event }],
    deadline: 'handshake',
    error: BUSY,
  },
  {
    that: 'sends another greeting',
    script: [{ send: '{"greeting": 1}\r\n' }],
    error: [FINAL, 'GreetingError ERR_QMP_GREETING'],
  },
  {
    that: 'sends nothing after the greeting',
    script: greeted,
    deadline: 'handshake',
    error: LATE,
  },
  { that: 'ends after the greeting', script: [...greeted, 'end'], error: ENDED },
  {
    that: 'resets after the greeting',
    script: [...greeted, 'reset'],
    error: RESET,
    transport: 'tcp',
  },
  {
    that: 'sends the greeting, does not read, and closes, which is a reset on any transport',
    script: ['stall', { send: greeting }, 'wait', 'close'],
    error: RESET,
  },
  {
    that: 'ends within the reply to the negotiation',
    script: [...greeted, { send: half(reply) }, 'end'],
    error: CUT,
  },
  {
    that: 'resets within the reply to the negotiation',
    script: [...greeted, { send: half(reply) }, 'wait', 'reset'],
    error: RESET,
    transport: 'tcp',
  },
  {
    that: 'rejects the capabilities',
    script: [...greeted, { send: MONITOR.parseError }],
    error: [FINAL, 'NegotiationError ERR_QMP_NEGOTIATION'],
  },
  {
    that: 'sends endless stale replies to the negotiation',
    script: [...greeted, { flood: MONITOR.stale }],
    deadline: 'handshake',
    error: LATE,
  },
  {
    that: 'sends endless events instead of the reply to the negotiation',
    proofOnly: true,
    script: [...greeted, { flood: event }],
    deadline: 'handshake',
    error: LATE,
  },
  {
    that: 'sends a reply to the negotiation that is too large',
    proofOnly: true,
    script: [...greeted, { send: '{"return": "' }, { flood: 'x' }],
    limits: { maxMessageBytes: 64 * 1024 },
    error: [FINAL, 'LimitError ERR_LIMIT'],
  },
];

/** More than the kernel and one read can hold, and much less than a flood sends. */
const MAX_GROWTH_BYTES = 24 * MIB;

describe.each(TRANSPORTS)('over %s, connect() to a peer', (transport) => {
  const possible = FAULTS.filter(
    (fault) =>
      (fault.transport ?? transport) === transport && thorough(fault.proofOnly !== true, true),
  );

  it.each(possible)('that $that', async ({ script, error, orElse = error, deadline, limits }) => {
    const listener = await peer.listen(transport, script);
    const timeouts = deadline === undefined ? NEVER : only(deadline, DEADLINE_MS);
    const client = createClient({ timeouts, limits });
    const recording = recordRunstates(client);
    const attempt = async (): Promise<unknown> => {
      const failed = rejection(client.connect(listener.address));
      if (script.includes('wait')) await resumeAfterData(listener, script);
      return failed;
    };
    const ending = () => (deadline === undefined ? attempt() : endsBy(DEADLINE_MS, attempt));
    if (!script.some(isEndless)) expect([error, orElse]).toContainEqual(chainOf(await ending()));
    else {
      const { value, growth } = await measureGrowth(ending);
      expect(chainOf(value)).toEqual(error);
      expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
    }
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
    expect(client.outcome).toMatchObject({ undelivered: 0 });
    const { connections }: ConnectionReport = await listener.finalReport();
    expect(connections).toBe(1);
  });

  it('that ends within its greeting is retried by a supervisor', async () => {
    const { address } = await peer.listen(
      transport,
      [{ send: half(greeting) }, 'end'],
      [...greeted, { send: reply }],
    );
    const vm = supervise(QmpClient, address, { backoff: { initial: 1 } });
    cleanUp(() => vm.stop({ force: true }));
    await vm.up();
    expect(vm.failures.map(({ cause }) => chainOf(cause))).toEqual([CUT]);
    await vm.stop();
  });

  it('that does not listen any more', async () => {
    const client = createClient({ timeouts: NEVER });
    const recording = recordRunstates(client);
    const failed = await rejection(client.connect(await peer.deadAddress(transport)));
    expect(chainOf(failed)).toEqual([
      'ConnectError ERR_CONNECT connection retryable',
      'ECONNREFUSED',
    ]);
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
  });

  it('that never listened', { skip: transport === 'tcp' }, async () => {
    const client = createClient({ timeouts: NEVER });
    const failed = await rejection(client.connect('/nonexistent/socket'));
    expect(chainOf(failed)).toEqual(['ConnectError ERR_CONNECT connection retryable', 'ENOENT']);
  });

  it('that sends single bytes, with events and stale replies everywhere, succeeds', async () => {
    const { address, finalReport } = await peer.listen(transport, [
      { trickle: MONITOR.stale + event + greeting + event },
      'take',
      { trickle: event + MONITOR.stale + reply + event + MONITOR.stale },
      'take',
      { trickle: event + MONITOR.stale + reply + event },
    ]);
    const client = createClient({ timeouts: NEVER });
    const recording = recordRunstates(client);
    const events: string[] = [];
    client.on('STOP', ({ event: name }) => events.push(name));
    await client.connect(address);
    expect(await client.execute('query-name')).toEqual({});
    await client.disconnect();
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    // The last events may arrive after the disconnect.
    expect(events.length).toBeGreaterThanOrEqual(5);
    expect(await finalReport()).toMatchObject({ ended: true, error: null });
  });
});
