/**
 * S10: a UNIX socket is ours alone from its first moment, and no other user can keep us from listening: by
 * names that are taken, or by forged lines in the kernel's table.
 */

import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Address, lines, type PathAddress, ProtocolServer } from '../../src/index.ts';
import { cleanUp, createProtocol, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { hasOtherUser, runAsOther, runAsSelf } from '../support/other-user.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const isOtherUserAvailable = hasOtherUser();

/** A path in a directory that all users may use as they may use `/tmp`. */
async function sharedPath(): Promise<string> {
  const directory = await tempDir();
  chmodSync(directory, 0o1777);
  return join(directory, 'socket');
}

/** A listening server, which is closed after the test. */
async function listen(address: Address): Promise<ProtocolServer<string>> {
  const server = new ProtocolServer<string>((_, peer) => ({
    codec: lines(),
    onMessage: (line) => peer().send(line),
  }));
  cleanUp(() => server.close({ force: true }));
  await server.listen(address);
  return server;
}

/** Proves that a server is reached at a path. */
async function expectEcho(path: string): Promise<void> {
  const socket = connect(path);
  socket.write('hello\n');
  expect(String(await once(socket, 'data'))).toBe('hello\n');
  socket.end();
  await once(socket, 'close');
}

/** Runs `what` while all files get the rights that they ask for, or fewer. */
async function withUmask<T>(mask: number, what: () => Promise<T>): Promise<T> {
  const before = process.umask(mask);
  try {
    return await what();
  } finally {
    process.umask(before);
  }
}

const modeOf = (path: string): number => lstatSync(path).mode & 0o777;

/** A raw server, which is closed after the test. */
async function listenRaw(path: string): Promise<Server> {
  const server = createServer((peer) => peer.end()).listen({ path });
  cleanUp(() => server.close());
  await once(server, 'listening');
  return server;
}

/** Leaves a socket file that no process serves, as a crash does. */
async function leaveStaleFile(path: string): Promise<void> {
  const server = await listenRaw(`${path}-before`);
  renameSync(`${path}-before`, path);
  server.close();
  await once(server, 'close');
}

describe('the mode of a socket', () => {
  it.each<[string, Omit<PathAddress, 'path'>, number, number]>([
    ['0600 by default', {}, 0, 0o600],
    ['0600 by default, with any umask', {}, 0o177, 0o600],
    ['what was asked for', { mode: 0o660 }, 0o077, 0o660],
    ['nothing at all, if that was asked for', { mode: 0 }, 0, 0],
  ])('is %s', async (_, options, mask, mode) => {
    const path = await sharedPath();
    await withUmask(mask, () => listen({ path, ...options }));
    expect(modeOf(path)).toBe(mode);
    const single = createProtocol<string>({ codec: lines() });
    await withUmask(mask, () => single.listen({ path: `${path}-2`, ...options }));
    expect(modeOf(`${path}-2`)).toBe(mode);
    await single.disconnect();
  });

  it.skipIf(process.getuid?.() !== 0)('lets the group of a shared directory in', async () => {
    const path = await sharedPath();
    chownSync(join(path, '..'), 0, 4_242);
    chmodSync(join(path, '..'), 0o2770);
    await listen({ path, mode: 0o660 });
    expect(lstatSync(path)).toMatchObject({ uid: 0, gid: 4_242 });
    expect(modeOf(path)).toBe(0o660);
  });

  it.each([-1, 0o1000, 1.5, NaN, '0600', null])('cannot be %s', async (mode) => {
    const address = { path: await sharedPath(), mode } as never;
    const error = await rejection(new ProtocolServer({ codec: lines() }).listen(address));
    expect(error).toMatchObject({ cause: { code: 'ERR_ARGUMENT', message: /^mode must be/ } });
  });

  it('is refused by connect(), which does not make the socket', async () => {
    const path = await sharedPath();
    const server = await listen({ path });
    const client = createProtocol<string>({ codec: lines() });
    const error = await rejection(client.connect({ path, mode: 0o600 }));
    expect(error).toMatchObject({ cause: { code: 'ERR_ARGUMENT', message: /mode is for listen/ } });
    await server.close();
  });
});

/** Connects to what it finds in a directory, also within its directories, and takes or removes it. */
const NEIGHBOUR = `
  const fs = require('node:fs');
  const { connect } = require('node:net');
  const [, directory] = process.argv;
  const letters = [...'0123456789abcdefghijklmnopqrstuvwxyz'];
  const ours = new Set(letters.flatMap((one) => letters.map((other) => 'socket~' + one + other)));
  for (const name of ours) fs.writeFileSync(directory + '/' + name, '');
  const dare = (what) => { try { return what(); } catch { return []; } };
  const visit = (path) => {
    connect(path).on('connect', () => console.log('connected')).on('error', () => undefined);
  };
  let count = 0;
  const round = () => {
    for (const name of fs.readdirSync(directory)) {
      if (ours.has(name)) continue;
      const path = directory + '/' + name;
      visit(path);
      for (const inner of dare(() => fs.readdirSync(path))) visit(path + '/' + inner);
      const taken = 'taken' + count++;
      dare(() => { fs.renameSync(path, directory + '/' + taken); console.log('taken'); });
    }
    for (const name of ['socket~', 'socket~' + Math.random().toString(36).slice(2, 10)]) {
      dare(() => { fs.mkdirSync(directory + '/' + name); ours.add(name); });
    }
    setImmediate(round);
  };
  round();
  console.log('ready');
`;

describe.skipIf(!isOtherUserAvailable)('another user', () => {
  it('that takes names and tries everything does not get in, and does not prevent listening', async () => {
    const path = await sharedPath();
    const neighbour = runAsOther(NEIGHBOUR, [join(path, '..')]);
    await neighbour.printed('ready');
    await withUmask(0, async () => {
      for (let round = 0; round < 50; round += 1) {
        const server = await listen({ path });
        await expectEcho(path);
        await server.close();
      }
    });
    expect(neighbour.lines).toEqual(['ready']);
    // It would have been able to.
    await listen({ path, mode: 0o666 });
    await neighbour.printed('connected');
  });

  it('that has moved the private directory away is noticed', async () => {
    const path = await sharedPath();
    chmodSync(join(path, '..'), 0o777);
    const neighbour = runAsOther(NEIGHBOUR, [join(path, '..')]);
    await neighbour.printed('ready');
    // It may do so here, and the file that it has moved is never served under our name.
    await withUmask(0, async () => {
      for (let round = 0; round < 50; round += 1) {
        const server = new ProtocolServer({ codec: lines() });
        const outcome = await server.listen({ path }).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toHaveProperty('code', 'ERR_CONNECT');
        await server.close();
      }
    });
    expect(neighbour.lines).not.toContain('connected');
  });

  it('that has bound our path in a file system of its own denies nothing', async (context) => {
    const path = await sharedPath();
    await leaveStaleFile(path);
    const script = `
      const { mkdirSync } = require('node:fs');
      const { dirname } = require('node:path');
      const { execFileSync } = require('node:child_process');
      const [, path] = process.argv;
      execFileSync('mount', ['-t', 'tmpfs', 'none', dirname(dirname(path))]);
      mkdirSync(dirname(path));
      require('node:net').createServer().listen(path, () => console.log('ready'));
    `;
    const other = runAsOther(script, [path], ['unshare', '--user', '--map-root-user', '--mount']);
    try {
      await other.printed('ready');
    } catch {
      context.skip('skipped: user namespaces are not available');
    }
    await listen({ path });
    await expectEcho(path);
  });
});

it('is not kept from listening by names that are taken', async () => {
  const path = await sharedPath();
  for (let number = 0; number < 36 ** 2; number += 1) {
    writeFileSync(`${path}~${number.toString(36).padStart(2, '0')}`, '');
  }
  await listen({ path });
  await expectEcho(path);
});

/** Adds a line to the kernel's table of sockets: that a socket of this inode number listens at a path. */
async function forgeLine(path: string, inode: string): Promise<void> {
  await listenRaw(`\0x${String(Math.random())}\n0: 0 0 00010000 1 1 ${inode} ${path}\n`);
}

/** The inode number of the socket that a descriptor of ours refers to. */
function socketInodes(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}

describe.skipIf(process.platform !== 'linux')("a forged line in the kernel's table", () => {
  it.each<[string, () => Promise<readonly string[]>]>([
    ['no socket', () => Promise.resolve(['12345'])],
    [
      'a TCP socket of this process',
      async () => {
        const before = new Set(socketInodes());
        const server = createServer().listen({ host: '127.0.0.1', port: 0 });
        cleanUp(() => server.close());
        await once(server, 'listening');
        return socketInodes().filter((inode) => !before.has(inode));
      },
    ],
    [
      'another listening UNIX socket of this process',
      async () => {
        const before = new Set(socketInodes());
        await listenRaw(join(await tempDir(), 'other'));
        return socketInodes().filter((inode) => !before.has(inode));
      },
    ],
  ])('with the number of %s does not keep a stale file in place', async (_, prepare) => {
    const path = await sharedPath();
    await leaveStaleFile(path);
    const inodes = await prepare();
    expect(inodes.length).toBeGreaterThan(0);
    for (const inode of inodes) await forgeLine(path, inode);
    await listen({ path });
    await expectEcho(path);
  });

  it('with the number of the real socket does not let it be replaced', async () => {
    const path = await sharedPath();
    const before = new Set(socketInodes());
    await listen({ path });
    const [inode = ''] = socketInodes().filter((each) => !before.has(each));
    await forgeLine(path, inode);
    await forgeLine('/elsewhere', inode);
    expect(await rejection(listen({ path }))).toMatchObject({ cause: { code: 'EADDRINUSE' } });
    await expectEcho(path);
  });
});

describe('a listener that waits for one peer', () => {
  it('keeps its place when another one wants its path', async () => {
    const path = await sharedPath();
    const first = createProtocol<string>({ codec: lines() });
    await first.listen({ path });
    const accepted = first.accept();
    expect(await rejection(listen({ path }))).toMatchObject({ cause: { code: 'EADDRINUSE' } });
    const client = createProtocol<string>({ codec: lines() });
    await client.connect({ path });
    await accepted;
    await Promise.all([client.disconnect(), first.closed]);
  });

  it('is not connected to when it is in another process', async () => {
    const path = await sharedPath();
    const other = runAsSelf(
      `require('node:net').createServer(() => console.log('connection'))
        .listen(process.argv[1], () => console.log('ready'))`,
      [path],
    );
    await other.printed('ready');
    expect(await rejection(listen({ path }))).toMatchObject({ cause: { code: 'EADDRINUSE' } });
    // A connection of ours arrives after any other.
    connect(path)
      .on('error', () => undefined)
      .unref();
    await other.printed('connection');
    expect(other.lines).toEqual(['ready', 'connection']);
  });
});
