/** Which members of QMP's messages are secrets. */

import { createRedactor, REDACTED } from '../core/secrets.ts';
import { memberOf } from '../core/shape.ts';

/**
 * Members that are secrets of QMP and of the guest agent: the contents of files of the guest
 * (`guest-file-read`, `guest-file-write`), what its programs read, write and have in their environment
 * (`guest-exec`), what is typed (`send-key`), the cookies of network backends, and the arguments of programs
 * that a migration starts (`migrate`, `migrate-set-parameters`).
 */
const redactNames = /* @__PURE__ */ createRedactor({
  also: [
    ...['args', 'buf-b64', 'cpr-exec-command', 'env', 'err-data', 'input-data', 'keys', 'out-data'],
    ...['packet-header', 'rxcookie', 'txcookie'],
  ],
});

/** What may be shown of an object that holds a secret, such as `secret` and `tls-creds-x509`. */
const SHOWN_OF_SECRET_OBJECTS = new Set([
  'dir',
  'endpoint',
  'file',
  'format',
  'id',
  'keyid',
  'priority',
  'props',
  'qom-type',
  'sanity-check',
  'verify-peer',
]);

/** Commands of the human monitor that have a secret among their words. */
const SECRET_HMP =
  /^\s*(?:(?:block_passwd|change|expire_password|object_add|qom-set|ringbuf_write|sendkey|set_password)\b|migrate.{0,80}?\bexec:)/;

/** The uri of a migration that a program carries. */
const PROGRAM_URI = /^\s*exec:/;

/** Arguments that are secrets of one command, and have names that say nothing. */
const SECRET_ARGUMENTS: ReadonlyMap<unknown, string> = new Map([
  ['guest-exec', 'arg'], // Scripts, and options such as `-pPASSWORD`.
  ['ringbuf-write', 'data'], // What is typed at a console.
]);

/** Returns a copy of a message, sent or received, without its secrets. */
export function redactQmp(message: unknown): unknown {
  const args = memberOf(message, 'arguments');
  if (typeof args !== 'object' || args === null) return redactNames(message);
  const rest = redactNames({ ...toObject(message), arguments: undefined });
  const command = memberOf(message, 'execute') ?? memberOf(message, 'exec-oob');
  return { ...toObject(rest), arguments: redactArguments(command, args) };
}

function redactArguments(command: unknown, args: object): unknown {
  if (holdsSecret(args)) return onlyShown(args);
  const line = memberOf(args, 'command-line');
  if (typeof line === 'string' && SECRET_HMP.test(line)) {
    const [name = ''] = line.trim().split(/\s/, 1);
    return redactNames({ ...args, 'command-line': `${name} ${REDACTED}` });
  }
  const uri = memberOf(args, 'uri');
  if (typeof uri === 'string' && PROGRAM_URI.test(uri)) {
    return redactNames({ ...args, uri: `exec:${REDACTED}` });
  }
  return redactNames(hideOne(args, hiddenArgument(command, args)));
}

function hiddenArgument(command: unknown, args: object): string | undefined {
  // The data of a secret object.
  const setsData = command === 'qom-set' && memberOf(args, 'property') === 'data';
  return setsData ? 'value' : SECRET_ARGUMENTS.get(command);
}

const hideOne = (args: object, name: string | undefined): object =>
  name !== undefined && Object.hasOwn(args, name) ? { ...args, [name]: REDACTED } : args;

/** Whether these are the arguments of `object-add` for an object that holds a secret. */
const holdsSecret = (args: object): boolean =>
  /^(?:secret|tls-cred|tls-cipher)/.test(String(memberOf(args, 'qom-type')));

function onlyShown(args: object): unknown {
  const shown = Object.entries(args).map(([name, value]: [string, unknown]) => {
    if (!SHOWN_OF_SECRET_OBJECTS.has(name)) return [name, REDACTED];
    return [name, typeof value === 'object' && value !== null ? onlyShown(value) : value];
  });
  return Object.fromEntries(shown);
}

const toObject = (value: unknown): object =>
  typeof value === 'object' && value !== null ? value : {};
