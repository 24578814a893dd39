/** Which commands with a descriptor are sent, and when. That the descriptors arrive is tested with real QEMUs. */

import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, createServer, Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { QmpOptions } from '../../src/qmp/index.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { createClient, ManualMonitor, session } from '../support/qmp.ts';
import { hasSettled, rejection } from '../support/signal.ts';

expectIdleAfterEach();

const FILE = import.meta.filename;

/** Connects a client over a UNIX socket to a monitor that the test operates. */
async function unixSession(options?: QmpOptions) {
  const path = join(await tempDir(), 'qmp.sock');
  const server = createServer({ allowHalfOpen: true }).listen(path);
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const stream = connect(path);
  const [peer] = await accepted;
  server.close();
  return session(options, createClient(options), new ManualMonitor([stream, peer]));
}

function openFile(): number {
  const fd = openSync(FILE, 'r');
  cleanUp(() => {
    closeSync(fd);
  });
  return fd;
}

const ADDED = { 'fdset-id': 3, fd: 12 };

describe('addFd()', () => {
  it('sends a blank and add-fd, and resolves with the path of the set', async () => {
    const { client, monitor } = await unixSession();
    const before = monitor.text.length;
    const added = client.addFd(openFile(), { fdset: 3, opaque: 'disk' });
    const command = await monitor.take();
    expect(monitor.text.slice(before)).toBe(
      ' {"execute":"add-fd","arguments":{"fdset-id":3,"opaque":"disk"}}\n',
    );
    monitor.reply(command, ADDED);
    expect(await added).toEqual({ fdset: 3, fd: 12, path: '/dev/fdset/3' });
    await client.disconnect();
  });

  it('takes an open file', async () => {
    const { client, monitor } = await unixSession();
    const file = await open(FILE);
    const added = client.addFd(file);
    monitor.reply(await monitor.take(), ADDED);
    await added;
    await file.close();
    await client.disconnect();
  });

  it('sends the next one when the one before is answered, and other commands meanwhile', async () => {
    const { client, monitor } = await unixSession();
    const fd = openFile();
    const added = [client.addFd(fd), client.addFd(fd), client.getFd(fd, 'third')];
    const first = await monitor.take();
    expect(first.execute).toBe('add-fd');
    const status = client.execute('query-status');
    const other = await monitor.take();
    expect(other.execute).toBe('query-status');
    monitor.reply(other);
    await status;
    expect(client.stats).toMatchObject({ commandsInFlight: 1, commandsWaiting: 2 });
    monitor.reply(first, ADDED);
    const second = await monitor.take();
    expect(second.execute).toBe('add-fd');
    monitor.send({ error: { class: 'GenericError', desc: 'no' }, id: second.id });
    const third = await monitor.take();
    expect(third).toMatchObject({ execute: 'getfd', arguments: { fdname: 'third' } });
    monitor.reply(third);
    const outcomes = await Promise.allSettled(added);
    expect(outcomes.map(({ status: how }) => how)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await client.disconnect();
  });

  it('takes turns with the commands of execute() that would get its descriptor', async () => {
    const { client, monitor } = await unixSession();
    const before = client.execute('add-fd', { opaque: 'before' });
    const added = client.addFd(openFile(), { opaque: 'mine' });
    expect(await hasSettled(added)).toBe(false);
    const after = client.executeMessage({ execute: 'getfd', arguments: { fdname: 'after' } });
    for (const sent of ['before', 'mine', 'after']) {
      const command = await monitor.take();
      expect(JSON.stringify(command.arguments)).toContain(sent);
      expect(client.stats.commandsInFlight).toBe(1);
      monitor.reply(command, ADDED);
    }
    await Promise.all([before, added, after]);
    await client.disconnect();
  });

  it('does not send one that was given up while it waited', async () => {
    const { client, monitor } = await unixSession();
    const fd = openFile();
    const controller = new AbortController();
    const first = client.addFd(fd);
    const second = client.addFd(fd, { signal: controller.signal, opaque: 'second' });
    const third = client.addFd(fd, { opaque: 'third' });
    const sent = await monitor.take();
    controller.abort(new Error('enough'));
    expect(await rejection(second)).toBe(controller.signal.reason);
    monitor.reply(sent, ADDED);
    await first;
    const next = await monitor.take();
    expect(next.arguments).toEqual({ opaque: 'third' });
    monitor.reply(next, ADDED);
    await third;
    expect(monitor.text).not.toContain('second');
    await client.disconnect();
  });

  it('waits for the late reply to one that was given up after it was sent', async () => {
    const { client, monitor } = await unixSession();
    const fd = openFile();
    const controller = new AbortController();
    const first = client.addFd(fd, { signal: controller.signal });
    const sent = await monitor.take();
    controller.abort();
    await rejection(first);
    const second = client.addFd(fd);
    expect(await hasSettled(second)).toBe(false);
    expect(client.stats.commandsWaiting).toBe(1);
    monitor.reply(sent, ADDED);
    monitor.reply(await monitor.take(), { ...ADDED, fd: 13 });
    expect(await second).toMatchObject({ fd: 13 });
    await client.disconnect();
  });

  it('says whether it was sent when its deadline has passed', async () => {
    const clock = new SimulatedClock();
    const { client, monitor } = await unixSession({ clock });
    const fd = openFile();
    const sent = client.addFd(fd, { timeout: 100 });
    await monitor.take();
    const waiting = client.addFd(fd, { timeout: 100 });
    expect(await hasSettled(waiting)).toBe(false);
    clock.increment(100);
    expect(await rejection(sent)).toMatchObject({
      code: 'ERR_TIMEOUT',
      message: expect.stringContaining('may still be executed') as unknown,
    });
    expect(await rejection(waiting)).toMatchObject({
      code: 'ERR_TIMEOUT',
      message:
        'add-fd was not sent within 100 ms: the commands before it have no reply yet, and one descriptor is passed at a time',
    });
    await client.disconnect();
  });

  it('sends none that wait when the session ends', async () => {
    const { client, monitor } = await unixSession();
    const fd = openFile();
    const calls = [client.addFd(fd), client.addFd(fd)];
    await monitor.take();
    const outcomes = Promise.all(calls.map(rejection));
    await client.disconnect();
    expect(await outcomes).toMatchObject([
      { code: 'ERR_QMP_INTERRUPTED' },
      { code: 'ERR_QMP_INTERRUPTED', message: expect.stringContaining('not sent') as unknown },
    ]);
    expect(monitor.text.match(/add-fd/g)).toHaveLength(1);
  });

  it('rejects one whose descriptor is closed before its turn, and goes on', async () => {
    const { client, monitor } = await unixSession();
    const [fd, closing] = [openFile(), openSync(FILE, 'r')];
    const first = client.addFd(fd);
    const second = client.addFd(closing, { opaque: 'second' });
    const third = client.addFd(fd);
    const sent = await monitor.take();
    closeSync(closing);
    monitor.reply(sent, ADDED);
    await first;
    expect(await rejection(second)).toMatchObject({
      code: 'ERR_ARGUMENT',
      message: expect.stringContaining('closed before it was sent') as unknown,
    });
    monitor.reply(await monitor.take(), ADDED);
    await third;
    expect(monitor.text).not.toContain('second');
    await client.disconnect();
  });

  it.each([
    ['no object', []],
    ['no set', { fd: 1 }],
    ['a set without a number', { 'fdset-id': '../../etc', fd: 1 }],
    ['a negative set', { 'fdset-id': -1, fd: 1 }],
    ['no descriptor', { 'fdset-id': 1 }],
  ])('rejects a reply with %s', async (_, reply) => {
    const { client, monitor } = await unixSession();
    const added = client.addFd(openFile());
    monitor.reply(await monitor.take(), reply);
    expect(await rejection(added)).toMatchObject({ code: 'ERR_QMP_BAD_REPLY' });
    await client.disconnect();
  });
});

describe('what cannot be passed', () => {
  it.each([
    ['a number that is not open', [4000], /addFd\(\) is not open: 4000/],
    ['no number', ['1'], /must be the number of an open file descriptor/],
    ['a set that is no number', [0, { fdset: '1' }], /fdset of addFd\(\) must be/],
    ['a set below 0', [0, { fdset: -1 }], /fdset of addFd\(\) must be/],
    ['a text that is none', [0, { opaque: 1 }], /opaque of addFd\(\) must be a string/],
    ['an unknown option', [0, { name: 'x' }], /addFd\(\) has no option 'name'/],
    ['a deadline of 0', [0, { timeout: 0 }], /timeout must be/],
  ])('is refused: %s', async (_, args, message) => {
    const { client, monitor } = await unixSession();
    const before = monitor.text;
    expect(
      await rejection(client.addFd(...(args as Parameters<typeof client.addFd>))),
    ).toMatchObject({
      code: 'ERR_ARGUMENT',
      message: expect.stringMatching(message) as unknown,
    });
    await client.disconnect();
    expect(monitor.text).toBe(before);
  });

  it('is refused when it is a file, a socket or a server that is closed', async () => {
    const { client, monitor } = await unixSession();
    const before = monitor.text;
    const file = await open(FILE, 'r');
    await file.close();
    const socket = new Socket();
    socket.destroy();
    for (const closed of [file, socket, createServer()]) {
      expect(await rejection(client.addFd(closed))).toMatchObject({
        code: 'ERR_ARGUMENT',
        message: expect.stringMatching(/not one that is closed, or not open yet$/) as string,
      });
    }
    expect(monitor.text).toBe(before);
    await client.disconnect();
  });

  it.each([[''], ['1st'], [7]])('is refused: the name %j', async (name) => {
    const { client } = await unixSession();
    expect(await rejection(client.getFd(0, name as string))).toMatchObject({
      code: 'ERR_ARGUMENT',
      message: expect.stringContaining('does not begin with a digit') as unknown,
    });
    await client.disconnect();
  });

  it('is refused without a session', async () => {
    const client = createClient();
    expect(await rejection(client.addFd(0))).toMatchObject({ code: 'ERR_STATE' });
  });

  it('is not sent without a session, and the error says so', async () => {
    const { client } = await unixSession();
    await client.disconnect();
    expect(await rejection(client.addFd(0))).toMatchObject({
      code: 'ERR_STATE',
      message: expect.stringMatching(/^add-fd was not sent: /) as string,
    });
    expect(await rejection(client.getFd(0, 'disk'))).toMatchObject({
      message: expect.stringMatching(/^getfd was not sent: /) as string,
    });
  });

  it('is refused over another stream than a UNIX socket', async () => {
    const { client, monitor } = await session();
    const before = monitor.text;
    expect(await rejection(client.addFd(openFile()))).toMatchObject({
      code: 'ERR_DESCRIPTOR',
      message: expect.stringContaining('UNIX sockets only') as unknown,
    });
    expect(monitor.text).toBe(before);
    await client.disconnect();
  });

  it('is not sent when it was given up before the call', async () => {
    const { client } = await unixSession();
    const reason = new Error('before');
    const signal = AbortSignal.abort(reason);
    expect(await rejection(client.addFd(openFile(), { signal }))).toBe(reason);
    await client.disconnect();
  });
});
