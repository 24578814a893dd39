import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/core/errors.ts';
import { expectNoHandles } from '../support/handles.ts';
import { KINDS, refused, useListeners } from '../support/listeners.ts';
import { start, textOf, useFixture } from '../support/sockets.ts';

const REASON = new Error('the reason');

const fixture = useFixture();
const sockets = useListeners(fixture);

describe('a bound listener', () => {
  it('reports the actual port for port 0', async () => {
    const { address } = await sockets.listen({ port: 0 });
    expect(address).toHaveProperty('host', '127.0.0.1');
    expect(address).toHaveProperty('port', expect.any(Number));
    expect(address).not.toHaveProperty('port', 0);
  });

  it('reports the address that a name resolves to', async () => {
    const { address } = await sockets.listen({ host: 'localhost', port: 0 });
    expect(address).toHaveProperty('host', expect.stringMatching(/^(127\.0\.0\.1|::1)$/));
  });

  it('reports its path, and leaves only that file in the directory', async () => {
    expect((await sockets.listen(fixture.path)).address).toEqual({ path: fixture.path });
    expect(await readdir(fixture.directory)).toEqual(['socket']);
  });

  it.each(KINDS)('leaves nothing open when it is closed, also twice (%s)', async (kind) => {
    const listener = await sockets.listen(sockets.addressOf(kind));
    listener.close();
    listener.close();
    await refused(listener);
    expect(await readdir(fixture.directory)).toEqual([]);
  });

  it('removes its file at once when it is closed', async () => {
    const listener = await sockets.listen(fixture.path);
    listener.close();
    expect(await readdir(fixture.directory)).toEqual([]);
  });

  it('does not remove a file that has replaced its own', async () => {
    const listener = await sockets.listen(fixture.path);
    await rm(fixture.path);
    await writeFile(fixture.path, 'theirs');
    listener.close();
    await expectNoHandles();
    expect(await readFile(fixture.path, 'utf8')).toBe('theirs');
  });
});

describe('a bind that fails', () => {
  it('rejects when the port is taken', async () => {
    const { address } = await sockets.listen({ port: 0 });
    if (!('port' in address)) throw new Error('not TCP');
    await expect(sockets.listen(address)).rejects.toMatchObject({
      code: 'EADDRINUSE',
      port: address.port,
    });
  });

  it('rejects when another server listens at the path', async () => {
    await start(fixture, createServer(), { path: fixture.path });
    const bound = sockets.listen(fixture.path);
    await expect(bound).rejects.toMatchObject({ code: 'EADDRINUSE', address: fixture.path });
    await once(sockets.dial({ address: { path: fixture.path } }), 'connect');
  });

  it.runIf(process.platform === 'linux')(
    'does not use up the single peer of the listener at the path',
    async () => {
      const listener = await sockets.listen(fixture.path);
      await expect(sockets.listen(fixture.path)).rejects.toThrow('is served by another process');
      sockets.dial(listener).end('hello');
      expect(await textOf(await sockets.accept(listener))).toBe('hello');
    },
  );

  it('rejects when the path is a file, which stays', async () => {
    await writeFile(fixture.path, 'theirs');
    await expect(sockets.listen(fixture.path)).rejects.toMatchObject({
      code: 'EADDRINUSE',
      address: fixture.path,
    });
    expect(await readdir(fixture.directory)).toEqual(['socket']);
    expect(await readFile(fixture.path, 'utf8')).toBe('theirs');
  });

  it('rejects when the directory does not exist', async () => {
    await expect(sockets.listen(join(fixture.path, 'x'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('rejects a stream, which is left unchanged', async () => {
    const stream = new PassThrough();
    await expect(sockets.listen({ stream })).rejects.toThrow(ArgumentError);
    expect(stream.destroyed).toBe(false);
  });

  it('rejects TLS options that Node rejects', async () => {
    const tls = { cert: 'junk', key: 'junk' };
    await expect(sockets.listen({ port: 0, tls })).rejects.toThrow(ArgumentError);
  });
});

describe('an aborted bind', () => {
  it.each(KINDS)('opens nothing when the signal was aborted already (%s)', async (kind) => {
    await expect(sockets.listen(sockets.addressOf(kind), AbortSignal.abort(REASON))).rejects.toBe(
      REASON,
    );
    expect(await readdir(fixture.directory)).toEqual([]);
  });

  it.each([...KINDS, 'name'] as const)('leaves nothing behind (%s)', async (kind) => {
    const controller = new AbortController();
    const place = kind === 'name' ? { host: 'localhost', port: 0 } : sockets.addressOf(kind);
    const bound = sockets.listen(place, controller.signal);
    controller.abort(REASON);
    await expect(bound).rejects.toBe(REASON);
    await expectNoHandles();
    expect(await readdir(fixture.directory)).toEqual([]);
  });

  it('leaves nothing behind, however late the abort comes', async () => {
    for (let turns = 0; turns < 40; turns += 1) {
      const controller = new AbortController();
      const bound = sockets.listen(fixture.path, controller.signal);
      const settled = Promise.allSettled([bound]);
      for (let i = 0; i < turns; i += 1) await turn();
      controller.abort(REASON);
      const [outcome] = await settled;
      if (outcome.status === 'fulfilled') outcome.value.close();
      else expect(outcome.reason).toBe(REASON);
      await expectNoHandles();
      expect(await readdir(fixture.directory)).toEqual([]);
    }
  });
});
