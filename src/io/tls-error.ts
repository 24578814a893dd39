/** The error for TLS options that Node rejects, without the values of options. */

import { ArgumentError, describe } from '../core/errors.ts';
import { REDACTED } from '../core/secrets.ts';
import { codeOf, isError } from '../core/shape.ts';

/** Returns an error that has Node's own as its `cause`. */
export function tlsOptionsError(error: unknown): ArgumentError {
  const cause = withoutValue(error);
  return new ArgumentError(`The TLS options cannot be used: ${describe(cause)}`, { cause });
}

/** Node shows the value that it rejects, which may be a key or a passphrase: "Received 'hush'". */
function withoutValue(error: unknown): unknown {
  if (!isError(error)) return error;
  const message = error.message
    .replace(/(\bReceived type \w+) \([^]*/, '$1')
    .replace(
      /\bReceived (?!undefined|null|function |an instance of |type \w+$)[^]*/,
      `Received ${REDACTED}`,
    );
  if (message === error.message) return error;
  const code = codeOf(error);
  return Object.assign(new TypeError(message), code !== undefined && { code });
}
