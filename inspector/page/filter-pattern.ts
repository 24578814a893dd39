/**
 * Regular expressions whose time is bounded by the length of the text times that of the pattern.
 *
 * The engine of the browser backtracks: with a pattern such as `(a+)+$` a short text stops the page. This one
 * follows all alternatives at once. It knows what a search needs: characters, `.`, classes, `\d \w \s \b`,
 * groups, `|`, `* + ? {n,m}`, `^` and `$`. Case is ignored.
 */

/** What the pattern matches next, as a node of its tree. */
type Node =
  | { readonly kind: 'one'; readonly test: CharTest }
  | { readonly kind: 'assert'; readonly assert: Assertion }
  | { readonly kind: 'all' | 'any'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number };

type CharTest = (char: string) => boolean;
type Assertion = (text: string, at: number) => boolean;

/** A step of the compiled pattern. Those without a test are followed without taking a character. */
interface Step {
  readonly test?: CharTest;
  readonly assert?: Assertion;
  readonly next: number[];
}

/** Longer patterns, repetitions written out, are refused. */
const MAX_STEPS = 2_000;
const MAX_REPEAT = 200;
const MAX_DEPTH = 50;

/** A pattern that cannot be used. Its message is for the user. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/**
 * Compiles a pattern to a function that tells whether it matches somewhere in a text.
 *
 * @throws {PatternError} When it is not a pattern, or has what is not supported.
 */
export function compilePattern(pattern: string): (text: string) => boolean {
  const steps = new Steps();
  const end = steps.add(new Parser(pattern).parse(), 0);
  return (text) => matches(steps.all, end, text.toLowerCase());
}

/** Parses a pattern by recursive descent. */
class Parser {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = lowerCase(source);
  }

  parse(): Node {
    const node = this.#alternatives();
    if (this.#at < this.#source.length) throw new PatternError("There is a ')' without its '('");
    return node;
  }

  #alternatives(): Node {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new PatternError('It has too many nested groups');
    const nodes = [this.#sequence()];
    while (this.#takes('|')) nodes.push(this.#sequence());
    this.#depth -= 1;
    return { kind: 'any', nodes };
  }

  #sequence(): Node {
    const nodes: Node[] = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#peek())) {
      nodes.push(this.#repeated(this.#atom()));
    }
    return { kind: 'all', nodes };
  }

  #atom(): Node {
    const char = this.#take();
    if (char === '(') return this.#group();
    if (char === '[') return { kind: 'one', test: this.#class() };
    if (char === '.') return { kind: 'one', test: (other) => other !== '\n' };
    if (char === '^') return { kind: 'assert', assert: (_, at) => at === 0 };
    if (char === '$') return { kind: 'assert', assert: (text, at) => at === text.length };
    if (char === '\\') return this.#escape();
    if ('*+?'.includes(char)) throw new PatternError(`There is nothing before '${char}' to repeat`);
    return { kind: 'one', test: (other) => other === char };
  }

  #group(): Node {
    if (this.#takes('?') && !this.#takes(':')) {
      throw new PatternError("Groups that begin with '(?' are not supported, except for '(?:'");
    }
    const node = this.#alternatives();
    if (!this.#takes(')')) throw new PatternError("A ')' is missing");
    return node;
  }

  #repeated(node: Node): Node {
    const [min, max] = this.#quantifier();
    if (min === 1 && max === 1) return node;
    // Whether it takes as many or as few as it can makes no difference to whether it matches.
    this.#takes('?');
    if ('*+?'.includes(this.#peek() || ' ')) {
      throw new PatternError('A repetition cannot be repeated: put it into a group');
    }
    return { kind: 'repeat', node, min, max };
  }

  #quantifier(): readonly [min: number, max: number] {
    if (this.#takes('*')) return [0, Infinity];
    if (this.#takes('+')) return [1, Infinity];
    if (this.#takes('?')) return [0, 1];
    const match = /^\{(\d+)(,(\d*))?\}/.exec(this.#source.slice(this.#at, this.#at + 20));
    if (match === null) return [1, 1];
    const [whole, least = '', rest, most] = match;
    this.#at += whole.length;
    const min = Number(least);
    const max = rest === undefined ? min : most === '' ? Infinity : Number(most);
    if (max < min) throw new PatternError(`The numbers of '${whole}' are the wrong way round`);
    if (min > MAX_REPEAT || (max > MAX_REPEAT && max !== Infinity)) {
      throw new PatternError(`'${whole}' repeats more than ${String(MAX_REPEAT)} times`);
    }
    return [min, max];
  }

  #escape(): Node {
    const char = this.#take("A '\\' at the end has nothing to escape");
    if (char === 'b') return { kind: 'assert', assert: isWordBoundary };
    if (char === 'B') {
      return { kind: 'assert', assert: (text, at) => !isWordBoundary(text, at) };
    }
    return { kind: 'one', test: this.#escaped(char) };
  }

  #escaped(char: string): CharTest {
    const known = CLASSES[char] ?? SPACES[char];
    if (typeof known === 'function') return known;
    const literal = known ?? char;
    if (known === undefined && /[a-z0-9]/i.test(char)) {
      throw new PatternError(`'\\${char}' is not supported`);
    }
    return (other) => other === literal;
  }

  #class(): CharTest {
    const isNegated = this.#takes('^');
    const tests: CharTest[] = [];
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) {
      tests.push(this.#classPart());
    }
    this.#at += 1;
    return (char) => tests.some((test) => test(char)) !== isNegated;
  }

  #classPart(): CharTest {
    const missing = "A ']' is missing";
    const from = this.#take(missing);
    if (from === '\\') return this.#escaped(this.#take(missing));
    const isRange = this.#peek() === '-' && !['', ']'].includes(this.#source[this.#at + 1] ?? '');
    if (!isRange) return (char) => char === from;
    this.#at += 1;
    const to = this.#take(missing);
    if (to < from) throw new PatternError(`The range '${from}-${to}' is the wrong way round`);
    return (char) => from <= char && char <= to;
  }

  #peek(): string {
    return this.#source[this.#at] ?? '';
  }

  #take(missing = 'It ends too early'): string {
    const char = this.#peek();
    if (char === '') throw new PatternError(missing);
    this.#at += 1;
    return char;
  }

  #takes(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at += 1;
    return true;
  }
}

/** A pattern in lower case, except for what an escape means. */
const lowerCase = (pattern: string): string =>
  pattern.replace(/\\[^]|[^\\]+/g, (part) => (part.startsWith('\\') ? part : part.toLowerCase()));

const isDigit: CharTest = (char) => char >= '0' && char <= '9';
const isWord: CharTest = (char) => /^\w$/.test(char);
const isSpace: CharTest = (char) => /^\s$/.test(char);
const not =
  (test: CharTest): CharTest =>
  (char) =>
    !test(char);
const CLASSES: Readonly<Record<string, CharTest>> = {
  ...{ d: isDigit, D: not(isDigit), w: isWord, W: not(isWord), s: isSpace, S: not(isSpace) },
};
const SPACES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

const isWordBoundary: Assertion = (text, at) =>
  isWord(text[at - 1] ?? ' ') !== isWord(text[at] ?? ' ');

/** The steps of a pattern, while it is compiled. */
class Steps {
  readonly all: Step[] = [{ next: [] }];

  /** Adds the steps of a node after those in `from`. Returns the step that follows the node. */
  add(node: Node, from: number): number {
    switch (node.kind) {
      case 'one':
        return this.#enter({ next: [] }, [this.#enter({ test: node.test, next: [] }, [from])]);
      case 'assert':
        return this.#enter({ assert: node.assert, next: [] }, [from]);
      case 'all':
        return node.nodes.reduce((at, one) => this.add(one, at), from);
      case 'any': {
        const start = this.#enter({ next: [] }, [from]);
        const ends = node.nodes.map((one) => this.add(one, start));
        return this.#enter({ next: [] }, ends);
      }
      case 'repeat':
        return this.#addRepeated(node, from);
    }
  }

  #addRepeated({ node, min, max }: Extract<Node, { kind: 'repeat' }>, from: number): number {
    let at = this.#enter({ next: [] }, [from]);
    for (let count = 0; count < min; count += 1) at = this.add(node, at);
    if (max === Infinity) {
      const loop = this.#enter({ next: [] }, [at]);
      this.all[this.add(node, loop)]?.next.push(loop);
      return this.#enter({ next: [] }, [loop]);
    }
    const ends = [at];
    for (let count = min; count < max; count += 1) {
      at = this.add(node, at);
      ends.push(at);
    }
    return this.#enter({ next: [] }, ends);
  }

  #enter(step: Step, from: readonly number[]): number {
    if (this.all.length >= MAX_STEPS) throw new PatternError('It is too long');
    const index = this.all.push(step) - 1;
    for (const one of from) this.all[one]?.next.push(index);
    return index;
  }
}

/** Whether a match begins anywhere: all positions of the pattern are followed at once. */
function matches(steps: readonly Step[], end: number, text: string): boolean {
  let current = new Set<number>();
  for (let at = 0; at <= text.length; at += 1) {
    follow(steps, 0, text, at, current);
    if (current.has(end)) return true;
    const char = text[at];
    if (char === undefined) break;
    const following = new Set<number>();
    for (const index of current) {
      const step = steps[index];
      if (step?.test?.(char) !== true) continue;
      for (const next of step.next) follow(steps, next, text, at + 1, following);
    }
    current = following;
  }
  return false;
}

/** Adds the steps that are reached without taking a character. */
function follow(
  steps: readonly Step[],
  from: number,
  text: string,
  at: number,
  into: Set<number>,
): void {
  const stack = [from];
  for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
    if (into.has(index)) continue;
    const step = steps[index];
    if (step === undefined || step.assert?.(text, at) === false) continue;
    into.add(index);
    if (step.test === undefined) stack.push(...step.next);
  }
}
