/** The reply of `query-qmp-schema`, by the names of its entries. */

/** A member of an object. The type is the name of an entry. */
export interface Member {
  readonly name: string;
  readonly type: string;
  /** Present, as `null`, when the member is optional. */
  readonly default?: unknown;
  readonly features?: readonly string[];
}

/** What all entries have. */
interface Entry {
  /** The real name of a command, an event or a builtin type; QEMU hides the names of all other types. */
  readonly name: string;
  readonly features?: readonly string[];
}

/** One of JSON's own types, or `any`. */
interface BuiltinInfo extends Entry {
  readonly 'meta-type': 'builtin';
}

/** A string of a fixed set. */
export interface EnumInfo extends Entry {
  readonly 'meta-type': 'enum';
  readonly members?: readonly { readonly name: string; readonly features?: readonly string[] }[];
  /** As servers before QEMU 6.2 have it. */
  readonly values?: readonly string[];
}

/** An array of one type. */
interface ArrayInfo extends Entry {
  readonly 'meta-type': 'array';
  readonly 'element-type': string;
}

/** An object; `tag` is the member whose value says which of `variants` adds its members. */
export interface ObjectInfo extends Entry {
  readonly 'meta-type': 'object';
  readonly members: readonly Member[];
  readonly tag?: string;
  readonly variants?: readonly { readonly case: string; readonly type: string }[];
}

/** One of several types that JSON tells apart. */
export interface AlternateInfo extends Entry {
  readonly 'meta-type': 'alternate';
  readonly members: readonly { readonly type: string }[];
}

/** A command, with the types of its arguments and its return value. */
export interface CommandInfo extends Entry {
  readonly 'meta-type': 'command';
  readonly 'arg-type': string;
  readonly 'ret-type': string;
  readonly 'allow-oob'?: boolean;
}

/** An event, with the type of its data. */
export interface EventInfo extends Entry {
  readonly 'meta-type': 'event';
  readonly 'arg-type': string;
}

/** One entry of the reply. */
export type SchemaInfo =
  BuiltinInfo | EnumInfo | ArrayInfo | ObjectInfo | AlternateInfo | CommandInfo | EventInfo;

/** The entries. The names of commands, events and types are unique among all of them. */
export class Schema {
  readonly commands: readonly CommandInfo[];
  readonly events: readonly EventInfo[];
  readonly #entries: ReadonlyMap<string, SchemaInfo>;

  constructor(entries: readonly SchemaInfo[]) {
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
    const byName = (a: Entry, b: Entry): number => (a.name < b.name ? -1 : 1);
    this.commands = entries.filter((entry) => entry['meta-type'] === 'command').sort(byName);
    this.events = entries.filter((entry) => entry['meta-type'] === 'event').sort(byName);
  }

  /** @throws {Error} When the schema has no such type. */
  typeOf(name: string): SchemaInfo {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new Error(`The schema has no type "${name}".`);
    return entry;
  }

  /** Whether a type is an object that never has a member: no arguments, no data, no return value. */
  isEmpty(name: string): boolean {
    const type = this.typeOf(name);
    return type['meta-type'] === 'object' && type.members.length === 0 && !type.variants?.length;
  }
}

/** The values of an enumeration. */
export const valuesOf = ({ members, values = [] }: EnumInfo): readonly string[] =>
  members?.map(({ name }) => name) ?? values;

/** Whether a member may be absent. */
export const isOptional = (member: Member): boolean => 'default' in member;
