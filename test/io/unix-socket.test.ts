import { once } from 'node:events';
import { lstatSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listenNear } from '../../src/io/unix-socket.ts';
import { useFixture } from '../support/sockets.ts';

const fixture = useFixture();

function makeServer(): Server {
  const server = createServer((peer) => {
    peer.on('error', () => undefined);
    peer.end('hello');
  });
  fixture.cleanups.push(() => server.close());
  return server;
}

/** The name that a server is bound to. */
function addressOf(server: Server): string {
  const address = server.address();
  return typeof address === 'string' ? address : '';
}

async function serve(at = fixture.path) {
  const server = makeServer();
  const file = await listenNear(server, at);
  const temporary = addressOf(server);
  await file.publish();
  return { server, temporary, file };
}

async function greeting(at = fixture.path): Promise<string> {
  let text = '';
  for await (const chunk of connect({ path: at }).setEncoding('utf8')) text += String(chunk);
  return text;
}

/** Runs `what` with `where` as the working directory. */
async function within<T>(where: string, what: () => Promise<T>): Promise<T> {
  const before = process.cwd();
  process.chdir(where);
  try {
    return await what();
  } finally {
    process.chdir(before);
  }
}

/** Creates a socket file without a server, as a crash leaves it. */
async function leaveStaleFile(): Promise<bigint> {
  const server = makeServer();
  const other = join(fixture.directory, 'other');
  server.listen({ path: other });
  await once(server, 'listening');
  await rename(other, fixture.path);
  server.close();
  await once(server, 'close');
  return lstatSync(fixture.path, { bigint: true }).ino;
}

describe('a published socket', () => {
  it('listens at its path, and the temporary name is gone', async () => {
    const { temporary } = await serve();
    expect(await greeting()).toBe('hello');
    expect(temporary).toMatch(/\/socket~[\w-]{8}\/[\w-]{6}$/);
    expect(await readdir(fixture.directory)).toEqual(['socket']);
  });

  it('is removed by remove(), which may be called twice', async () => {
    const { file } = await serve();
    file.remove();
    file.remove();
    expect(await readdir(fixture.directory)).toEqual([]);
  });

  it('is not removed when the server is closed', async () => {
    const { server, file } = await serve();
    server.close();
    expect(await readdir(fixture.directory)).toEqual(['socket']);
    file.remove();
  });

  it('does not remove a file that has replaced it', async () => {
    const first = await serve();
    await rm(fixture.path);
    await writeFile(fixture.path, 'theirs');
    first.file.remove();
    first.server.close();
    expect(await readFile(fixture.path, 'utf8')).toBe('theirs');
  });

  it('does not remove a socket that has replaced it', async () => {
    const first = await serve();
    await rm(fixture.path);
    await serve();
    first.file.remove();
    first.server.close();
    expect(await greeting()).toBe('hello');
  });

  it('is removed at a relative path even after the working directory has changed', async () => {
    const { file } = await within(fixture.directory, () => serve('socket'));
    expect(await greeting()).toBe('hello');
    file.remove();
    expect(await readdir(fixture.directory)).toEqual([]);
  });
});

describe('the temporary name', () => {
  it('is never longer than the path of a socket may be', async () => {
    for (const length of [1, 2, 7, 8, 9, 20]) {
      const parent = `${fixture.directory}/`;
      // A directory that leaves exactly this room for the name of the socket.
      const deep = `${parent}${'d'.repeat(107 - parent.length - length - 1)}`;
      await mkdir(deep);
      const tight = `${deep}/${'s'.repeat(length)}`;
      expect(Buffer.byteLength(tight)).toBe(107);
      const { server, temporary, file } = await serve(tight);
      expect(Buffer.byteLength(temporary)).toBeLessThanOrEqual(107);
      expect(await greeting(tight)).toBe('hello');
      file.remove();
      server.close();
      expect(await readdir(deep)).toEqual([]);
    }
  });

  it('is in a private directory beside the path, also when that is relative', async () => {
    const server = makeServer();
    const file = await within(fixture.directory, () => listenNear(server, 'socket'));
    const [name = ''] = await readdir(fixture.directory);
    expect(name).toMatch(/^socket~[\w-]{8}$/);
    expect(lstatSync(join(fixture.directory, name)).mode & 0o777).toBe(0o700);
    expect(addressOf(server).startsWith(`${fixture.directory}/${name}/`)).toBe(true);
    file.remove();
  });

  it('is removed when the file is removed without publishing', async () => {
    const server = makeServer();
    const file = await listenNear(server, fixture.path);
    expect(await readdir(fixture.directory)).toHaveLength(1);
    server.close();
    file.remove();
    expect(await readdir(fixture.directory)).toEqual([]);
    await expect(file.publish()).rejects.toMatchObject({
      syscall: 'listen',
      address: fixture.path,
    });
  });

  it('is removed when publishing fails', async () => {
    await writeFile(fixture.path, 'theirs');
    await expect(serve()).rejects.toThrow();
    expect(await readdir(fixture.directory)).toEqual(['socket']);
  });
});

describe('a path that is taken', () => {
  it('is replaced when it is a stale socket', async () => {
    const stale = await leaveStaleFile();
    await expect(greeting()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await serve();
    expect(await greeting()).toBe('hello');
    expect(lstatSync(fixture.path, { bigint: true }).ino).not.toBe(stale);
    expect(await readdir(fixture.directory)).toEqual(['socket']);
  });

  it('is refused when another process listens there, which is not affected', async () => {
    await serve();
    await expect(serve()).rejects.toMatchObject({
      code: 'EADDRINUSE',
      syscall: 'listen',
      address: fixture.path,
      message: `listen EADDRINUSE: ${fixture.path} is served by another process`,
    });
    expect(await greeting()).toBe('hello');
  });

  it('is refused when a listener there is not in the table of the kernel', async () => {
    const other = join(fixture.directory, 'other');
    const server = makeServer();
    server.listen({ path: other });
    await once(server, 'listening');
    await rename(other, fixture.path);
    await expect(serve()).rejects.toThrow('is served by another process');
    expect(await greeting()).toBe('hello');
  });

  it('is refused when it is a regular file, which stays', async () => {
    await writeFile(fixture.path, 'theirs');
    await expect(serve()).rejects.toMatchObject({
      code: 'EADDRINUSE',
      syscall: 'listen',
      address: fixture.path,
      message: `listen EADDRINUSE: ${fixture.path} exists and is not a socket`,
    });
    expect(await readFile(fixture.path, 'utf8')).toBe('theirs');
  });

  it('is refused when it is a symbolic link, even a dangling one', async () => {
    await symlink('nowhere', fixture.path);
    await expect(serve()).rejects.toMatchObject({ code: 'EADDRINUSE', address: fixture.path });
    expect(await readdir(fixture.directory)).toEqual(['socket']);
  });

  it('goes to one of two servers that find the same stale file at the same time', async () => {
    await leaveStaleFile();
    const outcomes = await Promise.allSettled([serve(), serve()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'EADDRINUSE', address: fixture.path },
    });
    expect(await greeting()).toBe('hello');
  });
});

describe('a directory that cannot be bound in', () => {
  it('is reported as missing, with the requested path', async () => {
    const absent = join(fixture.directory, 'absent', 'socket');
    await expect(serve(absent)).rejects.toMatchObject({
      code: 'ENOENT',
      syscall: 'listen',
      address: absent,
    });
  });

  it('is reported as a file when it is one', async () => {
    await writeFile(fixture.path, 'theirs');
    await expect(serve(join(fixture.path, 'socket'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
