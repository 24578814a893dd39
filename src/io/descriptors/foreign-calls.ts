/**
 * A system call that Node does not offer, made through a foreign function interface: koffi, a package that is
 * installed only where it is wanted, or `node:ffi`, which Node has from version 26 on.
 */

import { describe } from '../../core/errors.ts';
import { memberOf } from '../../core/shape.ts';

/** What is called, and what the calls need. */
export interface ForeignCalls {
  /** The address of a memory that lasts. */
  addressOf(memory: ArrayBuffer): bigint;
  /** sendmsg(2). Returns the number of bytes, or -1. */
  sendmsg(socket: number, header: bigint, flags: number): number;
  /** The number of the error of the last call, if that has returned -1. */
  errno(): number;
}

/** Imports a module by its name. */
export type Import = (name: string) => Promise<unknown>;

/** A name that bundlers cannot read: they would demand a module that is optional, or pack it. */
const importModule: Import = (name) =>
  import(/* @vite-ignore */ /* webpackIgnore: true */ name) as Promise<unknown>;

/** The interfaces, in the order in which they are tried: a package that was installed was meant to be used. */
const INTERFACES: Readonly<Record<string, (module: object) => ForeignCalls>> = {
  koffi: fromKoffi,
  'node:ffi': fromNode,
};

/**
 * Returns the calls of the first interface that can be used, or why none can be, for each of them.
 *
 * @param load - Imports a module.
 */
export async function loadForeignCalls(
  load: Import = importModule,
): Promise<ForeignCalls | Readonly<Record<string, unknown>>> {
  const failures: Record<string, unknown> = {};
  for (const [name, make] of Object.entries(INTERFACES)) {
    try {
      const module = await load(name);
      const exported = memberOf(module, 'default') ?? module;
      if (typeof exported !== 'object' || exported === null) throw new TypeError(UNKNOWN_SHAPE);
      return make(exported);
    } catch (error) {
      failures[name] = error;
    }
  }
  return failures;
}

const UNKNOWN_SHAPE = 'it is another module than expected';

/** A function of a module. */
type Call = (...args: readonly unknown[]) => unknown;

/** Returns a function of an object. Throws when it has none of this name. */
function functionOf(owner: unknown, name: string): Call {
  const found = memberOf(owner, name);
  if (typeof found !== 'function') throw new TypeError(`${UNKNOWN_SHAPE}: it has no ${name}()`);
  return (...args) => Reflect.apply(found, owner, args) as unknown;
}

const addressFrom =
  (call: Call) =>
  (memory: ArrayBuffer): bigint => {
    const address = call(memory);
    if (typeof address !== 'bigint') throw new TypeError(`no address: ${describe(address)}`);
    return address;
  };

/** A value that must be a function. */
function asCall(value: unknown): Call {
  if (typeof value !== 'function') throw new TypeError(UNKNOWN_SHAPE);
  return (...args) => Reflect.apply(value, undefined, args) as unknown;
}

function fromKoffi(koffi: object): ForeignCalls {
  const library = functionOf(koffi, 'load')(null);
  const define = functionOf(library, 'func');
  const sendmsg = asCall(define('sendmsg', 'intptr_t', ['int', 'void *', 'int']));
  const errno = functionOf(koffi, 'errno');
  return {
    addressOf: addressFrom(functionOf(koffi, 'address')),
    sendmsg: (...args) => Number(sendmsg(...args)),
    errno: () => Number(errno()),
  };
}

/** The function of the C library that returns the address of `errno`. */
const errnoLocation = (): string =>
  process.platform === 'darwin' ? '__error' : '__errno_location';

function fromNode(ffi: object): ForeignCalls {
  const locationName = errnoLocation();
  const library = functionOf(ffi, 'dlopen')(null, {
    sendmsg: { return: 'int64', arguments: ['int32', 'pointer', 'int32'] },
    [locationName]: { return: 'pointer', arguments: [] },
  });
  const functions = memberOf(library, 'functions');
  const sendmsg = functionOf(functions, 'sendmsg');
  const location = functionOf(functions, locationName);
  const readNumber = functionOf(ffi, 'getInt32');
  return {
    addressOf: addressFrom(functionOf(ffi, 'getRawPointer')),
    sendmsg: (...args) => Number(sendmsg(...args)),
    errno: () => Number(readNumber(location())),
  };
}
