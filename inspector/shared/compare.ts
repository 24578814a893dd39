/**
 * Aligns two sequences, so that what is equal stands side by side (the algorithm of Myers).
 *
 * The effort is bounded: where the sequences differ too much, the best alignment so far is taken and the
 * search begins anew after it. The result is always an alignment, but then not always the shortest.
 */

/** A part of an alignment: so many items that are the same, or that only one side has. */
export interface Part {
  readonly kind: 'same' | 'left' | 'right';
  /** The index of its first item on each side. */
  readonly left: number;
  readonly right: number;
  readonly count: number;
}

/** The most differences that are searched for at once. */
const MAX_DIFFERENCES = 800;
/** How much is done between two steps of the generator. */
const SLICE = 20_000;

/**
 * Aligns two sequences of keys. It is a generator, so that a page can divide the work into slices: each
 * step yields how much is done, from 0 to 1.
 */
export function* alignment(
  left: readonly string[],
  right: readonly string[],
): Generator<number, readonly Part[]> {
  const [one, other] = numbered(left, right);
  const parts = new Parts();
  let [x, y] = [0, 0];
  while (x < one.length || y < other.length) {
    const leg = new Leg(one, other, x, y);
    while (!leg.advance(SLICE)) yield (x + y) / (one.length + other.length);
    for (const move of leg.moves()) parts.add(move);
    [x, y] = leg.end;
    yield (x + y) / (one.length + other.length);
  }
  return parts.all;
}

/** The whole alignment at once. */
export function aligned(left: readonly string[], right: readonly string[]): readonly Part[] {
  const steps = alignment(left, right);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same number for the same key: numbers are compared faster. */
function numbered(
  left: readonly string[],
  right: readonly string[],
): readonly [Int32Array, Int32Array] {
  const numbers = new Map<string, number>();
  const numberOf = (key: string): number => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  };
  return [Int32Array.from(left, numberOf), Int32Array.from(right, numberOf)];
}

/** Where nothing has come to. */
const NOWHERE = -1;

/** A search from one point, for at most `MAX_DIFFERENCES` differences. */
class Leg {
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #x: number;
  readonly #y: number;
  /** The furthest x on each diagonal, after each number of differences. */
  readonly #trace: Int32Array[] = [];
  #reached: number | undefined;

  constructor(left: Int32Array, right: Int32Array, x: number, y: number) {
    this.#left = left;
    this.#right = right;
    this.#x = x;
    this.#y = y;
  }

  /** Goes on for a while. Returns whether it has come to its end. */
  advance(effort: number): boolean {
    let left = effort;
    while (left > 0 && !this.#isOver) {
      left -= this.#round();
    }
    return this.#isOver;
  }

  get #isOver(): boolean {
    return this.#reached !== undefined;
  }

  /** Where it has come to. */
  get end(): readonly [x: number, y: number] {
    const x = this.#at(this.#trace.length - 1, this.#reached ?? 0);
    return [x, this.#yOf(x, this.#reached ?? 0)];
  }

  /** The way to its end. */
  moves(): Part[] {
    const moves: Part[] = [];
    let k = this.#reached ?? 0;
    let [x, y] = this.end;
    for (let d = this.#trace.length - 1; d >= 0; d -= 1) {
      const isDown = d > 0 && this.#isDown(d, k);
      const before = d === 0 ? 0 : isDown ? k + 1 : k - 1;
      const startX = d === 0 ? this.#x : this.#at(d - 1, before) + (isDown ? 0 : 1);
      const startY = d === 0 ? this.#y : this.#yOf(startX, k);
      moves.push({ kind: 'same', left: startX, right: startY, count: x - startX });
      if (d === 0) break;
      [x, y] = isDown ? [startX, startY - 1] : [startX - 1, startY];
      moves.push({ kind: isDown ? 'right' : 'left', left: x, right: y, count: 1 });
      k = before;
    }
    return moves.reverse();
  }

  /** One more difference. Returns the effort. */
  #round(): number {
    const d = this.#trace.length;
    const row = new Int32Array(2 * d + 1).fill(NOWHERE);
    this.#trace.push(row);
    // Of too many differences, the best that has come out so far is taken.
    if (d > MAX_DIFFERENCES) {
      this.#trace.pop();
      this.#reached = this.#furthest();
      return 1;
    }
    let effort = d + 1;
    for (let k = -d; k <= d; k += 2) {
      const from = d === 0 ? this.#x : this.#start(d, k);
      if (from === NOWHERE) continue;
      let [x, y] = [from, this.#yOf(from, k)];
      while (x < this.#left.length && y < this.#right.length && this.#left[x] === this.#right[y]) {
        x += 1;
        y += 1;
      }
      effort += x - from;
      row[k + d] = x;
      if (x === this.#left.length && y === this.#right.length) this.#reached = k;
    }
    return effort;
  }

  /** Where a diagonal is entered: by leaving out an item of the right side, or of the left. */
  #start(d: number, k: number): number {
    return this.#isDown(d, k) ? this.#at(d - 1, k + 1) : this.#across(d, k);
  }

  #isDown(d: number, k: number): boolean {
    const x = this.#at(d - 1, k + 1);
    const isPossible = x !== NOWHERE && this.#yOf(x, k) <= this.#right.length;
    return isPossible && x >= this.#across(d, k);
  }

  #across(d: number, k: number): number {
    const x = this.#at(d - 1, k - 1);
    return x === NOWHERE || x >= this.#left.length ? NOWHERE : x + 1;
  }

  #at(d: number, k: number): number {
    return this.#trace[d]?.[k + d] ?? NOWHERE;
  }

  #yOf(x: number, k: number): number {
    return this.#y + x - this.#x - k;
  }

  /** The diagonal on which the most was passed. */
  #furthest(): number {
    const d = this.#trace.length - 1;
    let [best, most] = [0, NOWHERE];
    for (let k = -d; k <= d; k += 2) {
      const x = this.#at(d, k);
      if (x === NOWHERE) continue;
      const passed = x + this.#yOf(x, k);
      if (passed > most) [best, most] = [k, passed];
    }
    return best;
  }
}

/** Joins parts of the same kind. */
class Parts {
  readonly all: Part[] = [];

  add(part: Part): void {
    if (part.count === 0) return;
    const last = this.all.at(-1);
    const isNext = last?.kind === part.kind;
    if (isNext) this.all[this.all.length - 1] = { ...last, count: last.count + part.count };
    else this.all.push(part);
  }
}
