/** The root of the library's errors. */

import { shownMessage } from './printable.ts';
import { printed } from './printed-error.ts';
import { BRAND, judge } from './retryable.ts';
import { memberOf } from './shape.ts';

/** An error that says whether trying again may help. */
export interface JudgedError extends Error {
  /**
   * Whether the same call, attempt or session may succeed later: `true`, unless the error is known to be
   * final. Final are, among others, a bad argument, a callback that threw, a wrong greeting, a refused
   * certificate, a missing program. The `cause` is looked at, too. A class of your own may set it.
   */
  readonly retryable: boolean;
}

/** Has the verdict on its prototype, where a field or an accessor of a subclass can replace it. */
class ErrorWithVerdict extends Error {
  get retryable(): boolean {
    return judge(this);
  }

  set retryable(value: boolean) {
    Object.defineProperty(this, 'retryable', { value, writable: true, configurable: true });
  }
}

/** As a property, because the compiler lets no field replace an accessor. */
const Judged: new (message?: string, options?: ErrorOptions) => JudgedError = ErrorWithVerdict;

/** The method that Node's `util.inspect()` and `console.log()` call. */
const INSPECT = /* @__PURE__ */ Symbol.for('nodejs.util.inspect.custom');
const INSPECTED = {
  value(this: WirechartError, depth: unknown, options: object, inspect: unknown): unknown {
    return printed(this, depth, options, inspect);
  },
};

/**
 * The root of all errors of this library; never thrown itself. Derive the errors of your protocol from
 * it, with a `code` of your own: a callback that throws one ends the session with it, unwrapped.
 *
 * @example
 * class PgError extends WirechartError {
 *   readonly code = 'ERR_PG';
 * }
 */
export abstract class WirechartError extends Judged {
  /** @internal */
  static override readonly name: string = 'WirechartError';

  /** Which error this is: an `ErrorCode`, or the code of a class of your own. */
  abstract readonly code: string;

  /**
   * @param message - What has happened. It is made safe to print, as it may quote a peer: control characters
   *   but line feeds are escaped, and it is cut at 8192 characters. Keep the exact text in a member.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(shownMessage(message), options);
    Object.defineProperty(this, BRAND, { value: true });
    // No method with a computed name: bundlers would keep the class where nothing uses it.
    Object.defineProperty(this, INSPECT, INSPECTED);
  }

  /**
   * The name of the class; on the prototype, so that `stack` begins with it. A subclass may set another
   * one in its constructor or as a field, which is why the declarations do not show this accessor.
   *
   * @internal
   */
  override get name(): string {
    return this.constructor.name;
  }

  /** @internal */
  override set name(value: string) {
    Object.defineProperty(this, 'name', { value, writable: true, configurable: true });
  }
}

/**
 * Whether a value is an error of this library. Unlike `instanceof`, this also recognizes errors of a
 * second copy of the package in the same program, and of another realm (Jest, `node:vm`).
 */
export const isWirechartError = (value: unknown): value is WirechartError =>
  memberOf(value, BRAND) === true;
