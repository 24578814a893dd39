/** The definitions of QEMU's schema files (`qapi/*.json`), by their names. */

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isObject, parseSource, type SourceObject, type SourceValue } from './source-text.ts';

const KINDS = ['command', 'event', 'struct', 'union', 'alternate', 'enum'] as const;

/** One definition. */
export interface Definition {
  readonly kind: (typeof KINDS)[number];
  readonly name: string;
  readonly value: SourceObject;
  /** The lines of its documentation, each with its `#`. */
  readonly comment: readonly string[];
}

/** The definitions of all files, by kind and name. */
export class Source {
  readonly #types = new Map<string, Definition>();
  readonly #commands = new Map<string, Definition>();
  readonly #events = new Map<string, Definition>();

  constructor(definitions: Iterable<Definition>) {
    for (const definition of definitions) {
      this.#mapOf(definition.kind).set(definition.name, definition);
    }
  }

  type(name: string): Definition | undefined {
    return this.#types.get(name);
  }
  command(name: string): Definition | undefined {
    return this.#commands.get(name);
  }
  event(name: string): Definition | undefined {
    return this.#events.get(name);
  }

  /** The types of the members of an object by their names, its base included. */
  members(type: SourceValue | undefined): Map<string, SourceValue> {
    if (isObject(type)) return membersIn(type);
    const definition = this.type(nameIn(type));
    if (definition === undefined) return new Map();
    const { base, data } = definition.value;
    const own = definition.kind === 'struct' ? membersIn(data) : [];
    return new Map([...this.members(base), ...own]);
  }

  #mapOf(kind: Definition['kind']): Map<string, Definition> {
    if (kind === 'command') return this.#commands;
    return kind === 'event' ? this.#events : this.#types;
  }
}

/** `{ '*size': 'int', 'mode': { 'type': 'Mode', 'if': … } }`, without the marks and conditions. */
export function membersIn(data: SourceValue | undefined): Map<string, SourceValue> {
  const members = isObject(data) ? Object.entries(data) : [];
  return new Map(members.map(([name, type]) => [name.replace(/^\*/, ''), typeIn(type)]));
}

/** The type in `'Mode'`, `['Mode']` or `{ 'type': …, 'if': … }`. */
function typeIn(type: SourceValue): SourceValue {
  const inner = isObject(type) ? type['type'] : undefined;
  return inner ?? type;
}

/** The name of a type; empty for one that has none. */
export const nameIn = (type: SourceValue | undefined): string =>
  typeof type === 'string' ? type : '';

/**
 * Reads the files of a folder, from `qapi-schema.json` on.
 *
 * @throws {Error} When a file cannot be read.
 * @throws {SyntaxError} When it is not a schema file.
 */
export function readSource(folder: string): Source {
  return new Source(definitionsIn(join(folder, 'qapi-schema.json'), new Set()));
}

function* definitionsIn(path: string, seen: Set<string>): Generator<Definition> {
  if (seen.has(path)) return;
  seen.add(path);
  const text = readFileSync(path, 'utf8');
  for (const { value } of parseSource(text)) {
    const { include } = value;
    if (typeof include === 'string') yield* definitionsIn(join(dirname(path), include), seen);
  }
  yield* definitionsOf(text);
}

/** The definitions in the text of one file. */
export function* definitionsOf(text: string): Generator<Definition> {
  for (const { value, comment } of parseSource(text)) {
    const kind = KINDS.find((name) => typeof value[name] === 'string');
    if (kind !== undefined) yield { kind, name: nameIn(value[kind]), value, comment };
  }
}
