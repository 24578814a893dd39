/** What to do about an attempt that did not reach a monitor: the usual errors of the system and of TLS. */

import type { Advice } from '../core/inner-definition.ts';
import { codeOf, memberOf } from '../core/shape.ts';

/** What to do about the errors of dialing a UNIX socket. */
const AT_PATHS: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  [
    'ENOENT',
    'No socket is there: start QEMU with -qmp unix:PATH,server=on,wait=off, or correct the path; a ' +
      'virtual machine that has ended has removed its socket.',
  ],
  [
    'ECONNREFUSED',
    'No program listens there: the file is no socket, or one that a process has left that is gone; ' +
      'start QEMU with -qmp unix:PATH,server=on,wait=off.',
  ],
  [
    'EACCES',
    'QEMU runs as another user: run as that user or as root, or give this one the permission to write ' +
      'to the socket and to search the directories above it.',
  ],
  ['EPROTOTYPE', 'The socket is none of streams: connect to the socket of -qmp.'],
]);

/** The same for TCP. */
const AT_PORTS: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  [
    'ECONNREFUSED',
    'No program listens at that port: start QEMU with -qmp tcp:HOST:PORT,server=on,wait=off, with the ' +
      'host and the port that are dialed here.',
  ],
]);

/** How OpenSSL reports a peer whose first bytes are no record of TLS. */
const NO_TLS =
  /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL|HTTP_REQUEST)$|^EPROTO$/;

/** What to do about the error of an attempt that did not open a stream; `undefined` for any other error. */
export function adviceFor(cause: unknown): Advice | undefined {
  if (memberOf(cause, 'phase') === 'accept') return forVisitor(cause);
  const error = firstOf(cause);
  const code = codeOf(error) ?? '';
  if (NO_TLS.test(code)) {
    return {
      problem: `The peer does not speak TLS: its first bytes are something else (${code})`,
      advice:
        'Leave out the option tls, or start QEMU with tls-creds in the -chardev of its monitor.',
    };
  }
  if (memberOf(error, 'syscall') !== 'connect') return undefined;
  const advice = (memberOf(error, 'port') === undefined ? AT_PATHS : AT_PORTS).get(code);
  return advice === undefined ? undefined : { advice };
}

/** A deadline has passed while clients came that are refused: the cause of the cause is the error of TLS. */
function forVisitor(deadline: unknown): Advice | undefined {
  const refusal = memberOf(memberOf(deadline, 'cause'), 'cause');
  return NO_TLS.test(codeOf(refusal) ?? '') ? { advice: PLAIN_VISITOR } : undefined;
}

const PLAIN_VISITOR =
  'QEMU dials without TLS: give the -chardev of its monitor tls-creds (of endpoint=client), or listen ' +
  'without the option tls.';

/** Of the errors of several addresses of a host, the first. */
function firstOf(cause: unknown): unknown {
  const errors = memberOf(cause, 'errors');
  return Array.isArray(errors) ? (errors[0] as unknown) : cause;
}
