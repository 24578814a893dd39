/** A list of ascending numbers, of entries, that is fast with a million of them: both to change and to index. */

/** A chunk is split when it has more. */
const MAX_CHUNK = 1024;

/** Numbers of entries, ascending, each at most once. */
export class SeqList {
  /** None of them is empty. */
  #chunks: number[][] = [];
  /** For each chunk the number of numbers before it; built when it is needed. */
  #starts: number[] | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#chunks = [];
    this.#starts = undefined;
    this.#length = 0;
  }

  /** Adds a number, at its place. Does nothing when it is there. */
  add(seq: number): void {
    const at = Math.max(0, this.#chunkBefore(seq));
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([seq]);
    } else {
      const place = placeIn(chunk, seq);
      if (chunk[place - 1] === seq) return;
      if (place === chunk.length) chunk.push(seq);
      else chunk.splice(place, 0, seq);
      if (chunk.length > MAX_CHUNK) this.#split(at, chunk);
    }
    this.#length += 1;
    this.#starts = undefined;
  }

  /** Removes a number. Returns whether it was there. */
  remove(seq: number): boolean {
    const at = this.#chunkBefore(seq);
    const chunk = this.#chunks[at];
    const place = chunk === undefined ? 0 : placeIn(chunk, seq);
    if (chunk?.[place - 1] !== seq) return false;
    chunk.splice(place - 1, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    this.#length -= 1;
    this.#starts = undefined;
    return true;
  }

  /** The number at an index. */
  at(index: number): number | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    const starts = this.#startsOfChunks();
    const chunk = placeIn(starts, index) - 1;
    return this.#chunks[chunk]?.[index - (starts[chunk] ?? 0)];
  }

  /** How many numbers are at most this one. So it is the index of the first greater one. */
  countUpTo(seq: number): number {
    const at = this.#chunkBefore(seq);
    const chunk = this.#chunks[at];
    return chunk === undefined ? 0 : (this.#startsOfChunks()[at] ?? 0) + placeIn(chunk, seq);
  }

  has(seq: number): boolean {
    const chunk = this.#chunks[this.#chunkBefore(seq)];
    return chunk?.[placeIn(chunk, seq) - 1] === seq;
  }

  /** The last chunk that begins with at most this number; -1 when there is none. */
  #chunkBefore(seq: number): number {
    let [low, high] = [0, this.#chunks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#chunks[middle]?.[0] ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Cuts a chunk that has become too long in two. */
  #split(at: number, chunk: number[]): void {
    const rest = chunk.splice(MAX_CHUNK / 2);
    this.#chunks.splice(at + 1, 0, rest);
  }

  #startsOfChunks(): readonly number[] {
    if (this.#starts !== undefined) return this.#starts;
    let start = 0;
    this.#starts = this.#chunks.map(({ length }) => {
      start += length;
      return start - length;
    });
    return this.#starts;
  }
}

/** How many of the ascending numbers are at most this one. */
function placeIn(numbers: readonly number[], number: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) <= number) low = middle + 1;
    else high = middle;
  }
  return low;
}
