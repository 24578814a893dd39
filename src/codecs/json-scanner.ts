/** Follows the structure of JSON byte by byte, just enough to find where a value ends. */

/** Why a scan stopped. */
export type Stop =
  /** All bytes were scanned; the value continues. */
  | 'more'
  /** The value is complete. */
  | 'closed'
  /** A byte 0xFF or 0x00, which no JSON text contains: the sender tells the receiver to start over. */
  | 'reset'
  /** A line end within a string, which JSON does not allow: a quote is probably missing. */
  | 'broken'
  /** More levels than `maxDepth`. Reported once; the scan can continue to the end of the value. */
  | 'deep';

const LF = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

// Where a byte is: outside of strings, in a string, after a backslash in a string. Each is the offset
// of a row in the table below.
const STRUCTURE = 0;
const TEXT = 256;
const ESCAPED = 512;

// What a byte does there: nothing, a move to one of these places, or something to count or report.
const NOTHING = 0;
const TO_STRUCTURE = 1;
const TO_TEXT = 2;
const TO_ESCAPED = 3;
const OPEN = 4;
const CLOSE = 5;
const BREAK = 6;
const RESET = 7;

const ACTIONS = /* @__PURE__ */ actionTable();

function actionTable(): Uint8Array {
  const actions = new Uint8Array(768).fill(TO_TEXT, ESCAPED);
  for (const place of [STRUCTURE, TEXT, ESCAPED]) {
    actions[place + 0x00] = RESET;
    actions[place + 0xff] = RESET;
  }
  for (const bracket of '{[') actions[STRUCTURE + bracket.charCodeAt(0)] = OPEN;
  for (const bracket of '}]') actions[STRUCTURE + bracket.charCodeAt(0)] = CLOSE;
  actions[STRUCTURE + QUOTE] = TO_TEXT;
  actions[TEXT + QUOTE] = TO_STRUCTURE;
  actions[TEXT + BACKSLASH] = TO_ESCAPED;
  actions[TEXT + LF] = BREAK;
  actions[ESCAPED + LF] = BREAK;
  return actions;
}

/** Whether a byte resets the stream. */
export function isReset(byte: number | undefined): boolean {
  return byte === 0x00 || byte === 0xff;
}

/**
 * Scans one object or array, in any number of pieces. It counts brackets of both kinds alike; whether
 * the text is JSON is left to `JSON.parse`.
 */
export class JsonScanner {
  readonly #maxDepth: number;
  #depth = 0;
  #tooDeep = false;
  #place = STRUCTURE;
  #at = 0;

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  /** The index after the last byte that was scanned. */
  get at(): number {
    return this.#at;
  }

  /** Must be called before the first byte of a value. */
  restart(): void {
    this.#depth = 0;
    this.#tooDeep = false;
    this.#place = STRUCTURE;
  }

  /** Scans `bytes` from `from` up to `to`, until there is a reason to stop. */
  scan(bytes: Uint8Array, from: number, to: number): Stop {
    let at = from;
    let place = this.#place;
    let stop: Stop | undefined;
    while (at < to && stop === undefined) {
      const action = ACTIONS[place + (bytes[at++] ?? 0)] ?? NOTHING;
      if (action === NOTHING) continue;
      if (action < OPEN) place = (action - TO_STRUCTURE) * TEXT;
      else stop = this.#take(action);
    }
    this.#at = at;
    this.#place = place;
    return stop ?? 'more';
  }

  #take(action: number): Stop | undefined {
    if (action === OPEN) return this.#open();
    if (action === CLOSE) return --this.#depth === 0 ? 'closed' : undefined;
    return action === RESET ? 'reset' : 'broken';
  }

  #open(): Stop | undefined {
    this.#depth++;
    if (this.#tooDeep || this.#depth <= this.#maxDepth) return undefined;
    this.#tooDeep = true;
    return 'deep';
  }
}
