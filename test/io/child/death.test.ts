/**
 * How the stream of a spawned child reports the child's death: after its output, with the reason.
 */

import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ProcessError } from '../../../src/index.ts';
import { failure, isAlive, lineOf, scripts, shell, writing } from '../../support/children.ts';
import { expectNoHandles } from '../../support/handles.ts';
import { expectIdleAfterEach } from '../../support/cleanup.ts';
import { living } from '../../support/processes.ts';
import { hasSettled } from '../../support/signal.ts';
import { closing } from '../../support/sockets.ts';

expectIdleAfterEach();

/** What the child has started outlives it. */
const ALONE = { group: false } as const;

describe('the death of a child', () => {
  it.each([
    ['exit 3', { exitCode: 3, signal: null }, '/bin/sh exited with code 3'],
    ['kill -KILL $$', { exitCode: null, signal: 'SIGKILL' }, '/bin/sh was ended by SIGKILL'],
  ])('by %s fails its stream', async (script, end, text) => {
    const peer = shell(`echo broken >&2; ${script}`);
    const error = await failure(peer.address.stream);
    expect(error).toBeInstanceOf(ProcessError);
    expect(error).toMatchObject({ ...end, code: 'ERR_PROCESS', stderr: 'broken\n' });
    expect(error).toHaveProperty('message', `${text}: broken`);
    expect(await peer.exited).toEqual({ ...end, stderr: 'broken\n' });
  });

  it('with code 0 is a plain end of its stream, after which writing fails', async () => {
    const peer = shell('echo last >&3; echo a word more >&2');
    const { stream } = peer.address;
    expect(await lineOf(stream)).toBe('last');
    await once(stream.resume(), 'end');
    const error = await writing(stream, 'unread');
    expect(error).toMatchObject({ code: 'ERR_CLOSED', expected: false, cause: { exitCode: 0 } });
    expect(error).toHaveProperty('message', '/bin/sh exited with code 0');
    expect(await peer.exited).toMatchObject({ stderr: 'a word more\n' });
  });

  it('with code 0 is a plain end even if nothing ever reads or writes', async () => {
    const peer = shell('echo unread >&3');
    await peer.exited;
    await closing(peer.address.stream.destroy());
    expect(peer.address.stream.errored).toBeNull();
  });

  // 80 000 bytes are more than a stream of Node 20 or 22 reads ahead, and less than the kernel
  // buffers.
  it.each([
    ['at once', ''],
    ['later, because a descendant holds its standard error', 'sleep 60 3>&- & echo $! >&2;'],
  ])(
    'before anything is read leaves nothing open, and is reported after the output: %s',
    async (_, script) => {
      const peer = shell(`${script} head -c 80000 /dev/zero >&3; exit 4`, ALONE);
      const { stream } = peer.address;
      const descendant = Number((await peer.exited).stderr);
      if (descendant > 0) process.kill(descendant, 'SIGKILL');
      await expectNoHandles();
      let bytes = 0;
      stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
      expect(await failure(stream)).toMatchObject({ exitCode: 4 });
      expect(bytes).toBe(80_000);
    },
  );

  it('fails a later write, and its output can still be read', async () => {
    const peer = shell('head -c 80000 /dev/zero >&3; exit 4');
    const { stream } = peer.address;
    await peer.exited;
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
    expect(await writing(stream, 'unread')).toMatchObject({ exitCode: 4 });
    expect(bytes).toBe(80_000);
  });

  it('is reported with the standard error that arrives shortly after the exit', async () => {
    // For `kill -0` the shell is gone when this process has reaped it.
    const waiting = 'while kill -0 $$ 2>/dev/null; do :; done';
    const peer = shell(`(${waiting}; echo late >&2) 3>&- & exit 5`);
    expect(await peer.exited).toEqual({ exitCode: 5, signal: null, stderr: 'late\n' });
    await failure(peer.address.stream);
  });

  it('fails a later write with the same reason', async () => {
    const peer = shell('echo unread >&3; exit 5');
    const { stream } = peer.address;
    await peer.exited;
    const written = await writing(stream, 'unread');
    expect(written).toMatchObject({ exitCode: 5 });
    expect(await failure(stream)).toBe(written);
  });

  it('fails a pending write with the same reason', async () => {
    const peer = shell(scripts.exitsOnSigterm);
    const { stream } = peer.address;
    expect(await lineOf(stream)).toBe('ready');
    const written = writing(stream, Buffer.alloc(4_000_000));
    expect(await hasSettled(written)).toBe(false);
    expect(peer.kill('SIGKILL')).toBe(true);
    expect(await written).toMatchObject({ signal: 'SIGKILL' });
    expect(await failure(stream)).toBe(await written);
  });

  it('is reported although a descendant holds its socket and its standard error', async () => {
    const peer = shell("sh -c 'echo $$ >&3; exec sleep 60' & read _ <&3; exit 6", ALONE);
    const { stream } = peer.address;
    const descendant = Number(await lineOf(stream));
    try {
      stream.write('go\n');
      expect(await failure(stream)).toMatchObject({ exitCode: 6 });
      expect(isAlive(descendant)).toBe(true);
    } finally {
      process.kill(descendant, 'SIGKILL');
    }
  });

  it('is reported after the end of the stream while a descendant holds standard error', async () => {
    const peer = shell('sleep 60 3>&- & echo $! >&3; exec 3>&-; exit 6', ALONE);
    const { stream } = peer.address;
    const descendant = Number(await lineOf(stream));
    try {
      expect(await failure(stream)).toMatchObject({ exitCode: 6 });
      expect(isAlive(descendant)).toBe(true);
    } finally {
      process.kill(descendant, 'SIGKILL');
    }
  });

  it('is reported although a descendant never stops writing', async () => {
    const peer = shell('cat /dev/zero >&3 & exit 6');
    const { stream } = peer.address;
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length)).pause();
    await peer.exited;
    expect(await failure(stream)).toMatchObject({ exitCode: 6 });
    expect(bytes).toBeLessThan(20_000_000);
  });

  it('with code 0 is reported as a failure if a descendant holds the connection', async () => {
    const peer = shell("sh -c 'echo $$ >&3; exec sleep 60' & read _ <&3", ALONE);
    const { stream } = peer.address;
    const descendant = Number(await lineOf(stream));
    try {
      stream.write('go\n');
      const error = await failure(stream);
      expect(error).toMatchObject({ code: 'ERR_CLOSED', cause: { cause: { exitCode: 0 } } });
      expect(error?.message).toMatch(/sh exited with code 0, but a process .* -daemonize/);
    } finally {
      process.kill(descendant, 'SIGKILL');
    }
  });

  it('with code 0 is such a failure, too, if the descendant is in its group', async () => {
    const peer = shell("sh -c 'echo ready >&3; exec sleep 60' & read _ <&3");
    const { stream } = peer.address;
    expect(await lineOf(stream)).toBe('ready');
    stream.write('go\n');
    const [error] = (await once(stream.resume(), 'error')) as [Error];
    expect(error.message).toMatch(/a shell: with exec/);
    peer.kill('SIGKILL');
    expect(await peer.exited).toMatchObject({ exitCode: 0 });
    expect(living(peer.pid)).toEqual([]);
  });

  it('makes kill() return false', async () => {
    const peer = shell('exit 0');
    await peer.exited;
    expect(peer.kill('SIGKILL')).toBe(false);
  });
});
