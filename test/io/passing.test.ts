/** Descriptors that are passed over UNIX sockets, as a program in another language receives them. */

import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type AsyncProtocol, joinStreams, lines, spawnPeer } from '../../src/index.ts';
import { unixSocketOf } from '../../src/io/descriptors/unix-handle.ts';
import { cleanUp, createProtocol, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import {
  canReceive,
  DescriptorReceiver,
  inheritingReceiver,
  type Received,
} from '../support/descriptor-receiver.ts';
import { rawPeer } from '../support/peers.ts';
import { hasSettled, rejection } from '../support/signal.ts';

expectIdleAfterEach();

/** More than the buffers of a socket hold. */
const LONG = 'x'.repeat(300_000);

/** Opens a new file with a content, until the end of the test. */
async function fileWith(content: string): Promise<number> {
  const path = join(await tempDir(), 'file');
  writeFileSync(path, content);
  const fd = openSync(path, 'r');
  cleanUp(() => {
    closeSync(fd);
  });
  return fd;
}

const createLines = () => createProtocol<string>({ codec: lines() });

const connected = async () => {
  const receiver = await DescriptorReceiver.start();
  const protocol = createLines();
  await protocol.connect(receiver.path);
  return { receiver, protocol };
};

/** Sends a message with a descriptor. */
const pass = async (protocol: AsyncProtocol<string>, message: string, fd: unknown) => {
  const passing = await protocol.descriptor('fd', fd);
  await protocol.sendWith(message, passing);
};

/** The messages that follow each descriptor, by the descriptors' contents. */
const messagesIn = ({ text, descriptors }: Received) =>
  descriptors.map(({ at, content }) => [content, /^ (.*)\n/.exec(text.slice(at))?.[1]]);

describe.skipIf(!canReceive)('a descriptor', () => {
  it('arrives with a blank right before its message', async () => {
    const { receiver, protocol } = await connected();
    await pass(protocol, 'take it', await fileWith('first'));
    receiver.read();
    await protocol.disconnect();
    expect(await receiver.received()).toEqual({
      text: ' take it\n',
      descriptors: [{ at: 0, content: 'first' }],
    });
  });

  it('keeps its place among other messages of the same turn', async () => {
    const { receiver, protocol } = await connected();
    const passing = await protocol.descriptor('fd', await fileWith('file'));
    void protocol.send('one');
    void protocol.send('two');
    void protocol.sendWith('three', passing);
    void protocol.send('four');
    receiver.read();
    await protocol.disconnect();
    const received = await receiver.received();
    expect(received.text).toBe('one\ntwo\n three\nfour\n');
    expect(messagesIn(received)).toEqual([['file', 'three']]);
    expect(protocol.stats).toMatchObject({ messagesOut: 4 });
  });

  it('waits until a full socket has room, and keeps its place', async () => {
    const { receiver, protocol } = await connected();
    const [first, second] = [await fileWith('1'), await fileWith('2')];
    void protocol.send(LONG);
    void protocol.send(LONG);
    const passed = [pass(protocol, 'first', first), pass(protocol, 'second', second)];
    expect(await hasSettled(Promise.race(passed))).toBe(false);
    receiver.read();
    await Promise.all(passed);
    await protocol.disconnect();
    const received = await receiver.received();
    expect(messagesIn(received)).toEqual([
      ['1', 'first'],
      ['2', 'second'],
    ]);
    expect(received.text.replaceAll(LONG, 'long').replaceAll(' ', '')).toBe(
      'long\nlong\nfirst\nsecond\n',
    );
  });

  it('waits for a socket that other descriptors have filled', async () => {
    const { receiver, protocol } = await connected();
    const fd = await fileWith('same');
    const passed: Promise<void>[] = [];
    const message = 'y'.repeat(2_000);
    // Each is written at once, so that nothing is left in the stream when the socket is full.
    while (passed.length < 200) passed.push(pass(protocol, message, fd));
    expect(await hasSettled(Promise.all(passed))).toBe(false);
    receiver.read();
    await Promise.all(passed);
    await protocol.disconnect();
    const messages = messagesIn(await receiver.received());
    expect(messages).toEqual(Array.from({ length: 200 }, () => ['same', message]));
  });

  it('is not sent, nor its message, when it is dropped in time', async () => {
    const { receiver, protocol } = await connected();
    const passing = await protocol.descriptor('fd', await fileWith('unwanted'));
    void protocol.send(LONG);
    void protocol.send(LONG);
    const passed = protocol.sendWith('unwanted', passing);
    expect(passing.stage).toBe('queued');
    const reason = new Error('not any more');
    passing.drop(reason);
    expect(await rejection(passed)).toBe(reason);
    const last = pass(protocol, 'last', await fileWith('wanted'));
    receiver.read();
    await last;
    passing.drop(new Error('again'));
    await protocol.disconnect();
    const received = await receiver.received();
    expect(messagesIn(received)).toEqual([['wanted', 'last']]);
    expect(received.text).not.toContain('unwanted');
    expect(protocol.stats).toMatchObject({ messagesOut: 3, queuedBytes: 0, queuedMessages: 0 });
  });

  it('is not sent when its number stands for another file by then', async () => {
    const { receiver, protocol } = await connected();
    const closing = openSync(import.meta.filename, 'r');
    const passing = await protocol.descriptor('fd', closing);
    closeSync(closing);
    const other = openSync('/dev/null', 'r');
    expect(other).toBe(closing);
    expect(await rejection(protocol.sendWith('it', passing))).toMatchObject({
      code: 'ERR_ARGUMENT',
      message: expect.stringContaining('was closed before it was sent') as unknown,
    });
    closeSync(other);
    await protocol.send('goes on');
    receiver.read();
    await protocol.disconnect();
    expect(await receiver.received()).toEqual({ text: 'goes on\n', descriptors: [] });
  });

  it('rejects when the session ends before its turn', async () => {
    const { protocol } = await connected();
    const passing = await protocol.descriptor('fd', await fileWith('late'));
    void protocol.send(LONG);
    void protocol.send(LONG);
    const passed = protocol.sendWith('late', passing);
    const failure = rejection(passed);
    await protocol.disconnect({ force: true });
    expect(await failure).toMatchObject({ code: 'ERR_CLOSED' });
    expect(passing.stage).toBe('dropped');
  });

  it('belongs to the session that it was prepared in', async () => {
    const { protocol } = await connected();
    const passing = await protocol.descriptor('fd', await fileWith('old'));
    await protocol.disconnect({ force: true });
    expect(await rejection(protocol.sendWith('old', passing))).toMatchObject({ code: 'ERR_STATE' });
    const next = await DescriptorReceiver.start();
    await protocol.connect(next.path);
    expect(await rejection(protocol.sendWith('old', passing))).toMatchObject({
      code: 'ERR_DESCRIPTOR',
    });
    next.read();
    await protocol.disconnect();
    expect(await next.received()).toEqual({ text: '', descriptors: [] });
  });

  it('counts as a message for the bound of the queue', async () => {
    const receiver = await DescriptorReceiver.start();
    const limits = { maxQueuedBytes: 10, highWaterMark: 5 };
    const protocol = createProtocol<string>({ codec: lines() }, { limits });
    await protocol.connect(receiver.path);
    const passing = await protocol.descriptor('fd', await fileWith('long'));
    expect(await rejection(protocol.sendWith('eleven bytes', passing))).toMatchObject({
      code: 'ERR_LIMIT',
    });
    expect(passing.stage).toBe('dropped');
    receiver.read();
    await protocol.disconnect();
    expect(await receiver.received()).toEqual({ text: '', descriptors: [] });
  });

  it('passes over the socket that a child has inherited', async () => {
    const protocol = createLines();
    await protocol.connect(spawnPeer(...inheritingReceiver()).address);
    const messages = protocol.messages();
    const passed = pass(protocol, 'take it', await fileWith('for the child'));
    expect(await messages.next()).toMatchObject({ value: 'for the child' });
    await passed;
    await protocol.disconnect();
  });
});

describe('a descriptor is refused at once', () => {
  const refusalIn = async (protocol: AsyncProtocol<string>) => {
    const error = await rejection(protocol.descriptor('fd', 0));
    await protocol.disconnect({ force: true });
    return error;
  };
  const refused = (text: string) => ({
    code: 'ERR_DESCRIPTOR',
    message: expect.stringMatching(`over UNIX sockets only.*over ${text}; connect to`) as unknown,
  });

  it('over TCP', async () => {
    const { address } = await rawPeer();
    const protocol = createLines();
    await protocol.connect(address);
    expect(await refusalIn(protocol)).toMatchObject(refused('TCP'));
  });

  it('over TLS', () => {
    const stream = Object.assign(new PassThrough(), { encrypted: true });
    expect(() => unixSocketOf(stream)).toThrow(expect.objectContaining(refused('TLS')) as Error);
  });

  it('over the standard streams of a child', async () => {
    const protocol = createLines();
    await protocol.connect(spawnPeer('cat', [], { stdio: 'stdio' }).address);
    expect(await refusalIn(protocol)).toMatchObject(refused('a pair of streams'));
  });

  it('over joined streams', async () => {
    const protocol = createLines();
    await protocol.connect({ stream: joinStreams(new PassThrough(), new PassThrough()) });
    expect(await refusalIn(protocol)).toMatchObject(refused('a stream'));
  });

  it('when it is not open', async () => {
    const path = join(await tempDir(), 'socket');
    await rawPeer(undefined, { path });
    const protocol = createLines();
    await protocol.connect(path);
    expect(await rejection(protocol.descriptor('fd', 4_000))).toMatchObject({
      code: 'ERR_ARGUMENT',
      message: 'fd is not open: 4000 is no file descriptor of ours',
    });
    await protocol.disconnect({ force: true });
  });

  it('without a session', async () => {
    expect(await rejection(createLines().descriptor('fd', 0))).toMatchObject({ code: 'ERR_STATE' });
  });
});
