/**
 * Restores what introspection hides: the names of types and the widths of integers. Walks the reply of
 * `query-qmp-schema` and the schema files side by side, from each command and each event.
 */

import { type AlternateInfo, type ObjectInfo, type Schema } from './schema.ts';
import { type Definition, membersIn, nameIn, type Source } from './source.ts';
import { type SourceValue } from './source-text.ts';

/** What the schema files add to a schema. */
export interface Restored {
  /** The names of types, by their hidden names. */
  readonly names: ReadonlyMap<string, string>;
  /** The integer types, such as `uint32`, by the places where introspection says `int`. */
  readonly integers: ReadonlyMap<string, string>;
  /** The commands that take any further arguments. */
  readonly open: ReadonlySet<string>;
  /** The definitions, by the names that the schema uses. */
  readonly definitions: ReadonlyMap<string, Definition>;
  /** What the schema has and the files lack: they are of another version. */
  readonly unknown: readonly string[];
}

/** Where a type is used: the member, or the position in an alternate, of an entry of the schema. */
export const placeOf = (entry: string, member: string | number): string =>
  `${entry}.${String(member)}`;

/** The place of a command's return value. */
export const RETURNS = '(returns)';

/** Returns what `source` knows about the types of `schema`. */
export function restore(schema: Schema, source: Source): Restored {
  const walk = new Walk(schema, source);
  for (const command of schema.commands) {
    const definition = walk.noteDefinition(command.name, source.command(command.name));
    if (definition === undefined) continue;
    const { data, returns, gen } = definition.value;
    if (gen === false && data !== undefined) walk.open.add(command.name);
    walk.meet(command['arg-type'], data, '');
    walk.meet(command['ret-type'], returns, placeOf(command.name, RETURNS));
  }
  for (const event of schema.events) {
    const definition = walk.noteDefinition(event.name, source.event(event.name));
    if (definition !== undefined) walk.meet(event['arg-type'], definition.value['data'], '');
  }
  return walk;
}

class Walk implements Restored {
  readonly names = new Map<string, string>();
  readonly integers = new Map<string, string>();
  readonly open = new Set<string>();
  readonly definitions = new Map<string, Definition>();
  readonly unknown: string[] = [];
  readonly #schema: Schema;
  readonly #source: Source;
  readonly #seen = new Set<string>();

  constructor(schema: Schema, source: Source) {
    this.#schema = schema;
    this.#source = source;
  }

  noteDefinition(entry: string, definition: Definition | undefined): Definition | undefined {
    if (definition === undefined) this.unknown.push(entry);
    else this.definitions.set(entry, definition);
    return definition;
  }

  /** Compares a type of the schema with the same one of the files. */
  meet(type: string, source: SourceValue | undefined, place: string): void {
    if (source === undefined) return;
    const info = this.#schema.typeOf(type);
    if (info['meta-type'] === 'array') {
      const [element] = Array.isArray(source) ? (source as SourceValue[]) : [];
      this.meet(info['element-type'], element, place);
    } else if (info['meta-type'] === 'builtin') {
      if (info.name === 'int') this.integers.set(place, nameIn(source));
    } else if (!this.#seen.has(type)) {
      this.#seen.add(type);
      const definition = this.#source.type(nameIn(source));
      if (definition !== undefined) this.#name(type, definition);
      if (info['meta-type'] === 'object') this.#meetObject(info, source, definition);
      if (info['meta-type'] === 'alternate') this.#meetAlternate(info, definition);
    }
  }

  /** Two types with one name are of two versions: the second one has another name meanwhile. */
  #name(type: string, definition: Definition): void {
    if ([...this.names.values()].includes(definition.name)) this.unknown.push(definition.name);
    else this.names.set(type, definition.name);
    this.definitions.set(type, definition);
  }

  #meetObject(info: ObjectInfo, source: SourceValue, definition: Definition | undefined): void {
    const members = this.#source.members(source);
    for (const { name, type } of info.members) {
      const member = members.get(name);
      const place = placeOf(info.name, name);
      if (member === undefined) this.unknown.push(`${definition?.name ?? ''}.${name}`);
      this.meet(type, member, place);
    }
    const branches = membersIn(definition?.value['data']);
    for (const variant of info.variants ?? []) {
      // Values without a branch have a type without members, and no name.
      this.meet(variant.type, branches.get(variant.case), '');
    }
  }

  /** Its types have no names in the schema. Those that the server lacks are left out of it. */
  #meetAlternate(info: AlternateInfo, definition: Definition | undefined): void {
    const types = [...membersIn(definition?.value['data']).values()];
    info.members.forEach(({ type }, at) => {
      while (types.length > 0 && !this.#isSameKind(type, types[0])) types.shift();
      this.meet(type, types.shift(), placeOf(info.name, at));
    });
  }

  #isSameKind(type: string, source: SourceValue | undefined): boolean {
    const info = this.#schema.typeOf(type);
    if (info['meta-type'] === 'array') return Array.isArray(source);
    const kind = this.#source.type(nameIn(source))?.kind;
    if (info['meta-type'] === 'builtin') return kind === undefined;
    if (info['meta-type'] === 'object') return kind === 'struct' || kind === 'union';
    return kind === info['meta-type'];
  }
}
