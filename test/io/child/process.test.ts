/** The stream of a spawned child, and how it ends the child, without a protocol. */

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

describe('the data of a child', () => {
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

  it('is not buffered beyond a bound when the reader is slow', async () => {
    const peer = shell('head -c 20000000 /dev/zero >&3');
    const { stream } = peer.address;
    let [bytes, maxBuffered] = [0, 0];
    for await (const chunk of stream.iterator({
      destroyOnReturn: false,
    }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      maxBuffered = Math.max(maxBuffered, stream.readableLength);
      if (bytes === 20_000_000) break;
      await turn();
    }
    expect(maxBuffered).toBeLessThan(200_000);
    await once(stream.resume(), 'end');
  });

  it('is read completely before its death is reported', async () => {
    const peer = shell('head -c 80000 /dev/zero >&3; echo failed >&2; exit 3');
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
  it('sends no signal to a child that exits by itself, with any code', async () => {
    const peer = shell('read x <&3; exit 9');
    const { stream } = peer.address;
    stream.resume().end();
    await closing(stream);
    expect(stream.errored).toBeNull();
    expect(await peer.exited).toMatchObject({ exitCode: 9, signal: null });
  });

  it('is followed by a SIGTERM if the child does not exit', async () => {
    const peer = shell(scripts.exitsOnSigterm, { timeouts: { exit: 1, terminate: Infinity } });
    const { stream } = peer.address;
    await lineOf(stream);
    stream.resume().end();
    await closing(stream);
    expect(isAlive(peer.pid)).toBe(false);
    expect(stream.errored).toBeNull();
    expect(await peer.exited).toMatchObject({ signal: 'SIGTERM' });
  });

  it('is followed by a SIGKILL if the child ignores the SIGTERM', async () => {
    const peer = shell(scripts.exitsOnSigkill, { timeouts: { exit: 1, terminate: 1 } });
    const { stream } = peer.address;
    await lineOf(stream);
    stream.resume().end();
    await closing(stream);
    expect(isAlive(peer.pid)).toBe(false);
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('finishes only when the child has exited', async () => {
    const peer = shell(scripts.exitsOnSigterm);
    const { stream } = peer.address;
    await lineOf(stream);
    const finished = once(stream.resume().end(), 'finish');
    expect(await hasSettled(finished)).toBe(false);
    expect(isAlive(peer.pid)).toBe(true);
    peer.kill();
    await finished;
    expect(isAlive(peer.pid)).toBe(false);
  });

  it('by the child is reported while the child runs on, which our end then ends', async () => {
    const peer = shell('exec 3>&-; exec sleep 60', { timeouts: { exit: 1 } });
    const { stream } = peer.address;
    await once(stream.resume(), 'end');
    expect(isAlive(peer.pid)).toBe(true);
    stream.end();
    await closing(stream);
    expect(stream.errored).toBeNull();
    expect(await peer.exited).toMatchObject({ signal: 'SIGTERM' });
  });

  it('by the child is followed by an error if the exit code is then not 0', async () => {
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
    const peer = shell(scripts.exitsOnSigkill);
    const { stream } = peer.address;
    await lineOf(stream);
    await closing(stream.destroy());
    expect(isAlive(peer.pid)).toBe(false);
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('kills at once a child that was given time to exit', async () => {
    const peer = shell(scripts.exitsOnSigterm);
    const { stream } = peer.address;
    await lineOf(stream);
    stream.end();
    await closing(stream.destroy());
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('kills at once a child that was given time after a SIGTERM', async () => {
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
  it('fails on destroy()', async () => {
    const peer = shell(scripts.exitsOnSigterm);
    const { stream } = peer.address;
    await lineOf(stream);
    const written = writing(stream, Buffer.alloc(4_000_000));
    expect(await hasSettled(written)).toBe(false);
    stream.destroy();
    expect(await written).toBeInstanceOf(ClosedError);
  });

  it('fails with EPIPE when the child has closed its side and runs on', async () => {
    const peer = shell('exec 3>&-; exec sleep 60', { timeouts: { exit: 1 } });
    const { stream } = peer.address;
    await once(stream.resume(), 'end');
    expect(await writing(stream, 'unread')).toMatchObject({ code: 'EPIPE' });
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

  it('still has its death reported', async () => {
    const peer = shell('exit 3', options);
    expect(await failure(peer.address.stream)).toMatchObject({ exitCode: 3 });
  });
});
