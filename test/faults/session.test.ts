/** Faults in a session that runs: what becomes of it, of its commands and of its public states. */

import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { createClient } from '../support/qmp.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { rejection } from '../support/signal.ts';
import { goOn, useChaosPeer } from './chaos-peer.ts';
import { isEndless, type Script, type Wire } from './steps.ts';
import {
  BROKEN,
  chainOf,
  endsBy,
  MIB,
  NEVER,
  only,
  weighed,
  wire as says,
  WIRES,
} from './vocabulary.ts';

expectIdleAfterEach();
const peer = useChaosPeer();

const DEADLINE_MS = 100;
const ENDED = ['ClosedError ERR_CLOSED'];
const RESET = ['ClosedError ERR_CLOSED', BROKEN];
const CUT = ['CodecError ERR_CODEC', 'ClosedError ERR_CLOSED'];
const JUNK = ['CodecError ERR_CODEC'];
const TOO_LARGE = ['LimitError ERR_LIMIT'];

/** A session that runs, up to the first command. */
const running: Script = [{ say: says.greeting }, 'take', { say: says.reply }];
const { event, reply } = says;
const half = (text: string): string => text.slice(0, text.length / 2);

interface Fault {
  /** What the peer does when a command has come. */
  readonly that: string;
  readonly script: Script;
  /** The cause of the session's end, with its causes. */
  readonly cause: readonly unknown[];
  readonly limits?: Limits;
  readonly on?: Wire;
}

const FAULTS: readonly Fault[] = [
  { that: 'ends', script: ['end'], cause: ENDED },
  { that: 'ends, and never closes', script: ['linger', 'end'], cause: ENDED },
  { that: 'resets', script: ['reset'], cause: RESET, on: 'tcp' },
  { that: 'ends in its reply', script: [{ say: half(reply) }, 'end'], cause: CUT },
  {
    that: 'resets in its reply',
    script: [{ say: half(reply) }, 'wait', 'reset'],
    cause: RESET,
    on: 'tcp',
  },
  { that: 'says garbage', script: [{ say: '%!PS-Adobe\n' }], cause: JUNK },
  { that: 'says binary garbage', script: [{ say: '\x01\x02\x80\n' }], cause: JUNK },
  { that: 'says garbage for ever', script: [{ flood: '\x01\x02\x03' }], cause: JUNK },
  {
    that: 'says garbage and never closes',
    script: ['linger', { say: 'HTTP/1.1 400 Bad Request\r\n' }],
    cause: JUNK,
  },
  {
    that: 'says garbage for ever and never closes',
    script: ['linger', { flood: '\x01\x02\x03' }],
    cause: JUNK,
  },
  {
    that: 'replies in invalid UTF-8',
    script: [{ say: '{"return": "\xc3\x28", "id": $id}\n' }],
    cause: [...JUNK, 'ERR_ENCODING_INVALID_ENCODED_DATA'],
  },
  {
    that: 'replies without an end',
    script: [{ say: '{"return": "' }, { flood: 'x' }],
    cause: TOO_LARGE,
    limits: { maxMessageBytes: 256 * 1024 },
  },
  {
    that: 'replies without an end, up to the bound by default',
    script: [{ say: '{"return": "' }, { flood: 'x' }],
    cause: TOO_LARGE,
  },
  { that: 'nests without an end', script: [{ flood: '{"return":' }], cause: JUNK },
  {
    that: 'could not parse what it was sent',
    script: [{ say: says.parseError }],
    cause: ['ServerParseError ERR_QMP_SERVER_PARSE'],
  },
];

/** What one message may hold by default, what the decoder's buffer grows by, and some noise. */
const GROWTH = 64 * MIB;

describe.each(WIRES)('over %s, a peer that', (on) => {
  const possible = FAULTS.filter((fault) => (fault.on ?? on) === on);

  it.each(possible)('$that ends the session, with its commands', async ({ script, ...fault }) => {
    const lair = await peer.play(on, [...running, 'take', ...script]);
    // A peer that never closes is left behind by the deadline, and no other end has one.
    const timeouts = script.includes('linger') ? only('close', DEADLINE_MS) : NEVER;
    const client = createClient({ timeouts, limits: fault.limits });
    const recording = recordRunstates(client);
    await client.connect(lair.address);
    const fail = async () => {
      const commands = [1, 2, 3].map((number) => rejection(client.execute('x', { number })));
      if (script.includes('wait')) await goOn(lair, [...running, ...script]);
      return [await client.closed, await Promise.all(commands)] as const;
    };
    const floods = script.some(isEndless);
    const { value, growth } = floods ? await weighed(fail) : { value: await fail(), growth: 0 };
    const [{ cause, undelivered }, errors] = value;
    expect(chainOf(cause)).toEqual(fault.cause);
    expect(undelivered).toBe(0);
    for (const error of errors) {
      expect(chainOf(error)).toEqual(['ExecInterruptedError ERR_QMP_INTERRUPTED', ...fault.cause]);
      expect(error).toHaveProperty('cause', cause);
    }
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(growth).toBeLessThan(GROWTH);
    expect(await rejection(client.disconnect())).toBe(cause);
    await client.disconnect();
  });

  it('closes late is left behind by the deadline, and that is no failure', async () => {
    const { address } = await peer.play(on, ['linger', ...running]);
    const client = createClient({ timeouts: only('close', DEADLINE_MS) });
    const recording = recordRunstates(client);
    await client.connect(address);
    await endsBy(DEADLINE_MS, client.disconnect());
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(client.outcome?.cause).toBeUndefined();
    expect(client.outcome?.suppressed.flatMap(chainOf)).toEqual(['TimeoutError ERR_TIMEOUT close']);
  });

  it('does not reply costs the command its deadline, and the session nothing', async () => {
    const silent: Script = ['take', { say: event }, 'take', { say: reply }];
    const { address, go } = await peer.play(on, [...running, ...silent, 'wait', { say: reply }]);
    const client = createClient({ timeouts: NEVER });
    await client.connect(address);
    const late = client.execute('slow', {}, { timeout: DEADLINE_MS });
    const error = await endsBy(DEADLINE_MS, rejection(late));
    expect(chainOf(error)).toEqual(['TimeoutError ERR_TIMEOUT execute']);
    expect(await client.execute('query-name')).toEqual({});
    await go();
    await client.disconnect();
    expect(client.outcome?.cause).toBeUndefined();
  });

  it('replies to nobody, and twice, is believed once', async () => {
    const answers = reply + reply.replace('{}', '{"second": true}') + says.stale;
    const odd: Script = ['take', { say: says.stale + event + answers + event }];
    const { address } = await peer.play(on, [...running, ...odd, ...odd]);
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

  it('answers no command as QMP does spoils that command only', async () => {
    const { address } = await peer.play(on, [
      ...running,
      'take',
      { say: '{"id": $id, "answer": 42}\r\n' },
      'take',
      { say: reply },
    ]);
    const client = createClient({ timeouts: NEVER });
    await client.connect(address);
    const error = await rejection(client.execute('query-name'));
    expect(chainOf(error)).toEqual(['BadReplyError ERR_QMP_BAD_REPLY']);
    expect(await client.execute('query-name')).toEqual({});
    await client.disconnect();
  });
});
