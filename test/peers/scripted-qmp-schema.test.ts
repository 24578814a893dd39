/** A scripted server with the schema of a QEMU refuses what that QEMU refuses, with the same error. */

import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { spawnPeer } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';
import type { SchemaInfo } from '../../src/testing/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createServer } from '../support/qmp.ts';
import { describeEachQemu, onSocket, startQemu } from '../support/real-peers.ts';
import { type RawSession, rawSession } from '../testing/support.ts';

expectIdleAfterEach();

type Call = readonly [name: string, args?: object];

/** Calls that are written by hand: QEMU rejects each of them. */
const CALLS: readonly Call[] = [
  ['nope'],
  ['toString'],
  ['query-status', { x: 1 }],
  ['job-cancel', { id: null }],
  ['job-cancel', { id: 'a', x: 1 }],
  ['block-job-set-speed', { device: 'a', speed: 1.5 }],
  ['block-job-set-speed', { device: 'a', speed: true }],
  ['block-job-set-speed', { device: 'a', speed: 1e30 }],
  ['blockdev-add', { driver: 'nope' }],
  ['blockdev-add', { driver: 'file' }],
  ['blockdev-add', { driver: 'file', filename: 1 }],
  ['blockdev-add', { driver: 'file', filename: 'x', foo: 1 }],
  ['blockdev-add', { driver: 'raw', file: { driver: 'file' } }],
  ['blockdev-add', { driver: 'raw', file: {} }],
  ['blockdev-add', { driver: 'raw', file: 5 }],
  ['blockdev-backup', { device: 'a', target: 'b', sync: 'zzz' }],
  ['transaction', { actions: [1] }],
  ['transaction', { actions: [{ type: 'foo' }] }],
  ['transaction', { actions: [{ type: 'abort' }] }],
  ['transaction', { actions: [{ type: 'abort', data: { a: 1 } }] }],
  ['chardev-add', { id: 'x', backend: { type: 'socket', data: {} } }],
  ['chardev-add', { id: 'x', backend: { type: 'null' } }],
  ['object-add', { 'qom-type': 'nope', id: 'a' }],
  ['object-add', { 'qom-type': 'iothread', id: 'a', zzz: 1 }],
  ['netdev_add', { type: 'user', id: 'a', zzz: 1 }],
  ['device_add', { bus: 'x' }],
  [
    'input-send-event',
    { events: [{ type: 'key', data: { down: 1, key: { type: 'qcode', data: 'a' } } }] },
  ],
];

/** What no member of any command is, unless it may be anything. */
const NOTHING_ELSE = { 'x-nothing': [] };

/** For each command of a schema calls that cannot succeed: an unknown argument, and each argument with a wrong type. */
function wrongCalls(schema: readonly SchemaInfo[]): readonly Call[] {
  const types = new Map(schema.map((info) => [info.name, info]));
  const mayBeAnything = (type = ''): boolean => types.get(type)?.['json-type'] === 'value';
  return (
    schema
      .filter((info) => info['meta-type'] === 'command' && info.name !== 'qmp_capabilities')
      // These take more than the schema says.
      .filter(({ name }) => name !== 'device_add')
      .flatMap(({ name, 'arg-type': type = '' }) => {
        const members = (types.get(type)?.members ?? []).filter(
          (member) => !mayBeAnything(member.type),
        );
        const typed = members.map((member): Call => [name, { [member.name ?? '']: NOTHING_ELSE }]);
        return [[name, NOTHING_ELSE] as const, ...typed];
      })
  );
}

/** A reply, but for what a schema does not have: the names of alternate types, and which integers have no sign. */
const comparable = (reply = ''): string =>
  reply
    .replace(
      /Parameter '([^']*)' expects uint64$/,
      "Invalid parameter type for '$1', expected: integer",
    )
    .replace(/(Invalid parameter type for '[^']*', expected: )(.* or .*|[A-Z].*)$/, '$1…');

describeEachQemu((path) => {
  let schema: readonly SchemaInfo[];

  beforeAll(async () => {
    // A QEMU of its own, which the whole file may ask.
    const args = ['-M', 'none', '-display', 'none', '-nodefaults', '-S'];
    const qemu = spawnPeer(path, [
      ...args,
      '-chardev',
      'socket,id=c,fd=3',
      '-mon',
      'chardev=c,mode=control',
    ]);
    await using client = new QmpClient();
    await client.connect(qemu.address);
    schema = await client.execute('query-qmp-schema');
    await client.execute('quit');
    await client.closed;
  });

  /** Asks QEMU and a scripted server with its schema. */
  async function askBoth(calls: readonly Call[]) {
    const { peer, address } = await onSocket((socket) =>
      startQemu(path, '-qmp', `unix:${socket},server=on,wait=off`),
    );
    const dial = (): Promise<RawSession> => rawSession({ path: address });
    let qemu = await dial().catch(() => undefined);
    while (qemu === undefined) {
      await peer.unlessExited(pause(10));
      qemu = await dial().catch(() => undefined);
    }
    const scripted = await rawSession(await createServer({ schema }).listen());
    const replies = async ({ ask }: RawSession): Promise<readonly string[]> => {
      const all: string[] = [];
      for (const [execute, args] of calls) {
        const reply = (await ask(`${JSON.stringify({ execute, arguments: args })}\n`)).at(-1);
        all.push(`${execute} ${JSON.stringify(args ?? {})}: ${comparable(reply)}`);
      }
      return all;
    };
    return Promise.all([replies(qemu), replies(scripted)]);
  }

  describe('a call that is wrong', () => {
    it('gets the same error from both, if it is written by hand', async () => {
      const [qemu, scripted] = await askBoth(CALLS);
      expect(scripted).toEqual(qemu);
      expect(qemu.filter((reply) => !/: (GenericError|CommandNotFound): /.test(reply))).toEqual([]);
    });

    it('gets the same error from both, for each argument of each command', async () => {
      const calls = wrongCalls(schema);
      expect(calls.length).toBeGreaterThan(400);
      const [qemu, scripted] = await askBoth(calls);
      expect(scripted).toEqual(qemu);
    });
  });
});
