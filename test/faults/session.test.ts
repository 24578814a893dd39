/** Faults during a session: its cause, its commands, its runstates and its memory. */

import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { createClient } from '../support/qmp.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { rejection } from '../support/signal.ts';
import { resumeAfterData, useChaosPeer } from './chaos-peer.ts';
import { isEndless, type Script, type Transport } from './steps.ts';
import {
  BROKEN,
  chainOf,
  endsBy,
  MIB,
  NEVER,
  only,
  measureGrowth,
  MONITOR,
  TRANSPORTS,
} from './support.ts';

expectIdleAfterEach();
const peer = useChaosPeer();

const DEADLINE_MS = 100;
const ENDED = ['ClosedError ERR_CLOSED'];
const RESET = ['ClosedError ERR_CLOSED', BROKEN];
const CUT = ['CodecError ERR_CODEC', 'ClosedError ERR_CLOSED'];
const JUNK = ['CodecError ERR_CODEC'];
const TOO_LARGE = ['LimitError ERR_LIMIT'];

/** The script up to RUNNING, before the first command. */
const running: Script = [{ send: MONITOR.greeting }, 'take', { send: MONITOR.reply }];
const { event, reply } = MONITOR;
const half = (text: string): string => text.slice(0, text.length / 2);

interface Fault {
  /** What the peer does after the first command: a part of the test's name. */
  readonly that: string;
  readonly script: Script;
  /** The cause of the session's end, with its chain of causes. */
  readonly cause: readonly unknown[];
  readonly limits?: Limits;
  readonly transport?: Transport;
}

const FAULTS: readonly Fault[] = [
  { that: 'ends', script: ['end'], cause: ENDED },
  { that: 'ends, and never closes', script: ['linger', 'end'], cause: ENDED },
  { that: 'resets', script: ['reset'], cause: RESET, transport: 'tcp' },
  { that: 'ends within its reply', script: [{ send: half(reply) }, 'end'], cause: CUT },
  {
    that: 'resets within its reply',
    script: [{ send: half(reply) }, 'wait', 'reset'],
    cause: RESET,
    transport: 'tcp',
  },
  { that: 'sends garbage', script: [{ send: '%!PS-Adobe\n' }], cause: JUNK },
  { that: 'sends binary garbage', script: [{ send: '\x01\x02\x80\n' }], cause: JUNK },
  { that: 'sends endless garbage', script: [{ flood: '\x01\x02\x03' }], cause: JUNK },
  {
    that: 'sends garbage and never closes',
    script: ['linger', { send: 'HTTP/1.1 400 Bad Request\r\n' }],
    cause: JUNK,
  },
  {
    that: 'sends endless garbage and never closes',
    script: ['linger', { flood: '\x01\x02\x03' }],
    cause: JUNK,
  },
  {
    that: 'sends a reply in invalid UTF-8',
    script: [{ send: '{"return": "\xc3\x28", "id": $id}\n' }],
    cause: [...JUNK, 'ERR_ENCODING_INVALID_ENCODED_DATA'],
  },
  {
    that: 'sends an endless reply',
    script: [{ send: '{"return": "' }, { flood: 'x' }],
    cause: TOO_LARGE,
    limits: { maxMessageBytes: 256 * 1024 },
  },
  {
    that: 'sends an endless reply, up to the default limit',
    script: [{ send: '{"return": "' }, { flood: 'x' }],
    cause: TOO_LARGE,
  },
  { that: 'sends endless nesting', script: [{ flood: '{"return":' }], cause: JUNK },
];

/** The default limit of a message, the growth of the decoder's buffer, and some noise. */
const MAX_GROWTH_BYTES = 64 * MIB;

describe.each(TRANSPORTS)('over %s, a peer that', (transport) => {
  const possible = FAULTS.filter((fault) => (fault.transport ?? transport) === transport);

  it.each(possible)('$that fails the session and its commands', async ({ script, ...fault }) => {
    const listener = await peer.listen(transport, [...running, 'take', ...script]);
    // Only a peer that never closes needs a deadline.
    const timeouts = script.includes('linger') ? only('close', DEADLINE_MS) : NEVER;
    const client = createClient({ timeouts, limits: fault.limits });
    const recording = recordRunstates(client);
    await client.connect(listener.address);
    const fail = async () => {
      const commands = [1, 2, 3].map((number) => rejection(client.execute('x', { number })));
      if (script.includes('wait')) await resumeAfterData(listener, [...running, ...script]);
      return [await client.closed, await Promise.all(commands)] as const;
    };
    const isFlood = script.some(isEndless);
    const { value, growth } = isFlood
      ? await measureGrowth(fail)
      : { value: await fail(), growth: 0 };
    const [{ cause, undelivered }, errors] = value;
    expect(chainOf(cause)).toEqual(fault.cause);
    expect(undelivered).toBe(0);
    for (const error of errors) {
      expect(chainOf(error)).toEqual(['ExecInterruptedError ERR_QMP_INTERRUPTED', ...fault.cause]);
      expect(error).toHaveProperty('cause', cause);
    }
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
    // The commands have rejected with it.
    await client.disconnect();
  });

  it('never closes makes the close deadline pass, which is no failure', async () => {
    const { address } = await peer.listen(transport, ['linger', ...running]);
    const client = createClient({ timeouts: only('close', DEADLINE_MS) });
    const recording = recordRunstates(client);
    await client.connect(address);
    await endsBy(DEADLINE_MS, () => client.disconnect());
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(client.outcome?.cause).toBeUndefined();
    expect(client.outcome?.suppressed.flatMap(chainOf)).toEqual(['TimeoutError ERR_TIMEOUT close']);
  });

  it('does not reply fails the command by its deadline, and the session goes on', async () => {
    const silent: Script = ['take', { send: event }, 'take', { send: reply }];
    const { address, resume } = await peer.listen(transport, [
      ...running,
      ...silent,
      'wait',
      { send: reply },
    ]);
    const client = createClient({ timeouts: NEVER });
    await client.connect(address);
    const late = () => rejection(client.execute('slow', {}, { timeout: DEADLINE_MS }));
    const error = await endsBy(DEADLINE_MS, late);
    expect(chainOf(error)).toEqual(['TimeoutError ERR_TIMEOUT execute']);
    expect(await client.execute('query-name')).toEqual({});
    await resume();
    await client.disconnect();
    expect(client.outcome?.cause).toBeUndefined();
  });

  it('reports a parse error fails the command in flight, and without one the session', async () => {
    const error = { send: MONITOR.parseError };
    const script: Script = [...running, 'take', error, 'wait', error];
    const { address, resume } = await peer.listen(transport, script);
    const client = createClient({ timeouts: NEVER });
    await client.connect(address);
    const failure = ['ServerParseError ERR_QMP_SERVER_PARSE'];
    expect(chainOf(await rejection(client.execute('query-name')))).toEqual(failure);
    expect(client.runstate).toBe('RUNNING');
    await resume();
    expect(chainOf((await client.closed).cause)).toEqual(failure);
    expect(chainOf(await rejection(client.disconnect()))).toEqual(failure);
  });

  it('sends stale and duplicate replies has them ignored', async () => {
    const replies = reply + reply.replace('{}', '{"second": true}') + MONITOR.stale;
    const odd: Script = ['take', { send: MONITOR.stale + event + replies + event }];
    const { address } = await peer.listen(transport, [...running, ...odd, ...odd]);
    const { records, logger } = recordingLogger();
    const client = createClient({ timeouts: NEVER, logger });
    const events: string[] = [];
    client.on('STOP', ({ event: name }) => events.push(name));
    await client.connect(address);
    expect(await client.execute('query-name')).toEqual({});
    expect(await client.execute('query-name')).toEqual({});
    await client.disconnect();
    expect(client.outcome).toEqual({ suppressed: [], undelivered: 0 });
    expect(events).toHaveLength(4);
    const dropped = records.filter((record) => record.includes('belongs to no command'));
    expect(dropped).toHaveLength(6);
  });

  it('sends an invalid reply fails that command only', async () => {
    const { address } = await peer.listen(transport, [
      ...running,
      'take',
      { send: '{"id": $id, "answer": 42}\r\n' },
      'take',
      { send: reply },
    ]);
    const client = createClient({ timeouts: NEVER });
    await client.connect(address);
    const error = await rejection(client.execute('query-name'));
    expect(chainOf(error)).toEqual(['BadReplyError ERR_QMP_BAD_REPLY']);
    expect(await client.execute('query-name')).toEqual({});
    await client.disconnect();
  });
});
