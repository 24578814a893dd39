/** Passes descriptors over UNIX sockets: Node has no function for it. */

import { constants, endianness } from 'node:os';
import { DescriptorError } from '../../core/descriptor-error.ts';
import { describe } from '../../core/errors.ts';
import { codeOf } from '../../core/shape.ts';
import { type ForeignCalls, type Import, loadForeignCalls } from './foreign-calls.ts';
import { BYTE, CONTROL, IOV, MEMORY_BYTES, type Platform, platformOf } from './socket-layout.ts';

const BLANK = 0x20;
const IS_LITTLE_ENDIAN = /* @__PURE__ */ (() => endianness() === 'LE')();

/** The calls, with a memory of their own: they do not wait, so that one after the other may use it. */
export class SocketCalls {
  readonly #foreign: ForeignCalls;
  readonly #platform: Platform;
  readonly #memory = new ArrayBuffer(MEMORY_BYTES);
  readonly #view = new DataView(this.#memory);
  readonly #address: bigint;

  constructor(foreign: ForeignCalls, platform: Platform) {
    this.#foreign = foreign;
    this.#platform = platform;
    this.#address = foreign.addressOf(this.#memory);
  }

  /**
   * Sends a blank, and with it a descriptor, over a UNIX socket, without waiting. The descriptor stays ours.
   *
   * @returns The code of the error, such as `EAGAIN` when the socket is full; `undefined` when it is sent.
   */
  passDescriptor(socket: number, fd: number): string | undefined {
    const { numbers, layout } = this.#platform;
    const controlBytes = layout.descriptor + 4 - CONTROL;
    this.#clear();
    this.#set(IOV, this.#address + BigInt(BYTE), layout.pointer);
    this.#set(IOV + layout.pointer, 1n, layout.pointer);
    this.#view.setUint8(BYTE, BLANK);
    this.#set(layout.iov, this.#address + BigInt(IOV), layout.pointer);
    this.#set(layout.iovCount, 1n, layout.length);
    this.#set(layout.control, this.#address + BigInt(CONTROL), layout.pointer);
    this.#set(layout.controlLength, BigInt(controlBytes), layout.length);
    this.#set(CONTROL, BigInt(controlBytes), layout.length);
    this.#set(layout.level, BigInt(numbers.SOL_SOCKET), 4);
    this.#set(layout.type, BigInt(numbers.SCM_RIGHTS), 4);
    this.#set(layout.descriptor, BigInt(fd), 4);
    const sent = this.#foreign.sendmsg(socket, this.#address, numbers.flags);
    return sent === 1 ? undefined : nameOf(this.#foreign.errno());
  }

  #clear(): void {
    new Uint8Array(this.#memory).fill(0);
  }

  #set(at: number, value: bigint, bytes: 4 | 8): void {
    if (bytes === 8) this.#view.setBigUint64(at, value, IS_LITTLE_ENDIAN);
    else this.#view.setUint32(at, Number(value), IS_LITTLE_ENDIAN);
  }
}

/** The name of an error of the system. */
const nameOf = (errno: number): string =>
  Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ??
  `errno ${String(errno)}`;

/** The calls of this process, once they were loaded. */
let loaded: SocketCalls | undefined;

/**
 * Loads what the calls need, once.
 *
 * @param load - Imports a module.
 * @throws {DescriptorError} When this process has no way to make them; it says what to do.
 */
export async function loadSocketCalls(load?: Import): Promise<SocketCalls> {
  if (loaded !== undefined && load === undefined) return loaded;
  const platform = platformOf(process.platform, process.arch);
  if (platform === undefined) throw unknownPlatform();
  const foreign = await loadForeignCalls(load);
  if (isFailures(foreign)) throw noWay(foreign);
  const calls = new SocketCalls(foreign, platform);
  if (load === undefined) loaded = calls;
  return calls;
}

const isFailures = (
  loaded: ForeignCalls | Readonly<Record<string, unknown>>,
): loaded is Readonly<Record<string, unknown>> => !('sendmsg' in loaded);

/** What to do instead. */
const REMEDIES =
  'start QEMU with the file by spawnPeer() and its option fds, or give QEMU the path of the file';

const unknownPlatform = (): DescriptorError =>
  new DescriptorError(
    `Descriptors can be passed on Linux and macOS only, and this is ${process.platform} (${process.arch}); ${REMEDIES}`,
  );

/** The code of an import of a package that is not installed. */
const MISSING: readonly unknown[] = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'];

function noWay({ koffi, 'node:ffi': ffi }: Readonly<Record<string, unknown>>): DescriptorError {
  return new DescriptorError(
    `Node cannot pass descriptors by itself: ${adviceOnKoffi(koffi)}, or ${adviceOnFfi(ffi)}; or ${REMEDIES}`,
    { cause: koffi },
  );
}

const adviceOnKoffi = (failure: unknown): string =>
  MISSING.includes(codeOf(failure))
    ? 'install the package koffi beside wirechart (npm install koffi)'
    : `make koffi usable, which could not be loaded (${describe(failure)}; --permission needs --allow-addons)`;

function adviceOnFfi(failure: unknown): string {
  switch (codeOf(failure)) {
    case 'ERR_UNKNOWN_BUILTIN_MODULE':
      return 'use Node 26, which has node:ffi';
    case 'ERR_ACCESS_DENIED':
      return 'allow node:ffi with --allow-ffi';
    default:
      return `make node:ffi usable (${describe(failure)})`;
  }
}
