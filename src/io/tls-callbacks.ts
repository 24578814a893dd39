/**
 * Guards the callbacks among the TLS options: what one throws fails the handshake in which it was called.
 * Some versions of Node would let it end the process, and what a peer sends may cause it (the name in SNI).
 */

import { handlerError } from '../core/errors.ts';
import { isError, isThenable, memberOf, show } from '../core/shape.ts';

/** A callback of the user's, of any type: plain JavaScript may pass anything. */
type Callback = (...args: unknown[]) => unknown;

const isFunction = (value: unknown): value is Callback => typeof value === 'function';

/** Returns a guarded callback. */
const GUARDS: Readonly<Record<string, (callback: Callback) => Callback>> = {
  /** Returns an error for everything that does not say that the certificate is right. */
  checkServerIdentity: (callback) =>
    function (this: unknown, ...args) {
      try {
        const verdict = Reflect.apply(callback, this, args);
        if (verdict === undefined || verdict === null) return undefined;
        if (isThenable(verdict)) verdict.then(undefined, ignore);
        const text = `checkServerIdentity must return undefined or an Error, not ${show(verdict)}`;
        return isError(verdict) ? verdict : handlerError('checkServerIdentity', new Error(text));
      } catch (thrown) {
        return handlerError('checkServerIdentity', thrown);
      }
    },

  SNICallback: (callback) =>
    function (this: unknown, name, done) {
      const fail = (thrown: unknown): void => {
        if (isFunction(done)) done(handlerError('SNICallback', thrown));
      };
      try {
        const answer = Reflect.apply(callback, this, [name, done]);
        if (isThenable(answer)) answer.then(undefined, fail);
      } catch (thrown) {
        fail(thrown);
      }
    },

  /** Accepts only a protocol that the client has offered. */
  ALPNCallback: (callback) =>
    function (this: unknown, offer) {
      const chosen = attempt(callback, this, [offer]);
      const offered = memberOf(offer, 'protocols');
      return Array.isArray(offered) && offered.includes(chosen) ? chosen : undefined;
    },

  pskCallback: (callback) =>
    function (this: unknown, ...args) {
      return attempt(callback, this, args) ?? null;
    },
};

/** Returns a copy of TLS options in which the callbacks are guarded. */
export const guardCallbacks = (options: object): object =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]: [string, unknown]) => [
      name,
      isFunction(value) && Object.hasOwn(GUARDS, name) ? (GUARDS[name]?.(value) ?? value) : value,
    ]),
  );

/** What a callback returns; `undefined`, which refuses the peer, when it throws. */
function attempt(callback: Callback, self: unknown, args: unknown[]): unknown {
  try {
    const answer = Reflect.apply(callback, self, args);
    if (isThenable(answer)) answer.then(undefined, ignore);
    return answer;
  } catch {
    return undefined;
  }
}

const ignore = () => undefined;
