/** A JSON value on one line, in a time that depends on the length of the line and not on the value. */

import type { Json } from '../shared/view.ts';
import { oneLine } from './format.ts';
import { isList } from './json-path.ts';

/** A deeper value is shown as `…`. */
const MAX_DEPTH = 4;

/** The beginning of a value as JSON, of about `most` characters. */
export function preview(value: Json, most = 120): string {
  const writer = new Writer(most);
  writer.write(value, 0);
  return oneLine(writer.text, most);
}

class Writer {
  text = '';
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get isFull(): boolean {
    return this.text.length > this.#most;
  }

  write(value: Json, depth: number): void {
    if (typeof value === 'string') this.text += JSON.stringify(value.slice(0, this.#most + 1));
    else if (typeof value !== 'object' || value === null) this.text += JSON.stringify(value);
    else if (depth >= MAX_DEPTH) this.text += isList(value) ? '[…]' : '{…}';
    else if (isList(value)) this.#writeItems(value, depth);
    else this.#writeProperties(value, depth);
  }

  #writeItems(items: readonly Json[], depth: number): void {
    this.text += '[';
    for (const [at, item] of items.entries()) {
      if (this.isFull) return;
      if (at > 0) this.text += ',';
      this.write(item, depth + 1);
    }
    this.text += ']';
  }

  #writeProperties(value: Readonly<Record<string, Json>>, depth: number): void {
    this.text += '{';
    let isFirst = true;
    for (const key in value) {
      if (this.isFull) return;
      const inner = value[key];
      if (inner === undefined) continue;
      if (!isFirst) this.text += ',';
      isFirst = false;
      this.text += `${JSON.stringify(key.slice(0, this.#most + 1))}:`;
      this.write(inner, depth + 1);
    }
    this.text += '}';
  }
}
