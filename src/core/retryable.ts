/**
 * Whether trying again may help, judged by what an error is.
 *
 * Nothing is known of most errors, and time heals most failures of a connection, so an error counts as
 * retryable unless it is known to be final. An error is judged by its members (`code`, `name`, `cause`,
 * `errors`) and never by its class: it may come from another realm or another copy of this package.
 */

import { codeOf, isError, memberOf } from './shape.ts';

/** The mark of this library's errors, shared by all copies of the package in a program, and by all realms. */
export const BRAND: unique symbol = /* @__PURE__ */ Symbol.for('wirechart.error');

/** The errors that are being judged: an error may be among its own causes. */
const judging = /* @__PURE__ */ new Set<object>();

/** How far down a chain of causes is looked for an error that time can heal. */
const MAX_DEPTH = 8;

/**
 * The code of an error of the operating system or of its resolver, as Node sets it: `ECONNREFUSED`,
 * `EAI_AGAIN`. Node's own codes begin with `ERR_`.
 */
const SYSTEM_CODE = /^E(?:AI_)?[A-Z0-9]+$/;

/** System errors that come of what was asked for, and not of the state of the system or the peer. */
const FINAL_SYSTEM_CODES = /* @__PURE__ */ new Set([
  'EBADF',
  'EFAULT',
  'EINVAL',
  'ENAMETOOLONG',
  'ENOSYS',
  'ENOTSOCK',
  'ENOTSUP',
  'EOPNOTSUPP',
  // How Node reports that the peer does not speak TLS.
  'EPROTO',
  'EPROTONOSUPPORT',
  'EPROTOTYPE',
]);

/** OpenSSL's reasons to refuse a certificate. Missing: `CERT_NOT_YET_VALID` and `CRL_NOT_YET_VALID`. */
const CERTIFICATE_CODES = /* @__PURE__ */ new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CRL_HAS_EXPIRED',
  'CRL_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERROR_IN_CRL_LAST_UPDATE_FIELD',
  'ERROR_IN_CRL_NEXT_UPDATE_FIELD',
  'ERR_TLS_CERT_ALTNAME_FORMAT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_DECRYPT_CRL_SIGNATURE',
  'UNABLE_TO_GET_CRL',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The beginning of OpenSSL's codes, and the errors among them that say nothing about certificates, versions or ciphers. */
const TLS_CODE = 'ERR_SSL_';
const PASSING_TLS_CODE = /INTERNAL_ERROR|USER_CANCEL|UNEXPECTED_EOF|RECORD_MAC|MALLOC_FAILURE/;

/** Errors of the program, as JavaScript and Node name them. */
const DEFECTS = /* @__PURE__ */ new Set([
  'AssertionError',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
]);

/** Why a program cannot be started, whenever it is tried. */
const MISSING_PROGRAM = /* @__PURE__ */ new Set([
  'E2BIG',
  'EACCES',
  'EINVAL',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOENT',
  'ENOEXEC',
  'ENOTDIR',
  'EPERM',
]);

/** How wrappers (a shell, `env`, `setpriv`) exit when the program cannot be executed, or is missing. */
const MISSING_PROGRAM_EXIT_CODES: readonly unknown[] = [126, 127];

/**
 * Whether what failed with this error may succeed later, unchanged. An error's own member `retryable`
 * decides, if it is a boolean.
 */
function isRetryable(error: unknown): boolean {
  const own = memberOf(error, 'retryable');
  return typeof own === 'boolean' ? own : judge(error);
}

/** The same of an attempt to connect that failed with `cause`. */
export function isAttemptRetryable(cause: unknown): boolean {
  if (!isBranded(cause)) return isRetryable(cause);
  switch (codeOf(cause)) {
    case 'ERR_CODEC':
      // A peer whose first bytes are not a message speaks another protocol. A message that was cut off
      // is incomplete, not wrong.
      return isCutOff(memberOf(cause, 'cause'));
    case 'ERR_LIMIT':
      return false;
    default:
      return isRetryable(cause);
  }
}

const isCutOff = (cause: unknown): boolean => codeOf(cause) === 'ERR_CLOSED' && isRetryable(cause);

/** Judges an error by everything but its own member `retryable`. */
export function judge(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || judging.has(error)) return true;
  judging.add(error);
  try {
    return isBranded(error) ? !isOwnFinal(error) : !isForeignFinal(error);
  } finally {
    judging.delete(error);
  }
}

const isBranded = (value: unknown): boolean => memberOf(value, BRAND) === true;

/** An error of this library, of any copy. */
function isOwnFinal(error: object): boolean {
  const cause = memberOf(error, 'cause');
  switch (codeOf(error)) {
    case 'ERR_ARGUMENT':
    case 'ERR_CONNECT_ABORTED':
    case 'ERR_QMP_GREETING':
    case 'ERR_QMP_NEGOTIATION':
      return true;
    case 'ERR_CONNECT':
      return !isAttemptRetryable(cause);
    case 'ERR_HANDLER':
      return !isKnownToPass(cause, MAX_DEPTH);
    case 'ERR_PROCESS':
      return isMissingProgram(error, cause);
    case 'ERR_CODEC':
    case 'ERR_LIMIT':
    case 'ERR_REFUSED':
    case 'ERR_TIMEOUT':
      return false;
    default:
      return !isRetryable(cause);
  }
}

function isMissingProgram(error: object, cause: unknown): boolean {
  if (memberOf(error, 'signal') !== null) return false;
  const exitCode = memberOf(error, 'exitCode');
  return typeof exitCode === 'number'
    ? MISSING_PROGRAM_EXIT_CODES.includes(exitCode)
    : MISSING_PROGRAM.has(codeOf(cause) ?? '');
}

/** An error of the system, of TLS, of another library or of the user's code. */
function isForeignFinal(error: object): boolean {
  const parts = partsOf(error);
  // Several addresses of one host: one that may answer later is enough.
  if (parts.length > 0) return !parts.some(isRetryable);
  const code = codeOf(error) ?? '';
  if (SYSTEM_CODE.test(code)) return FINAL_SYSTEM_CODES.has(code);
  if (CERTIFICATE_CODES.has(code)) return true;
  if (code.startsWith(TLS_CODE)) return !PASSING_TLS_CODE.test(code);
  // `fetch()` rejects with a TypeError whose cause is the error of the system.
  const cause = memberOf(error, 'cause');
  if (isError(cause)) return !isRetryable(cause);
  return DEFECTS.has(nameOf(error));
}

/**
 * Whether an error that a callback threw is known to pass: an error of the system, a deadline, or one that
 * says so itself. Any other is taken for a defect of the callback.
 */
function isKnownToPass(error: unknown, depth: number): boolean {
  const own = memberOf(error, 'retryable');
  if (typeof own === 'boolean') return own;
  const code = codeOf(error) ?? '';
  if (SYSTEM_CODE.test(code)) return !FINAL_SYSTEM_CODES.has(code);
  if (nameOf(error) === 'TimeoutError') return true;
  if (depth === 0) return false;
  const within = [...partsOf(error), memberOf(error, 'cause')];
  return within.some((part) => isKnownToPass(part, depth - 1));
}

/** The errors in an `AggregateError`. */
function partsOf(error: unknown): readonly unknown[] {
  const errors = memberOf(error, 'errors');
  return Array.isArray(errors) ? errors : [];
}

function nameOf(error: unknown): string {
  const name = memberOf(error, 'name');
  return typeof name === 'string' ? name : '';
}
