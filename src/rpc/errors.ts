/** The error of a JSON-RPC request. */

import { WirechartError } from '../core/errors.ts';
import { cutText, printable } from '../core/printable.ts';
import { RPC_CODES, type RpcErrorObject } from './messages.ts';

/** The codes that say that the same request would fail again. */
const FINAL_CODES: readonly number[] = [
  RPC_CODES.invalidRequest,
  RPC_CODES.methodNotFound,
  RPC_CODES.invalidParams,
];

/**
 * A request has failed, as its receiver says. `request()` rejects with it. Throw one in a handler to reply with
 * an error of your own: `throw new JsonRpcError({ code: -32001, message: 'No such file', data: { path } })`.
 */
export class JsonRpcError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'JsonRpcError';

  readonly code = 'ERR_RPC';
  /** The number that says which error it is; those from -32768 to -32000 are the specification's. */
  readonly errorCode: number;
  /** What the receiver has added; not printed. */
  declare readonly data: unknown;
  /** Whether the same request may succeed later: not after an invalid one, or for an unknown method. */
  override readonly retryable: boolean;

  /**
   * @param error - The error object of the specification.
   * @param method - The method that was called, for the message.
   */
  constructor({ code, message, data }: RpcErrorObject, method?: string) {
    const text = printable(cutText(message));
    super(method === undefined ? text : `${method}: ${text}`);
    this.errorCode = code;
    this.retryable = !FINAL_CODES.includes(code);
    Object.defineProperty(this, 'data', { value: data, enumerable: false });
  }
}
