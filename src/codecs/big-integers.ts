/** Reads and writes JSON without rounding integers above 2^53: QMP has 64-bit integers. */

/** The shortest integer that is not safe as a number has this many digits. */
const MIN_BIG_DIGITS = 16;

/** Whether `text` contains enough consecutive digits for an integer that is not safe as a number. */
export function mayHoldBigInteger(text: string): boolean {
  // So many consecutive digits include at least one of the characters that are checked.
  for (let at = MIN_BIG_DIGITS - 1; at < text.length; at += MIN_BIG_DIGITS) {
    if (isDigit(text, at) && digitsAround(text, at) >= MIN_BIG_DIGITS) return true;
  }
  return false;
}

function digitsAround(text: string, at: number): number {
  let from = at;
  while (isDigit(text, from - 1)) from--;
  let to = at + 1;
  while (to - from < MIN_BIG_DIGITS && isDigit(text, to)) to++;
  return to - from;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

/**
 * Parses a JSON text like `JSON.parse`, but every unsafe integer becomes a bigint.
 *
 * @throws {SyntaxError} When the text is not JSON.
 * @throws {RangeError} When it is nested too deeply for the stack.
 */
export function parseLossless(text: string): unknown {
  // Checks the text, so that the reader below need not.
  JSON.parse(text);
  return new LosslessReader(text).value();
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const COMMA = 0x2c;

/** Parses a text that is known to be JSON. */
class LosslessReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): unknown {
    const first = this.#peek();
    if (first === OPEN_OBJECT) return this.#object();
    if (first === OPEN_ARRAY) return this.#array();
    return first === QUOTE ? this.#string() : this.#scalar();
  }

  /** Returns the next character that is not white space. */
  #peek(): number {
    let code = this.#text.charCodeAt(this.#at);
    while (code <= SPACE) code = this.#text.charCodeAt(++this.#at);
    return code;
  }

  #object(): object {
    const object: Record<string, unknown> = {};
    this.#at++;
    while (this.#more(CLOSE_OBJECT)) {
      const name = this.#string();
      this.#peek();
      this.#at++;
      const value = this.value();
      if (name === '__proto__') define(object, name, value);
      else object[name] = value;
    }
    return object;
  }

  #array(): unknown[] {
    const array: unknown[] = [];
    this.#at++;
    while (this.#more(CLOSE_ARRAY)) array.push(this.value());
    return array;
  }

  /** Moves to the next element and returns true, or past the end and returns false. */
  #more(close: number): boolean {
    let next = this.#peek();
    if (next === COMMA) {
      this.#at++;
      next = this.#peek();
    }
    if (next === close) this.#at++;
    return next !== close;
  }

  #string(): string {
    const from = this.#at;
    let end = this.#text.indexOf('"', from + 1);
    while (this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1);
    this.#at = end + 1;
    return String(JSON.parse(this.#text.slice(from, this.#at)));
  }

  #isEscaped(at: number): boolean {
    let before = at;
    while (this.#text.charCodeAt(before - 1) === BACKSLASH) before--;
    return (at - before) % 2 === 1;
  }

  #scalar(): unknown {
    const from = this.#at;
    while (isPartOfScalar(this.#text.charCodeAt(this.#at))) this.#at++;
    const literal = this.#text.slice(from, this.#at);
    const value: unknown = JSON.parse(literal);
    const exact = typeof value !== 'number' || Number.isSafeInteger(value) || /[.eE]/.test(literal);
    return exact ? value : BigInt(literal);
  }
}

/** Whether a character belongs to a number or a word. `NaN`, past the end of the text, does not. */
function isPartOfScalar(code: number): boolean {
  return code > SPACE && code !== COMMA && code !== CLOSE_ARRAY && code !== CLOSE_OBJECT;
}

/** Adds a property as `JSON.parse` does; assigning to `__proto__` would set the prototype instead. */
function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/**
 * Returns the JSON text of a value like `JSON.stringify`, but with bigints as integers.
 *
 * A bigint is first written as a string, its digits followed by the mark `\u0001n`; then the quotes and
 * the mark are removed from the text. A string that looks like this gets one more `n`, which is removed
 * again. Member names are never changed: a colon follows them.
 *
 * @throws {TypeError} When the value has a cycle.
 * @throws {RangeError} When it is nested too deeply for the stack.
 */
export function stringifyBigInts(value: unknown, indent = 0): string | undefined {
  const mark = (_name: string, member: unknown): unknown => {
    if (typeof member === 'bigint') return `${String(member)}\u0001n`;
    return typeof member === 'string' && /^-?\d+\u0001n+$/.test(member) ? `${member}n` : member;
  };
  const text = toText(value, mark, indent);
  // This finds whole strings only, because a quote within a string follows a backslash.
  return text?.replace(
    /(?<!\\)"(-?\d+)\\u0001n(n*)"(?!:)/g,
    (_string, digits: string, more: string) => (more === '' ? digits : `"${digits}\\u0001${more}"`),
  );
}

/** `JSON.stringify` with its true type: some values have no text. */
export function toText(
  value: unknown,
  replacer?: (name: string, member: unknown) => unknown,
  indent?: number,
): string | undefined {
  return JSON.stringify(value, replacer, indent);
}
