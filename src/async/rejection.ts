/** The promises that public methods return: their rejections name the caller, and may be ignored. */

import { isWirechartError, type WirechartError } from '../core/errors.ts';
import { memberOf } from '../core/shape.ts';
import { markHandled } from './deferred.ts';

/**
 * The codes of errors that the engine creates far from the call that rejects with them: in an action of a
 * chart, on an event of a stream, in a timer. Other errors are left as they are: they were created during
 * the call, or by the program, and their stack says where.
 */
const CREATED_ELSEWHERE = /* @__PURE__ */ new Set([
  'ERR_CONNECT',
  'ERR_CONNECT_ABORTED',
  'ERR_TIMEOUT',
  'ERR_CLOSED',
  'ERR_HANDLER',
  'ERR_LIMIT',
  'ERR_PROCESS',
  'ERR_QMP_EXECUTE',
  'ERR_QMP_INTERRUPTED',
  'ERR_QMP_BAD_REPLY',
  'ERR_QMP_JOB',
  'ERR_QMP_MIGRATION',
  'ERR_QMP_BUSY',
]);

/** The codes of errors that concern one call alone. */
const OF_ONE_CALL = /* @__PURE__ */ new Set([
  'ERR_STATE',
  'ERR_QMP_EXECUTE',
  'ERR_QMP_INTERRUPTED',
  'ERR_QMP_BAD_REPLY',
]);

/** The errors whose stack names a caller already: one failure may reject several calls. */
const named = /* @__PURE__ */ new WeakSet<WirechartError>();

/**
 * Returns a promise that settles as `promise` does, for the caller of a public method.
 *
 * - It is no unhandled rejection when the caller does not await it.
 * - When the caller awaits it, the stack of the engine's own error names the caller. This costs nothing
 *   until it rejects: V8 finds the functions that await an async function, so that the stack can be
 *   captured in the rejection.
 */
export function handOut<T>(promise: Promise<T>): Promise<T> {
  const settle = async (): Promise<T> => {
    try {
      return await promise;
    } catch (error) {
      nameCaller(error, settle);
      // Only now: V8 does not look further than a promise with two handlers.
      void markHandled(handedOut);
      throw error;
    }
  };
  const handedOut = settle();
  return handedOut;
}

const SETTLED = /* @__PURE__ */ Promise.resolve();
const ignore = () => undefined;

/**
 * Rejects a pending promise like one of `handOut()`, for calls of which there are so many that they get no
 * promise of their own: nothing is done for a promise that does not reject.
 *
 * @param promise - The promise that the caller has.
 * @param resolve - Its function.
 * @param error - Created for this call alone.
 */
export function rejectHandedOut(
  promise: Promise<unknown>,
  resolve: (rejected: Promise<never>) => void,
  error: WirechartError,
): void {
  const reject = (): never => {
    named.add(error);
    Error.captureStackTrace(error, reject);
    // As in `handOut()`.
    void markHandled(promise);
    throw error;
  };
  // Two turns of the queue later: V8 follows a promise to its caller once it is resolved with another one.
  resolve(SETTLED.then(ignore).then(reject));
}

/**
 * Replaces the stack of an error that the engine has created elsewhere by that of the caller; to be called
 * in the `catch` of an async function that the caller awaits.
 *
 * @param method - That function; the stack begins with its caller.
 */
function nameCaller(error: unknown, method: (...args: never) => unknown): void {
  if (!isWirechartError(error)) return;
  if (named.has(error) ? !isOfOneCall(error) : !CREATED_ELSEWHERE.has(error.code)) return;
  named.add(error);
  Error.captureStackTrace(error, method);
}

/** Whether only one call rejects with it: if that is one within a method, the caller of the method is to be named. */
const isOfOneCall = (error: WirechartError): boolean =>
  OF_ONE_CALL.has(error.code) ||
  (error.code === 'ERR_TIMEOUT' && memberOf(error, 'phase') === 'execute');
