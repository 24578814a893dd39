/** What a scripted server answers, and the faults that it can be told to show. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import type { QmpCommand } from '../qmp/types.ts';

/** An error reply, to be returned or thrown by a scripted command. */
export class CommandFailure extends Error {
  /** The wire's `class`. */
  readonly errorClass: string;

  /**
   * @param description - The wire's `desc`.
   * @param errorClass - The wire's `class`. Default `GenericError`.
   */
  constructor(description: string, errorClass = 'GenericError') {
    super(description);
    this.name = 'CommandFailure';
    this.errorClass = errorClass;
  }
}

/** Something that a good server does not do, in place of an answer. Made by `faults`. */
export class Fault {
  /** What happens: nothing, raw bytes, the end of the stream, or its destruction. */
  readonly kind: 'silence' | 'raw' | 'end' | 'drop';
  /** What is sent first, as it is. */
  readonly bytes: Uint8Array;

  /** @internal */
  constructor(kind: Fault['kind'], bytes: string | Uint8Array = '') {
    this.kind = kind;
    this.bytes = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
  }
}

/** The faults, to be given where an answer is due. */
export const faults = {
  /** No answer at all. */
  silence: (): Fault => new Fault('silence'),
  /** These bytes and nothing else: garbage, half a message, two replies, an event in between. */
  raw: (bytes: string | Uint8Array): Fault => new Fault('raw', bytes),
  /** These bytes, if any, and then the end of the stream. */
  end: (bytes?: string | Uint8Array): Fault => new Fault('end', bytes),
  /** The stream is destroyed at once. */
  drop: (): Fault => new Fault('drop'),
};

/** What a command is answered with: its return value, an error, or a fault. */
export type Answer = JsonValue | CommandFailure | Fault;

/** One command as the server received it. */
export interface Call {
  readonly command: QmpCommand;
  readonly arguments: JsonObject;
}

/** A scripted command: what it answers, always the same or computed; thrown errors are error replies. */
export type Script = Answer | ((call: Call) => Answer | Promise<Answer>);
