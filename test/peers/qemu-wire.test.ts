/** The form of commands on the wire, and the window, with real QEMU. */

import { expect, it } from 'vitest';
import { ArgumentError, CodecError } from '../../src/index.ts';
import { type QmpClient, type QmpOptions, ServerParseError } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { describeEachQemu, onSocket, startQemu } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const SLOW = 60;
/** What QEMU queues, besides the command that it executes. */
const QUEUED = 8;

/** Executes slow commands, and one out of band when the first is answered. Returns how many were before it. */
async function answeredBeforeOob(client: QmpClient): Promise<number> {
  let answered = 0;
  const slow = Array.from({ length: SLOW }, async () => {
    await client.execute('query-qmp-schema');
    answered += 1;
  });
  await slow[0];
  await client.execute('query-yank', undefined, { oob: true });
  const before = answered;
  await Promise.all(slow);
  return before;
}

describeEachQemu((path) => {
  const connected = async (options?: QmpOptions) => {
    const start = (at: string) => startQemu(path, '-qmp', `unix:${at},server=on,wait=off`);
    const { peer, address } = await onSocket(start);
    return peer.connect(address, options);
  };

  it.each([
    ['a lone surrogate', '\ud800'],
    ['a character that is none', '\uffff'],
  ])('cannot parse %s: its command rejects, and those around it do not', async (_, text) => {
    const client = await connected();
    const before = client.execute('query-name');
    const oob = client.execute('query-yank', undefined, { oob: true });
    const unparsed = ['first', 'second'].map((name) =>
      rejection(client.executeMessage({ execute: name, arguments: { text } })),
    );
    const after = client.execute('query-status');
    const unknown = client.executeMessage({ execute: 'third' });
    expect(await before).toEqual({});
    expect(await oob).toBeInstanceOf(Array);
    for (const error of await Promise.all(unparsed)) expect(error).toBeInstanceOf(ServerParseError);
    expect(await after).toMatchObject({ running: false });
    expect(await unknown).toMatchObject({ error: { class: 'CommandNotFound' } });
    expect(client.stats).toMatchObject({ commandsInFlight: 0, commandsFailed: 3 });
    await client.disconnect();
  });

  it('cannot parse one that is alone, in band or out of band: the next one gets its own reply', async () => {
    const client = await connected();
    const args = { instances: ['\ud800'] };
    const alone = await rejection(client.executeMessage({ execute: 'yank', arguments: args }));
    expect(alone).toMatchObject({ code: 'ERR_QMP_SERVER_PARSE', command: 'yank' });
    const oob = await rejection(client.executeMessage({ 'exec-oob': 'yank', arguments: args }));
    expect(oob).toMatchObject({ code: 'ERR_QMP_SERVER_PARSE', command: 'yank' });
    expect(await client.execute('query-name')).toEqual({});
    expect(client.runstate).toBe('RUNNING');
    await client.disconnect();
  });

  it('parses 1024 levels of arguments, and is never sent more', async () => {
    const client = await connected();
    const nested = (levels: number) => {
      let value: object = {};
      // The message and its arguments are two levels.
      for (let level = 3; level < levels; level += 1) value = [value];
      return client.executeMessage({ execute: 'query-name', arguments: { value } });
    };
    expect(await nested(1024)).toMatchObject({
      error: { desc: expect.stringContaining('unexpected') as string },
    });
    expect(await rejection(nested(1025))).toBeInstanceOf(CodecError);
    expect(await client.execute('query-name')).toEqual({});
    await client.disconnect();
  });

  it('answers an out-of-band command at once, although 60 slow commands were executed before', async () => {
    const client = await connected();
    expect(await answeredBeforeOob(client)).toBeLessThanOrEqual(QUEUED);
    await client.disconnect();
  });

  it('answers it after most of them without the window', async () => {
    const client = await connected({ limits: { maxInFlight: Infinity } });
    expect(await answeredBeforeOob(client)).toBeGreaterThan(SLOW / 2);
    await client.disconnect();
  });

  it('negotiates no out-of-band execution with oob: false', async () => {
    const client = await connected({ oob: false });
    const refused = await rejection(client.execute('query-yank', undefined, { oob: true }));
    expect(refused).toBeInstanceOf(ArgumentError);
    expect(refused).toMatchObject({ message: expect.stringContaining('option oob') as string });
    const names = Array.from({ length: 20 }, () => client.execute('query-name'));
    expect(client.stats).toMatchObject({ commandsInFlight: 20, commandsWaiting: 0 });
    await Promise.all(names);
    await client.disconnect();
  });
});
