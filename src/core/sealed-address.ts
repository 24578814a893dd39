/**
 * Keeps the secrets and the live streams of an address out of what machines show.
 *
 * An address travels in events and stays in the context of a machine, and both are printed, inspected and
 * persisted by tools that this library does not control. A sealed address shows where it leads, and
 * keeps the TLS options, with their keys and passphrases, and the stream to itself.
 */

import { REDACTED } from './secrets.ts';
import { memberOf } from './shape.ts';

/** The method that returns the address; the same in all copies of this package. */
const UNSEAL = /* @__PURE__ */ Symbol.for('wirechart.unseal');
/** The method that Node's `util.inspect()` calls. */
const INSPECT = /* @__PURE__ */ Symbol.for('nodejs.util.inspect.custom');

/** Members of an address that may be shown if they are no objects. */
const PLAIN_MEMBERS = /* @__PURE__ */ new Set(['path', 'mode', 'host', 'port', 'keepAlive', 'fd']);
/** TLS options that may be shown. All others are replaced. */
const PLAIN_TLS_OPTIONS = /* @__PURE__ */ new Set([
  'ALPNProtocols',
  'maxVersion',
  'minVersion',
  'rejectUnauthorized',
  'requestCert',
  'servername',
]);

/** An address whose TLS options and stream are not shown: `sealAddress()` makes it. */
export class SealedAddress {
  /** Unchecked: in plain JavaScript it may be any value. */
  readonly #address: unknown;

  constructor(address: unknown) {
    this.#address = address;
    // Not methods with computed names: bundlers would keep the class where nothing uses it.
    Object.defineProperty(this, UNSEAL, { value: () => address });
    Object.defineProperty(this, INSPECT, { value: inspectSealed });
  }

  /** What inspectors, recordings and persisted snapshots have of it. */
  toJSON(): unknown {
    return shownAddress(this.#address);
  }
}

/** What `util.inspect()` shows. */
function inspectSealed(
  this: SealedAddress,
  _depth: number,
  options: object,
  inspect: (value: unknown, options: object) => string,
): string {
  return `Address ${inspect(this.toJSON(), options)}`;
}

/**
 * Returns an address that does not show its secrets. `connect()` and `listen()` take it like any other, and
 * seal their addresses themselves. Use it where an address passes through statecharts of your own, in
 * the event CONNECT or in the `input` of an actor, so that inspectors and persisted snapshots do not get
 * the keys. An address without TLS and without a stream is returned as it is. Never throws.
 */
export const sealAddress = <A>(address: A): A | SealedAddress =>
  isSealed(address) || isPlainAddress(address) ? address : new SealedAddress(address);

/** Returns the address that was sealed; any other value as it is. */
export const unsealAddress = (address: unknown): unknown =>
  isSealed(address) ? addressIn(address) : address;

function addressIn(sealed: SealedAddress): unknown {
  const unseal = memberOf(sealed, UNSEAL);
  return typeof unseal === 'function' ? Reflect.apply(unseal, undefined, []) : undefined;
}

/** Whether a value is a sealed address, also one of another copy of this package. */
export const isSealed = (value: unknown): value is SealedAddress =>
  typeof memberOf(value, UNSEAL) === 'function';

/** Whether everything in an address may be shown, and stored as it is. */
export const isPlainAddress = (address: unknown): boolean =>
  (typeof address !== 'object' && typeof address !== 'function') ||
  address === null ||
  (isOrdinary(address) && entriesOf(address).every(isPlainMember));

const isPlainMember = ([name, value]: readonly [string, unknown]): boolean =>
  PLAIN_MEMBERS.has(name) && typeof value !== 'object' && typeof value !== 'function';

/** Whether an object has no members but its own: those of a class may be getters. */
const isOrdinary = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

/** What may be shown of an address. */
export function shownAddress(address: unknown): unknown {
  if (typeof address === 'function') return '[function]';
  if (typeof address !== 'object' || address === null) return address;
  const shown = entriesOf(address).map((entry) => [entry[0], shownMember(entry)] as const);
  return Object.fromEntries(shown.filter(([, value]) => value !== undefined));
}

function shownMember([name, value]: readonly [string, unknown]): unknown {
  if (name === 'tls' && typeof value === 'object' && value !== null) return shownTls(value);
  if (typeof value === 'object' || typeof value === 'function') {
    return value === null ? null : classOf(value);
  }
  return PLAIN_MEMBERS.has(name) || value === undefined ? value : REDACTED;
}

const shownTls = (options: object): unknown =>
  Object.fromEntries(
    entriesOf(options)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, PLAIN_TLS_OPTIONS.has(name) ? plainText(value) : REDACTED]),
  );

const plainText = (value: unknown): unknown =>
  typeof value === 'object' || typeof value === 'function' ? REDACTED : value;

/** The members of an object, inherited ones included; one that throws when it is read is `undefined`. */
function entriesOf(value: object): (readonly [string, unknown])[] {
  const names: string[] = [];
  for (const name in value) names.push(name);
  return names.map((name) => [name, memberOf(value, name)] as const);
}

function classOf(value: unknown): string {
  const made: unknown = memberOf(value, 'constructor');
  return typeof made === 'function' && typeof made.name === 'string'
    ? `[${made.name}]`
    : '[object]';
}
