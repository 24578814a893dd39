/** Which members of QMP's messages are secrets. */

import { createRedactor, REDACTED } from '../core/secrets.ts';
import { memberOf } from '../core/shape.ts';

/**
 * Members that are secrets of QMP and of the guest agent: the contents of files of the guest
 * (`guest-file-read`, `guest-file-write`), what its programs read, write and have in their environment
 * (`guest-exec`), what is typed (`send-key`), and the options of block drivers with cookies.
 */
const redactNames = /* @__PURE__ */ createRedactor({
  also: ['buf-b64', 'env', 'err-data', 'input-data', 'keys', 'out-data', 'packet-header'],
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
  /^\s*(?:block_passwd|change|expire_password|object_add|qom-set|sendkey|set_password)\b/;

/** Returns a copy of a message, sent or received, without its secrets. */
export function redactQmp(message: unknown): unknown {
  const args = memberOf(message, 'arguments');
  if (typeof args !== 'object' || args === null) return redactNames(message);
  const rest = redactNames({ ...toObject(message), arguments: undefined });
  return { ...toObject(rest), arguments: redactArguments(args) };
}

function redactArguments(args: object): unknown {
  if (holdsSecret(args)) return onlyShown(args);
  const line = memberOf(args, 'command-line');
  if (typeof line === 'string' && SECRET_HMP.test(line)) {
    const [name = ''] = line.trim().split(/\s/, 1);
    return redactNames({ ...args, 'command-line': `${name} ${REDACTED}` });
  }
  return redactNames(args);
}

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
