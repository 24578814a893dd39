/** The stream of a spawned child, and the child's end, without a protocol. */

import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ClosedError, ProcessError, type SpawnPeerOptions } from '../../../src/index.ts';
import {
  chunkOf,
  failure,
  isAlive,
  lineOf,
  node,
  scripts,
  shell,
  writing,
} from '../../support/children.ts';
import { expectIdleAfterEach } from '../../support/cleanup.ts';
import { hasSettled } from '../../support/signal.ts';
import { closing, textOf } from '../../support/sockets.ts';

expectIdleAfterEach();

describe('what a child says and hears', () => {
  it.each<[string, string, SpawnPeerOptions]>([
    ['descriptor 3', 'cat <&3 >&3', {}],
    ['another descriptor', 'cat <&9 >&9', { fd: 9 }],
    ['its standard input and output', 'cat', { stdio: 'stdio' }],
  ])('goes over %s', async (_, script, options) => {
    const peer = shell(`exec ${script}`, options);
    const { stream } = peer.address;
    stream.write('one ');
    stream.end('two');
    expect(await textOf(stream)).toBe('one two');
    expect(await peer.exited).toEqual({ exitCode: 0, signal: null, stderr: '' });
  });

  it('is more than any buffer holds, and is held up by a reader that is slow', async () => {
    const peer = shell('head -c 20000000 /dev/zero >&3');
    const { stream } = peer.address;
    let [bytes, waiting] = [0, 0];
    for await (const chunk of stream.iterator({
      destroyOnReturn: false,
    }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      waiting = Math.max(waiting, stream.readableLength);
      if (bytes === 20_000_000) break;
      await turn();
    }
    expect(waiting).toBeLessThan(200_000);
    expect(await failure(stream)).toMatchObject({ cause: { exitCode: 0 } });
  });

  it('is all read before its death is told', async () => {
    const peer = shell('head -c 80000 /dev/zero >&3; echo last words >&2; exit 3');
    const { stream } = peer.address;
    let bytes = ((await chunkOf(stream)) as Buffer).length;
    await peer.exited;
    await turn();
    expect(stream.destroyed).toBe(false);
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
    const error = await failure(stream);
    expect(bytes).toBe(80_000);
    expect(error).toBeInstanceOf(ProcessError);
    expect(error).toMatchObject({ exitCode: 3, signal: null, command: '/bin/sh' });
  });
});

describe('the end of the stream', () => {
  it('leaves alone a child that exits by itself, with whatever code', async () => {
    const peer = shell('read x <&3; exit 9');
    const { stream } = peer.address;
    stream.resume().end();
    await closing(stream);
    expect(stream.errored).toBeNull();
    expect(await peer.exited).toMatchObject({ exitCode: 9, signal: null });
  });

  it('is followed by a SIGTERM for a child that does not', async () => {
    const peer = shell(scripts.deaf, { timeouts: { exit: 1, terminate: Infinity } });
    const { stream } = peer.address;
    await lineOf(stream);
    stream.resume().end();
    await closing(stream);
    expect(isAlive(peer.pid)).toBe(false);
    expect(stream.errored).toBeNull();
    expect(await peer.exited).toMatchObject({ signal: 'SIGTERM' });
  });

  it('is followed by a SIGKILL for a child that ignores that', async () => {
    const peer = shell(scripts.stubborn, { timeouts: { exit: 1, terminate: 1 } });
    const { stream } = peer.address;
    await lineOf(stream);
    stream.resume().end();
    await closing(stream);
    expect(isAlive(peer.pid)).toBe(false);
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('finishes only when the child is gone', async () => {
    const peer = shell(scripts.deaf);
    const { stream } = peer.address;
    await lineOf(stream);
    const finished = once(stream.resume().end(), 'finish');
    expect(await hasSettled(finished)).toBe(false);
    expect(isAlive(peer.pid)).toBe(true);
    peer.kill();
    await finished;
    expect(isAlive(peer.pid)).toBe(false);
  });

  it('by the child is told as it is when the child goes on living, and then ends the child', async () => {
    const peer = shell('exec 3>&-; exec sleep 60', { timeouts: { exit: 1 } });
    const { stream } = peer.address;
    await once(stream.resume(), 'end');
    expect(isAlive(peer.pid)).toBe(true);
    stream.end();
    await closing(stream);
    expect(stream.errored).toBeNull();
    expect(await peer.exited).toMatchObject({ signal: 'SIGTERM' });
  });

  it('by the child fails when the child comes to grief after it', async () => {
    const program = "process.on('SIGTERM', () => process.exit(8)); fs.closeSync(3)";
    const peer = node(program);
    const { stream } = peer.address;
    await once(stream.resume(), 'end');
    stream.end();
    peer.kill();
    await closing(stream);
    expect(stream.errored).toMatchObject({ exitCode: 8 });
  });
});

describe('destroy()', () => {
  it('kills at once', async () => {
    const peer = shell(scripts.stubborn);
    const { stream } = peer.address;
    await lineOf(stream);
    await closing(stream.destroy());
    expect(isAlive(peer.pid)).toBe(false);
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('kills at once a child that may leave by itself', async () => {
    const peer = shell(scripts.deaf);
    const { stream } = peer.address;
    await lineOf(stream);
    stream.end();
    await closing(stream.destroy());
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('kills at once a child that has got a SIGTERM', async () => {
    const program =
      "process.on('SIGTERM', () => fs.writeSync(3, 'no\\n')); fs.writeSync(3, 'ready\\n')";
    const peer = node(program, { timeouts: { exit: 1, terminate: Infinity } });
    const { stream } = peer.address;
    expect(await lineOf(stream)).toBe('ready');
    stream.end();
    expect(await lineOf(stream)).toBe('no');
    await closing(stream.destroy());
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });
});

describe('a write that the child does not take', () => {
  it('is told of by destroy()', async () => {
    const peer = shell(scripts.deaf);
    const { stream } = peer.address;
    await lineOf(stream);
    const written = writing(stream, Buffer.alloc(4_000_000));
    expect(await hasSettled(written)).toBe(false);
    stream.destroy();
    expect(await written).toBeInstanceOf(ClosedError);
  });

  it('fails as a socket does when the child has closed its side and goes on living', async () => {
    const peer = shell('exec 3>&-; exec sleep 60', { timeouts: { exit: 1 } });
    const { stream } = peer.address;
    await once(stream.resume(), 'end');
    expect(await writing(stream, 'into the void')).toMatchObject({ code: 'EPIPE' });
    await closing(stream);
    expect(await peer.exited).toMatchObject({ signal: 'SIGTERM' });
  });
});

describe('a child that is kept', () => {
  const options = { keep: true, stderr: 'ignore', timeouts: { exit: 1, terminate: 1 } } as const;

  it.each(['end', 'destroy'] as const)('survives %s(), and can be killed', async (method) => {
    const peer = shell('echo ready >&3; exec 3>&-; exec sleep 60', options);
    const { stream } = peer.address;
    await lineOf(stream);
    stream.resume()[method]();
    await closing(stream);
    expect(isAlive(peer.pid)).toBe(true);
    expect(await hasSettled(peer.exited)).toBe(false);
    expect(peer.kill()).toBe(true);
    expect(await peer.exited).toMatchObject({ signal: 'SIGTERM' });
  });

  it('has us told of its death all the same', async () => {
    const peer = shell('exit 3', options);
    expect(await failure(peer.address.stream)).toMatchObject({ exitCode: 3 });
  });
});
