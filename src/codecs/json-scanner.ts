/**
 * Follows the structure of JSON byte by byte, to find where a value ends. On the way it finds bytes that
 * cannot occur where they are, as far as one look at a table for each byte can tell.
 */

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
  /** A byte that cannot occur there: the value is not JSON. */
  | 'invalid'
  /** More levels than `maxDepth`. Reported once; the scan can continue to the end of the value. */
  | 'deep';

const LF = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

// Where a byte is: outside of strings, in a string, after a backslash in a string, or in a word. Each is
// the offset of a row in the table below.
const ROW = 256;
const STRUCTURE = 0;
const TEXT = ROW;
const ESCAPED = 2 * ROW;
/** The row after the first letter of the first word; one row follows for each further letter but the last. */
const IN_WORDS = 3 * ROW;
const WORDS = ['true', 'false', 'null'];
const PLACES = 13;

// What a byte does there: nothing, a move to one of these places (its number plus 1), or something to
// count or report.
const NOTHING = 0;
const OPEN = PLACES + 1;
const CLOSE = PLACES + 2;
const BREAK = PLACES + 3;
const RESET = PLACES + 4;
const INVALID = PLACES + 5;

function moveTo(place: number): number {
  return place / ROW + 1;
}

/** The table for values that are dropped: it only finds the end. */
const LENIENT = /* @__PURE__ */ lenientTable();
const STRICT = /* @__PURE__ */ strictTable();

function lenientTable(): Uint8Array {
  const actions = new Uint8Array(PLACES * ROW);
  actions.fill(moveTo(TEXT), ESCAPED, ESCAPED + ROW);
  for (const bracket of '{[') actions[STRUCTURE + bracket.charCodeAt(0)] = OPEN;
  for (const bracket of '}]') actions[STRUCTURE + bracket.charCodeAt(0)] = CLOSE;
  actions[STRUCTURE + QUOTE] = moveTo(TEXT);
  actions[TEXT + QUOTE] = moveTo(STRUCTURE);
  actions[TEXT + BACKSLASH] = moveTo(ESCAPED);
  return withReports(actions);
}

function strictTable(): Uint8Array {
  const actions = Uint8Array.from(lenientTable(), (action, at) =>
    // In a string, only control characters are invalid.
    at >= TEXT && at < ESCAPED ? (at < TEXT + 0x20 ? INVALID : action) : action || INVALID,
  );
  actions.fill(INVALID, ESCAPED);
  for (const byte of bytesIn(' \t\r\n:,-+.eE0123456789')) actions[STRUCTURE + byte] = NOTHING;
  for (const byte of bytesIn('"\\/bfnrtu')) actions[ESCAPED + byte] = moveTo(TEXT);
  let row = IN_WORDS;
  for (const word of WORDS) {
    const [first = 0, ...letters] = bytesIn(word);
    actions[STRUCTURE + first] = moveTo(row);
    for (const [at, letter] of letters.entries()) {
      const isLast = at === letters.length - 1;
      actions[row + letter] = moveTo(isLast ? STRUCTURE : row + ROW);
      row += ROW;
    }
  }
  return withReports(actions);
}

/** Adds what is reported at every place. */
function withReports(actions: Uint8Array): Uint8Array {
  for (let place = 0; place < actions.length; place += ROW) {
    actions[place + 0x00] = RESET;
    actions[place + 0xff] = RESET;
  }
  actions[TEXT + LF] = BREAK;
  actions[ESCAPED + LF] = BREAK;
  return actions;
}

function bytesIn(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Whether a byte resets the stream. */
export function isReset(byte: number | undefined): boolean {
  return byte === 0x00 || byte === 0xff;
}

/**
 * Scans one object or array, in any number of pieces. It counts brackets of both kinds alike; whether
 * the whole text is JSON is left to `JSON.parse`.
 */
export class JsonScanner {
  readonly #maxDepth: number;
  #depth = 0;
  #actions = STRICT;
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
    this.#actions = STRICT;
    this.#place = STRUCTURE;
  }

  /** Scans `bytes` from `from` up to `to`, until there is a reason to stop. */
  scan(bytes: Uint8Array, from: number, to: number): Stop {
    const actions = this.#actions;
    let at = from;
    let place = this.#place;
    let stop: Stop | undefined;
    while (at < to && stop === undefined) {
      const action = actions[place + (bytes[at++] ?? 0)] ?? NOTHING;
      if (action === NOTHING) continue;
      if (action < OPEN) place = (action - 1) * ROW;
      else stop = this.#take(action);
    }
    this.#at = at;
    this.#place = place;
    return stop ?? 'more';
  }

  #take(action: number): Stop | undefined {
    if (action === OPEN) return this.#open();
    if (action === CLOSE) return --this.#depth === 0 ? 'closed' : undefined;
    if (action === INVALID) return 'invalid';
    return action === RESET ? 'reset' : 'broken';
  }

  #open(): Stop | undefined {
    this.#depth++;
    if (this.#actions === LENIENT || this.#depth <= this.#maxDepth) return undefined;
    this.#actions = LENIENT;
    return 'deep';
  }
}
