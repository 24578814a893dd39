/** Errors as plain data, for snapshots that are stored as JSON. */

import { describe } from './describe.ts';
import { isError, memberOf } from './shape.ts';
import { isWirechartError, WirechartError } from './wirechart-error.ts';

/** An error as plain data. What a member of it held besides is not kept. */
export interface SavedError {
  readonly name: string;
  /** Absent if it has none. */
  readonly code?: string;
  readonly message: string;
  /** Absent unless it is an error of this library. */
  readonly retryable?: boolean;
  readonly cause?: SavedError;
}

/** How many causes below one another are kept. */
const MAX_DEPTH = 8;

/** Returns an error, or whatever else was thrown, as plain data. Never throws. */
export function saveError(error: unknown, depth = 0): SavedError {
  const [name, code, message] = ['name', 'code', 'message'].map((key) => memberOf(error, key));
  const cause = memberOf(error, 'cause');
  return {
    name: typeof name === 'string' ? name : 'Error',
    ...(typeof code === 'string' && { code }),
    message: typeof message === 'string' ? message : describe(error),
    ...(isWirechartError(error) && { retryable: error.retryable }),
    ...(isError(cause) && depth < MAX_DEPTH && { cause: saveError(cause, depth + 1) }),
  };
}

/** An error of an earlier run of the program: name, code, message and verdict are those of the original. */
class RestoredError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'RestoredError';

  readonly code: string;

  constructor({ name, code, message, retryable }: SavedError, cause: Error | undefined) {
    super(message, cause && { cause });
    this.name = name;
    this.code = code ?? 'ERR_RESTORED';
    if (retryable !== undefined) Object.defineProperty(this, 'retryable', { value: retryable });
  }
}

/** Returns the error that was saved; `undefined` when it is no saved error. Never throws. */
export function restoreError(saved: unknown, depth = 0): WirechartError | undefined {
  const [name, message] = ['name', 'message'].map((key) => memberOf(saved, key));
  const [code, retryable, cause] = ['code', 'retryable', 'cause'].map((key) =>
    memberOf(saved, key),
  );
  if (typeof name !== 'string' || typeof message !== 'string') return undefined;
  const error: SavedError = {
    name,
    message,
    ...(typeof code === 'string' && { code }),
    ...(typeof retryable === 'boolean' && { retryable }),
  };
  return new RestoredError(error, depth < MAX_DEPTH ? restoreError(cause, depth + 1) : undefined);
}
