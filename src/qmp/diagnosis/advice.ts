/** What to do about an attempt that did not reach a monitor: the usual errors of the system and of TLS. */

import type { Advice } from '../../core/inner-definition.ts';
import { codeOf, memberOf } from '../../core/shape.ts';

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

/** How OpenSSL reports an alert of the peer, which refuses us. */
const TLS_REFUSAL = /^ERR_SSL_\w*ALERT_(?!NO_APPLICATION_PROTOCOL|PROTOCOL_VERSION|INTERNAL_ERROR)/;
/** What it means then, and what to do, after a subject and "refuses". */
export const REFUSES_CERTIFICATE =
  'refuses the certificate of the client, or misses it (verify-peer=on): give tls.cert and tls.key, with a ' +
  'certificate that its ca has signed';

/** How the certificate of the server was refused. */
const UNKNOWN_AUTHORITY =
  /SELF_SIGNED_CERT|^UNABLE_TO_(?:VERIFY_LEAF|GET_ISSUER)|^CERT_SIGNATURE_FAILURE$/;
const WRONG_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID';

/** What to do about the end of a stream whose cause is an alert of TLS; `undefined` for any other cause. */
export const adviceForRefusal = (cause: unknown): string | undefined =>
  TLS_REFUSAL.test(codeOf(cause) ?? '') ? `It ${REFUSES_CERTIFICATE}` : undefined;

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
  if (memberOf(error, 'syscall') !== 'connect') return forTls(code);
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

function forTls(code: string): Advice | undefined {
  if (TLS_REFUSAL.test(code)) return { advice: `It ${REFUSES_CERTIFICATE}.` };
  if (UNKNOWN_AUTHORITY.test(code)) return { advice: TRUST };
  return code === WRONG_NAME ? { advice: NAME } : undefined;
}

const TRUST =
  'Give tls.ca the certificate of the authority that has signed that of the server (ca-cert.pem).';
const NAME =
  'Dial a name that the certificate of the server has, or give that name as tls.servername.';

/** Of the errors of several addresses of a host, the first. */
function firstOf(cause: unknown): unknown {
  const errors = memberOf(cause, 'errors');
  return Array.isArray(errors) ? (errors[0] as unknown) : cause;
}
