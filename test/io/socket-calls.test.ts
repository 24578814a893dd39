/** The system calls that pass descriptors: how they are found, and what they get on each platform. */

import { describe, expect, it } from 'vitest';
import { type ForeignCalls, loadForeignCalls } from '../../src/io/descriptors/foreign-calls.ts';
import { loadSocketCalls, SocketCalls } from '../../src/io/descriptors/socket-calls.ts';
import { platformOf } from '../../src/io/descriptors/socket-layout.ts';
import { rejection } from '../support/signal.ts';

/** An import that fails as Node's do. */
const missing = (name: string): Promise<never> =>
  Promise.reject(
    Object.assign(new Error(`Cannot find ${name}`), {
      code: name.startsWith('node:') ? 'ERR_UNKNOWN_BUILTIN_MODULE' : 'ERR_MODULE_NOT_FOUND',
    }),
  );

describe('loadSocketCalls()', () => {
  it('says what to do when there is no foreign function interface', async () => {
    const error = await rejection(loadSocketCalls(missing));
    expect(error).toMatchObject({
      code: 'ERR_DESCRIPTOR',
      name: 'DescriptorError',
      cause: { code: 'ERR_MODULE_NOT_FOUND' },
    });
    for (const remedy of ['npm install koffi', 'Node 26', 'spawnPeer()', 'the path']) {
      expect(error).toMatchObject({ message: expect.stringContaining(remedy) as unknown });
    }
  });

  it('says why koffi cannot be loaded', async () => {
    const load = (name: string) =>
      name === 'koffi' ? Promise.reject(new Error('no addons here')) : missing(name);
    expect(await rejection(loadSocketCalls(load))).toMatchObject({
      code: 'ERR_DESCRIPTOR',
      message: expect.stringMatching(/no addons here.*--allow-addons.*spawnPeer/) as unknown,
    });
  });

  it('says that the permission model keeps node:ffi out', async () => {
    const denied = Object.assign(new Error('restricted'), { code: 'ERR_ACCESS_DENIED' });
    const load = (name: string) => (name === 'koffi' ? missing(name) : Promise.reject(denied));
    expect(await rejection(loadSocketCalls(load))).toMatchObject({
      message: expect.stringContaining('allow node:ffi with --allow-ffi') as unknown,
    });
  });

  it('does not use a module of another shape', async () => {
    const load = (name: string) => (name === 'koffi' ? Promise.resolve({}) : missing(name));
    expect(await rejection(loadSocketCalls(load))).toMatchObject({
      message: expect.stringContaining('it has no load()') as unknown,
    });
  });

  it('loads koffi', async () => {
    const calls = await loadForeignCalls();
    expect(calls).toHaveProperty('sendmsg');
    const socketCalls = await loadSocketCalls();
    expect(await loadSocketCalls()).toBe(socketCalls);
    expect(socketCalls.passDescriptor(4_000, 0)).toBe('EBADF');
  });

  const hasFfi = Number.parseInt(process.versions.node, 10) >= 26;
  it.skipIf(!hasFfi)('uses node:ffi without koffi', async () => {
    const load = (name: string): Promise<unknown> =>
      name === 'koffi' ? missing(name) : import(name);
    const calls = await loadSocketCalls(load);
    expect(calls.passDescriptor(4_000, 0)).toBe('EBADF');
  });
});

/** What sendmsg(2) gets, as the C library of a platform reads it. */
function messageOn(platform: string, arch: string) {
  const known = platformOf(platform, arch);
  if (known === undefined) throw new Error('unknown platform');
  const base = 0x1000n;
  let memory = new ArrayBuffer(0);
  let flags = 0;
  const foreign: ForeignCalls = {
    addressOf: (given) => {
      memory = given;
      return base;
    },
    sendmsg: (_, header, given) => {
      expect(header).toBe(base);
      flags = given;
      return 1;
    },
    errno: () => 0,
  };
  expect(new SocketCalls(foreign, known).passDescriptor(7, 9)).toBeUndefined();
  const view = new DataView(memory);
  const at = (address: bigint) => Number(address - base);
  const long = (offset: number) => view.getBigUint64(offset, true);
  const short = (offset: number) => view.getUint32(offset, true);
  return { flags, at, long, short, byte: (offset: number) => view.getUint8(offset) };
}

describe('a message with a descriptor', () => {
  it.each(['x64', 'arm64', 'riscv64'])('is that of Linux on %s', (arch) => {
    const { flags, at, long, short, byte } = messageOn('linux', arch);
    expect([long(0), short(8), long(24), long(40), short(48)]).toEqual([0n, 0, 1n, 20n, 0]);
    const [iov, control] = [at(long(16)), at(long(32))];
    expect([byte(at(long(iov))), long(iov + 8)]).toEqual([0x20, 1n]);
    expect([long(control), short(control + 8), short(control + 12), short(control + 16)]).toEqual([
      20n,
      1,
      1,
      9,
    ]);
    expect(flags).toBe(0x4040);
  });

  it.each(['arm', 'ia32'])('is that of Linux on %s', (arch) => {
    const { at, short, byte } = messageOn('linux', arch);
    expect([short(0), short(4), short(12), short(20), short(24)]).toEqual([0, 0, 1, 16, 0]);
    const [iov, control] = [at(BigInt(short(8))), at(BigInt(short(16)))];
    expect([byte(at(BigInt(short(iov)))), short(iov + 4)]).toEqual([0x20, 1]);
    expect([0, 4, 8, 12].map((offset) => short(control + offset))).toEqual([16, 1, 1, 9]);
  });

  it.each(['x64', 'arm64'])('is that of macOS on %s', (arch) => {
    const { flags, at, long, short, byte } = messageOn('darwin', arch);
    expect([long(0), short(8), short(24), short(40), short(44)]).toEqual([0n, 0, 1, 16, 0]);
    const [iov, control] = [at(long(16)), at(long(32))];
    expect([byte(at(long(iov))), long(iov + 8)]).toEqual([0x20, 1n]);
    expect([0, 4, 8, 12].map((offset) => short(control + offset))).toEqual([16, 0xffff, 1, 9]);
    expect(flags).toBe(0x80);
  });

  it.each([
    ['win32', 'x64'],
    ['freebsd', 'x64'],
    ['linux', 'mips'],
  ])('is not known on %s, %s', (platform, arch) => {
    expect(platformOf(platform, arch)).toBeUndefined();
  });
});
