/** The same programs run with each QEMU and with a scripted server, and see the same. */

import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/index.ts';
import { job, type Script } from '../../src/testing/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createServer } from '../support/qmp.ts';
import { describeEachQemu, onSocket, startQemu } from '../support/real-peers.ts';
import { dialRaw, inWords, isGreeting, type RawClient } from '../testing/support.ts';

expectIdleAfterEach();

const SIZE = 16 * 1024 * 1024;
/** So slow that the job does not end within the test. */
const SLOW = { speed: 1024 };
const MANUAL = { 'auto-finalize': false, 'auto-dismiss': false };
const DISKS = { device: 'src', target: 'dst', sync: 'full', 'job-id': 'j' };

/** A text to send, which is answered, or an event to wait for, in words. */
type Step = string | { readonly until: string };

const ask = (execute: string, args?: object): string =>
  JSON.stringify({ execute, ...(args && { arguments: args }) });
const until = (word: string): Step => ({ until: word });
const status = (name: string): Step => until(`JOB_STATUS_CHANGE ${name}`);

const LOOK = [ask('query-jobs'), ask('query-block-jobs')];
const LAST = status('null');

const PROGRAMS: Readonly<Record<string, readonly Step[]>> = {
  'a backup that ends by itself': [ask('blockdev-backup', DISKS), LAST, ...LOOK],
  'a backup that is finalized and dismissed': [
    ask('blockdev-backup', { ...DISKS, ...MANUAL }),
    until('BLOCK_JOB_PENDING'),
    ...LOOK,
    ...['dismiss', 'complete', 'pause', 'resume'].map((verb) => ask(`job-${verb}`, { id: 'j' })),
    ask('job-finalize', { id: 'j' }),
    status('concluded'),
    ...LOOK,
    ...['finalize', 'cancel'].map((verb) => ask(`job-${verb}`, { id: 'j' })),
    ask('block-job-dismiss', { id: 'j' }),
    LAST,
  ],
  'a backup that is pending, and cancelled': [
    ask('blockdev-backup', { ...DISKS, 'auto-finalize': false }),
    until('BLOCK_JOB_PENDING'),
    ask('job-cancel', { id: 'j' }),
    LAST,
  ],
  'a backup that is cancelled': [
    ask('blockdev-backup', { ...DISKS, ...SLOW }),
    ...LOOK,
    ...['dismiss', 'complete', 'finalize'].map((verb) => ask(`job-${verb}`, { id: 'j' })),
    ask('block-job-set-speed', { device: 'j', speed: -1 }),
    ask('block-job-set-speed', { device: 'j', speed: 2048 }),
    ask('job-cancel', { id: 'j' }),
    LAST,
    ...LOOK,
  ],
  'a backup that is cancelled, and dismissed': [
    ask('blockdev-backup', { ...DISKS, ...SLOW, 'auto-dismiss': false }),
    ask('block-job-cancel', { device: 'j' }),
    status('concluded'),
    ...LOOK,
    ask('job-dismiss', { id: 'j' }),
    LAST,
  ],
  'a backup that is paused and resumed': [
    ask('blockdev-backup', { ...DISKS, ...SLOW }),
    ask('job-resume', { id: 'j' }),
    ask('job-pause', { id: 'j' }),
    ask('job-pause', { id: 'j' }),
    ...LOOK,
    ask('block-job-cancel', { device: 'j' }),
    ask('job-resume', { id: 'j' }),
    ask('job-resume', { id: 'j' }),
    ask('block-job-pause', { device: 'j' }),
    ask('block-job-cancel', { device: 'j', force: true }),
    LAST,
  ],
  'a mirror that is completed': [
    ask('blockdev-mirror', DISKS),
    until('BLOCK_JOB_READY'),
    ...LOOK,
    ask('job-pause', { id: 'j' }),
    status('standby'),
    ask('job-resume', { id: 'j' }),
    ask('job-complete', { id: 'j' }),
    LAST,
  ],
  'a mirror that is completed by hand': [
    ask('blockdev-mirror', { ...DISKS, ...MANUAL }),
    until('BLOCK_JOB_READY'),
    ask('block-job-complete', { device: 'j' }),
    until('BLOCK_JOB_PENDING'),
    ask('block-job-finalize', { id: 'j' }),
    status('concluded'),
    ask('job-dismiss', { id: 'j' }),
    LAST,
  ],
  'a mirror that ends without its target': [
    ask('blockdev-mirror', DISKS),
    until('BLOCK_JOB_READY'),
    ask('block-job-cancel', { device: 'j' }),
    LAST,
  ],
  'a mirror that is cancelled when it is ready': [
    ask('blockdev-mirror', DISKS),
    until('BLOCK_JOB_READY'),
    ask('job-cancel', { id: 'j' }),
    LAST,
  ],
  'a backup that fails': [
    ask('blockdev-backup', { ...DISKS, device: 'broken', 'auto-dismiss': false }),
    status('concluded'),
    ...LOOK,
    ask('job-dismiss', { id: 'j' }),
    LAST,
  ],
  'a job that is no block job': [
    ask('blockdev-create', {
      'job-id': 'j',
      options: { driver: 'file', filename: '/tmp/of-no-test/missing', size: 0 },
    }),
    status('concluded'),
    ask('query-block-jobs'),
    ask('block-job-dismiss', { id: 'j' }),
    ask('block-job-cancel', { device: 'j' }),
    ask('job-dismiss', { id: 'j' }),
    LAST,
  ],
  'jobs that cannot start, and jobs that do not exist': [
    ask('blockdev-backup', { ...DISKS, ...SLOW }),
    ask('blockdev-backup', { ...DISKS, device: 'src2', target: 'dst2' }),
    ask('blockdev-backup', { ...DISKS, device: 'src2', target: 'dst2', 'job-id': '1 bad' }),
    ...['cancel', 'complete', 'finalize', 'dismiss', 'pause', 'resume'].flatMap((verb) => [
      ask(`job-${verb}`, { id: 'x' }),
      ask(`block-job-${verb}`, { [/fin|dis/.test(verb) ? 'id' : 'device']: 'x' }),
    ]),
    ask('job-cancel', { id: 'j' }),
    LAST,
  ],
  'a quit while a job runs': [ask('blockdev-backup', { ...DISKS, ...SLOW }), ask('quit'), LAST],
  'a guest that runs and stops': [ask('cont'), ask('cont'), ask('stop')],
  'messages that are no commands': [
    ...['{}', '{"id":1}', '{"execute":1}', '{"execute":""}', '{"execute":"stop","foo":1}'],
    ...['{"execute":"stop","arguments":[]}', '{"execute":"stop","arguments":null}'],
    ...['{"execute":"stop","exec-oob":"query-yank"}', '{"exec-oob":"query-yank"}'],
    ...['{"exec-oob":"nope","id":"n"}', '{"execute":"qmp_capabilities"}'],
    ...['[]', '5\n', '"x"\n', 'true\n', 'foo\n', '{"x":}\n'],
    "{'execute':'query-name','id':'it\\'s'}",
    '{\n"execute":\n"query-name"}',
    '{"execute":"query-name","id":{"a":[1,null]}}',
  ],
};

const NEGOTIATIONS: readonly string[] = [
  ask('query-name'),
  '{"exec-oob":"query-yank","id":1}',
  '{"execute":"qmp_capabilities","arguments":{"enable":["foo"]}}',
  '{"execute":"qmp_capabilities","arguments":{"enable":"oob"}}',
];

/** What a program has seen. */
interface Seen {
  readonly replies: string[];
  readonly events: string[];
}

/** Negotiates, and runs a program. */
async function run(
  raw: RawClient,
  capabilities: readonly string[],
  steps: readonly Step[],
): Promise<Seen> {
  await raw.until('\r\n');
  const seen: Seen = { replies: [], events: [] };
  const take = async (): Promise<void> => {
    const line = await raw.until('\r\n');
    if (isGreeting(line)) return;
    const { event, id } = JSON.parse(line) as Record<string, unknown>;
    if (event !== undefined) seen.events.push(inWords(line));
    else seen.replies.push(`${comparable(inWords(line))} ${JSON.stringify({ id })}`);
  };
  const enabling = ask('qmp_capabilities', { enable: capabilities });
  for (const step of [...NEGOTIATIONS, enabling, ...steps]) {
    const count = seen.replies.length;
    if (typeof step === 'string') {
      raw.socket.write(step);
      while (seen.replies.length === count) await take();
    } else {
      while (!seen.events.includes(step.until)) await take();
    }
  }
  raw.socket.destroy();
  return { ...seen, events: withoutPauses(seen.events) };
}

/** QEMU pauses jobs now and then, for as long as the graph of block devices changes. */
function withoutPauses(events: readonly string[]): string[] {
  const lines = events
    .join('\n')
    .replaceAll(/\nJOB_STATUS_CHANGE paused\nJOB_STATUS_CHANGE running/g, '');
  return lines === '' ? [] : lines.split('\n');
}

/** Members that depend on time, on the version, or on how a disk was made. */
const VOLATILE = [
  'actively-synced',
  'busy',
  'current-progress',
  'io-status',
  'len',
  'offset',
  'total-progress',
];

/** A reply in words, without what may differ. */
function comparable(words: string): string {
  const parseError = /^GenericError: .*JSON parse error/.exec(words);
  if (parseError !== null) return 'GenericError: JSON parse error';
  if (!words.startsWith('[{')) return words;
  const jobs = JSON.parse(words) as readonly Readonly<Record<string, JsonValue>>[];
  return JSON.stringify(
    jobs.map((info) =>
      Object.fromEntries(
        Object.entries(info)
          .filter(([name]) => !VOLATILE.includes(name))
          .sort(([one], [other]) => (one < other ? -1 : 1)),
      ),
    ),
  );
}

/** The scripts of a server that does what QEMU does with empty disks. */
function scripts(): Readonly<Record<string, Script>> {
  const copy: Script = ({ arguments: { speed, device } }) => {
    if (speed !== undefined) return job({ interval: Infinity });
    return job(device === 'broken' ? { error: 'Input/output error' } : {});
  };
  return {
    'blockdev-add': {},
    'blockdev-backup': copy,
    'blockdev-mirror': copy,
    'blockdev-create': job({ error: 'No such file or directory' }),
    'query-yank': [{ type: 'chardev', id: 'compat_monitor0' }],
  };
}

/** The commands that make QEMU's disks. */
const disks = ['src', 'dst', 'src2', 'dst2'].map((name) =>
  ask('blockdev-add', { driver: 'null-co', 'node-name': name, size: SIZE, 'read-zeroes': true }),
);
const broken = ask('blockdev-add', {
  driver: 'blkdebug',
  'node-name': 'broken',
  image: { driver: 'null-co', size: SIZE },
  'inject-error': [{ event: 'none', iotype: 'read', errno: 5, once: false }],
});

describeEachQemu((path) => {
  /** Starts QEMU, and connects as soon as it listens. */
  async function dialQemu(): Promise<RawClient> {
    const { peer, address } = await onSocket((socket) =>
      startQemu(path, '-qmp', `unix:${socket},server=on,wait=off`),
    );
    for (;;) {
      const raw = await dialRaw({ path: address }).catch(() => undefined);
      if (raw !== undefined) return raw;
      await peer.unlessExited(pause(10));
    }
  }

  describe.each([
    ['with oob', ['oob']],
    ['without oob', []],
  ])('%s', (_, capabilities) => {
    it.each(Object.entries(PROGRAMS))('%s: both show the same', async (_title, steps) => {
      const all = [...disks, broken, ...steps];
      const real = await run(await dialQemu(), capabilities, all);
      const server = createServer({ commands: scripts(), queue: 8 });
      const scripted = await run(await dialRaw(await server.listen()), capabilities, all);
      expect(scripted).toEqual(real);
    });
  });

  it('an out-of-band command waits for all but eight of twenty commands in-band', async () => {
    const text = ask('query-qmp-schema').repeat(20) + '{"exec-oob":"query-yank","id":"probe"}';
    const server = createServer({
      queue: 8,
      commands: { 'query-qmp-schema': () => pause(10, null) },
    });
    const place = async (raw: RawClient): Promise<number> => {
      await raw.until('\r\n');
      raw.socket.write(ask('qmp_capabilities', { enable: ['oob'] }));
      while (isGreeting(await raw.until('\r\n')));
      raw.socket.write(text);
      for (let count = 0; ; count += 1) {
        if ((await raw.until('\r\n')).includes('probe')) return count;
      }
    };
    expect(await place(await dialRaw(await server.listen()))).toBe(12);
    expect(await place(await dialQemu())).toBeGreaterThanOrEqual(12);
  });
});
