/** What RESP values are in JavaScript, where that is not a value of the language itself. */

/** The text after `+`, such as `OK`. Only a server needs it: a client gets the text as a string. */
export class Status {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An error reply. A value, and no `Error`: one in an array, such as that of `EXEC`, is a part of the reply. */
export class RespError {
  /** The first word: `WRONGTYPE`, `ERR`. */
  readonly code: string;
  /** All of it: `WRONGTYPE Operation against a key holding the wrong kind of value`. */
  readonly text: string;

  constructor(text: string) {
    this.code = text.split(' ', 1)[0] ?? '';
    this.text = text;
  }
}

/** What a server sends without having been asked: `message`, `invalidate`. */
export class Push {
  /** The first value: `message`. */
  readonly kind: string;
  /** The others. */
  readonly values: readonly Reply[];

  constructor(kind: string, values: readonly Reply[]) {
    this.kind = kind;
    this.values = values;
  }
}

/**
 * A reply. Numbers that JavaScript cannot represent exactly are `bigint`s; `null` stands for the three nulls of
 * RESP, and a verbatim text is its text.
 */
export type Reply =
  | string
  | number
  | bigint
  | boolean
  | null
  | Status
  | RespError
  | Push
  | readonly Reply[]
  | ReadonlyMap<Reply, Reply>
  | ReadonlySet<Reply>;

/** A command and its arguments. */
export type Command = readonly (string | number | Uint8Array)[];
