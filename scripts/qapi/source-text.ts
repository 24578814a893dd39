/**
 * Reads the text of a QAPI schema file: JSON with single quotes and with comments, in which a comment
 * between two `##` lines documents the definition after it.
 */

/** A value of a schema file. */
export type SourceValue = string | boolean | readonly SourceValue[] | SourceObject;

/** An object of a schema file. */
export interface SourceObject {
  readonly [member: string]: SourceValue;
}

/** One definition or directive, and the lines of the comment before it. */
export interface Expression {
  readonly value: SourceObject;
  readonly comment: readonly string[];
}

/** Skips blanks and comments; a documentation comment is a token of its own. */
const TOKENS = /##\n(?:#.*\n)*?##(?=\n|$)|#.*|'(?:[^'\\]|\\.)*'|[[\]{}:,]|true|false|\s+|./g;

/**
 * Returns the top-level expressions of a file, in order.
 *
 * @throws {SyntaxError} When the text is not a schema file.
 */
export function parseSource(text: string): Expression[] {
  const reader = new Reader(text);
  const expressions: Expression[] = [];
  while (!reader.isAtEnd) {
    const value = reader.value();
    if (!isObject(value)) throw new SyntaxError('A schema file consists of objects.');
    expressions.push({ value, comment: reader.takeComment() });
  }
  return expressions;
}

export const isObject = (value: SourceValue | undefined): value is SourceObject =>
  typeof value === 'object' && !Array.isArray(value);

class Reader {
  readonly #tokens: string[];
  #at = 0;
  #comment: readonly string[] = [];

  constructor(text: string) {
    this.#tokens = (text.match(TOKENS) ?? []).filter((token) => token.trim() !== '');
    this.#skipComments();
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** The documentation before the expression that was read last. */
  takeComment(): readonly string[] {
    const comment = this.#comment;
    this.#comment = [];
    this.#skipComments();
    return comment;
  }

  value(): SourceValue {
    const token = this.#take();
    if (token === '{') return this.#object();
    if (token === '[') return this.#array();
    if (token === 'true' || token === 'false') return token === 'true';
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll(/\\(.)/g, '$1');
    throw new SyntaxError(`Unexpected ${JSON.stringify(token)} in a schema file.`);
  }

  #object(): SourceObject {
    const members: Record<string, SourceValue> = {};
    this.#list('}', () => {
      const name = this.#take().slice(1, -1);
      this.#expect(':');
      members[name] = this.value();
    });
    return members;
  }

  #array(): SourceValue[] {
    const items: SourceValue[] = [];
    this.#list(']', () => items.push(this.value()));
    return items;
  }

  #list(end: string, readItem: () => void): void {
    if (this.#peek() !== end) {
      readItem();
      while (this.#peek() === ',') {
        this.#take();
        readItem();
      }
    }
    this.#expect(end);
  }

  #peek(): string | undefined {
    let token = this.#tokens[this.#at];
    while (token?.startsWith('#') === true) {
      this.#at += 1;
      token = this.#tokens[this.#at];
    }
    return token;
  }

  #take(): string {
    const token = this.#peek();
    if (token === undefined) throw new SyntaxError('A schema file ends within an expression.');
    this.#at += 1;
    return token;
  }

  #expect(expected: string): void {
    const token = this.#take();
    if (token === expected) return;
    throw new SyntaxError(`Expected "${expected}" in a schema file, not ${JSON.stringify(token)}.`);
  }

  /** Between expressions. The last documentation comment before the next one belongs to it. */
  #skipComments(): void {
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token?.startsWith('#') !== true) return;
      if (token.startsWith('##\n')) this.#comment = token.split('\n').slice(1, -1);
      this.#at += 1;
    }
  }
}
