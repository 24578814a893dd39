/**
 * Checks TLS options, so that none of them is ignored silently: Node takes an option that is empty or not
 * known for one that was not given, and that often means less security than was asked for.
 */

import { ArgumentError, describe } from '../core/errors.ts';
import { checkKinds, checkSpelling } from '../core/options.ts';
import { REDACTED } from '../core/secrets.ts';
import { memberOf, show } from '../core/shape.ts';
import { guardCallbacks } from './tls-callbacks.ts';

/** The options of `tls.connect()`, `tls.createServer()` and `tls.createSecureContext()`. */
const TLS_NAMES = /* @__PURE__ */ (() =>
  Object.fromEntries(
    [
      ['ALPNCallback', 'ALPNProtocols', 'SNICallback', 'allowPartialTrustChain', 'ca', 'cert'],
      ['checkServerIdentity', 'ciphers', 'clientCertEngine', 'crl', 'dhparam', 'ecdhCurve'],
      ['enableTrace', 'handshakeTimeout', 'honorCipherOrder', 'key', 'lookup', 'maxVersion'],
      ['minDHSize', 'minVersion', 'passphrase', 'pfx', 'privateKeyEngine', 'privateKeyIdentifier'],
      ['pskCallback', 'pskIdentityHint', 'rejectUnauthorized', 'requestCert', 'requestOCSP'],
      ['secureContext', 'secureOptions', 'secureProtocol', 'servername', 'session'],
      ['sessionIdContext', 'sessionTimeout', 'sigalgs', 'ticketKeys', 'timeout'],
    ]
      .flat()
      .map((name) => [name, true]),
  ))();

/** What Node ignores when it is empty. */
const CREDENTIALS = ['ca', 'cert', 'key', 'pfx', 'crl'] as const;

/** The options of a server that have a meaning only if it asks clients for a certificate. */
const CLIENT_CHECKS = ['ca', 'crl'] as const;

/** How an error names the options. */
const OWNER = 'tls';

/**
 * Checks the member `tls` of an address, and returns a copy of the options, without those that are
 * `undefined`. Only Node can check all values.
 *
 * @param address - An object that may have the member. Without it there is no TLS.
 * @throws {ArgumentError} When the member is there and no object of options, be it `undefined`; or when an
 *   option would be ignored.
 */
export function parseTls(address: object): object | undefined {
  if (!('tls' in address)) return undefined;
  const tls = memberOf(address, 'tls');
  if (tls === undefined || tls === null || tls === false) {
    throw new ArgumentError(`tls is ${String(tls)}: to connect without TLS, leave it out`);
  }
  return parseOptions(tls);
}

/**
 * Checks the options of a server.
 *
 * @param tls - Options that `parseTls()` has returned.
 * @throws {ArgumentError} When clients would not be checked, although there are options for that.
 */
export function checkServerTls(tls: object): void {
  if (memberOf(tls, 'requestCert') !== undefined) return;
  const name = CLIENT_CHECKS.find((each) => memberOf(tls, each) !== undefined);
  const isStrict = memberOf(tls, 'rejectUnauthorized') === true;
  const given = name ?? (isStrict ? 'rejectUnauthorized' : undefined);
  if (given === undefined) return;
  throw new ArgumentError(
    `tls has ${given}, but without requestCert a server asks no client for a certificate, and serves all ` +
      'of them: write requestCert: true; or, if all clients are to be served, requestCert: false',
  );
}

/**
 * The options of a server after a renewal: those that are given replace the others, and the rest stays, so
 * that a server that checks its clients goes on checking them.
 *
 * @throws {ArgumentError} When the result cannot be used.
 */
export function renewedOptions(before: object, given: unknown): object {
  const changes = parseOptions(given);
  // With the same ticket keys, sessions could be resumed that were verified by other rules.
  const after = { ...without(before, ['ticketKeys', ...replacedBy(changes)]), ...changes };
  checkServerTls(after);
  return after;
}

/** The identity of a server is either a PFX file or a key with a certificate. */
function replacedBy(changes: object): readonly string[] {
  if (memberOf(changes, 'pfx') !== undefined) return ['key', 'cert', 'passphrase'];
  const hasKey = memberOf(changes, 'key') !== undefined || memberOf(changes, 'cert') !== undefined;
  return hasKey ? ['pfx'] : [];
}

const without = (options: object, names: readonly string[]): object =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)));

function parseOptions(tls: unknown): object {
  if (typeof tls !== 'object' || tls === null || Array.isArray(tls)) {
    // A text may be the key itself.
    const given = typeof tls === 'string' ? 'a text' : show(tls);
    throw new ArgumentError(`tls must be an object of Node's TLS options, not ${given}`);
  }
  const options = definedMembers(tls);
  checkSpelling(OWNER, options, TLS_NAMES);
  checkKinds(OWNER, options, {
    checkServerIdentity: 'function',
    requestCert: 'boolean',
    rejectUnauthorized: 'boolean',
    servername: 'string',
  });
  const hidden = Object.keys(options).find((name) => memberOf(options, name) === REDACTED);
  if (hidden !== undefined) {
    throw new ArgumentError(
      `tls.${hidden} is '${REDACTED}': this is what may be shown of an address. Pass the address itself`,
    );
  }
  const empty = CREDENTIALS.find((name) => isEmpty(memberOf(options, name)));
  if (empty !== undefined) {
    throw new ArgumentError(`tls.${empty} is empty: leave it out, or give it its content`);
  }
  return guardCallbacks(options);
}

/** A copy of all members, inherited ones included, that are not `undefined`; each is read once. */
function definedMembers(options: object): object {
  const entries = namesIn(options).map((name) => [name, read(options, name)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The names of all members, also of those that a class defines; not those of every object. */
function namesIn(options: object): string[] {
  const names = new Set(Object.getOwnPropertyNames(options));
  let level: unknown = Object.getPrototypeOf(options);
  while (typeof level === 'object' && level !== null && !Object.hasOwn(level, 'hasOwnProperty')) {
    for (const name of Object.getOwnPropertyNames(level)) names.add(name);
    level = Object.getPrototypeOf(level);
  }
  names.delete('constructor');
  return [...names];
}

function read(options: object, name: string): unknown {
  try {
    return Reflect.get(options, name);
  } catch (cause) {
    throw new ArgumentError(`tls.${name} cannot be read: ${describe(cause)}`, { cause });
  }
}

/** Whether Node would take a value for an absent one, or for a list without an entry. */
function isEmpty(value: unknown): boolean {
  if (value === undefined) return false;
  if (Array.isArray(value)) {
    return value.length === 0 || value.some((each) => each === undefined || isEmpty(each));
  }
  return !value || memberOf(value, 'byteLength') === 0;
}
