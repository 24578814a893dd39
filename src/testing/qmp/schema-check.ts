/** Compares values with the types of a schema, in the order in which QEMU does. */

import type { JsonObject, JsonValue } from '../../codecs/json.ts';
import type { SchemaInfo, SchemaMember } from './schema-info.ts';

/** What is wrong with a value. */
export type SchemaFault =
  | { readonly kind: 'missing' | 'unexpected'; readonly path: string }
  | { readonly kind: 'type'; readonly path: string; readonly expected: string }
  | { readonly kind: 'value'; readonly name: string; readonly value: string };

/**
 * Returns a fault as QEMU says it.
 *
 * @param what - What the values are: QEMU calls all of them `Parameter`.
 */
export function textOfFault(fault: SchemaFault, what: string): string {
  switch (fault.kind) {
    case 'missing':
    case 'unexpected':
      return `${what} '${fault.path}' is ${fault.kind}`;
    case 'type':
      return `Invalid ${what.toLowerCase()} type for '${fault.path}', expected: ${fault.expected}`;
    case 'value':
      return `${what} '${fault.name}' does not accept value '${fault.value}'`;
  }
}

/** Where a value is: its path, and the last name in it, which QEMU calls `null` for an element of an array. */
interface Place {
  readonly path: string;
  readonly name: string;
}

/** One object: the path before its members, the members that it may have, and its types that were checked. */
interface Scope {
  readonly prefix: string;
  readonly known: Set<string>;
  readonly types: Set<SchemaInfo>;
}

const ROOT: Place = { path: '', name: 'null' };

/** What QEMU calls the types of JSON. */
const EXPECTED: Readonly<Record<string, string>> = { int: 'integer' };

const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 64n - 1n;

/** Finds what is wrong with values. */
export class ValueCheck {
  readonly #types: ReadonlyMap<string, SchemaInfo>;

  constructor(types: ReadonlyMap<string, SchemaInfo>) {
    this.#types = types;
  }

  /**
   * Returns the first fault of a value; `undefined` if it has none.
   *
   * @param isOpen - Whether an object at the top may have any other members, and its members any type.
   */
  find(type: string | undefined, value: JsonValue, isOpen = false): SchemaFault | undefined {
    const info = type === undefined ? undefined : this.#types.get(type);
    if (!isOpen || info === undefined) return this.#check(type, value, ROOT);
    const missing = (info.members ?? []).find(
      (member) => !isOptional(member) && !has(value, member.name),
    );
    return missing && { kind: 'missing', path: missing.name ?? '' };
  }

  #check(type: string | undefined, value: JsonValue, place: Place): SchemaFault | undefined {
    const info = type === undefined ? undefined : this.#types.get(type);
    switch (info?.['meta-type']) {
      case 'builtin':
        return isOfJsonType(info['json-type'], value)
          ? undefined
          : wrongType(place, info['json-type']);
      case 'enum':
        return checkEnum(info, value, place);
      case 'array':
        return this.#checkArray(info, value, place);
      case 'object':
        return this.#checkObject(info, value, place);
      case 'alternate':
        return this.#checkAlternate(info, value, place);
      default:
        return undefined;
    }
  }

  #checkArray(info: SchemaInfo, value: JsonValue, { path }: Place): SchemaFault | undefined {
    if (!Array.isArray(value)) return wrongType({ path }, 'array');
    return firstFault(value, (element, index) =>
      this.#check(info['element-type'], element, {
        path: `${path}[${String(index)}]`,
        name: 'null',
      }),
    );
  }

  #checkObject(info: SchemaInfo, value: JsonValue, place: Place): SchemaFault | undefined {
    if (!isObject(value)) return wrongType(place, 'object');
    const prefix = place.path === '' ? '' : `${place.path}.`;
    const scope = { prefix, known: new Set<string>(), types: new Set<SchemaInfo>() };
    const fault = this.#checkMembers(info, value, scope);
    if (fault !== undefined) return fault;
    const unexpected = Object.keys(value).find((name) => !scope.known.has(name));
    return unexpected === undefined
      ? undefined
      : { kind: 'unexpected', path: `${prefix}${unexpected}` };
  }

  /** Checks the members of a type and of its variant, and notes their names. */
  #checkMembers(info: SchemaInfo, value: JsonObject, scope: Scope): SchemaFault | undefined {
    const { prefix, known, types } = scope;
    if (types.has(info)) return undefined;
    types.add(info);
    const fault = firstFault(info.members ?? [], (member) => {
      const { name = '', type } = member;
      known.add(name);
      const path = `${prefix}${name}`;
      const given = Object.hasOwn(value, name) ? value[name] : undefined;
      if (given !== undefined) return this.#check(type, given, { path, name });
      return isOptional(member) ? undefined : { kind: 'missing', path };
    });
    if (fault !== undefined || info.tag === undefined) return fault;
    const variant = info.variants?.find((each) => each.case === value[info.tag ?? '']);
    const more = variant && this.#types.get(variant.type);
    return more && this.#checkMembers(more, value, scope);
  }

  /** The type of an alternate is the one that has the value's type in JSON. */
  #checkAlternate(info: SchemaInfo, value: JsonValue, place: Place): SchemaFault | undefined {
    const types = (info.members ?? []).map(({ type }) => type ?? '');
    const fitting = types.find((type) => isOfJsonType(this.#jsonType(type), value));
    if (fitting !== undefined) return this.#check(fitting, value, place);
    // QEMU says the name of the type here, which the schema does not have.
    return wrongType(place, types.map((type) => nameOfType(this.#jsonType(type))).join(' or '));
  }

  #jsonType(type: string): string | undefined {
    const info = this.#types.get(type);
    if (info?.['meta-type'] === 'enum') return 'string';
    return info?.['meta-type'] === 'builtin' ? info['json-type'] : info?.['meta-type'];
  }
}

function checkEnum(info: SchemaInfo, value: JsonValue, place: Place): SchemaFault | undefined {
  if (typeof value !== 'string') return wrongType(place, 'string');
  const values = info.values ?? (info.members ?? []).map(({ name }) => name);
  return values.includes(value) ? undefined : { kind: 'value', name: place.name, value };
}

const wrongType = ({ path }: { readonly path: string }, type: string | undefined): SchemaFault => ({
  kind: 'type',
  path: path === '' ? 'null' : path,
  expected: nameOfType(type),
});

const nameOfType = (type = 'value'): string => EXPECTED[type] ?? type;

const isOptional = (member: SchemaMember): boolean => 'default' in member;

const has = (value: JsonValue, name = ''): boolean => isObject(value) && Object.hasOwn(value, name);

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isOfJsonType(type: string | undefined, value: JsonValue): boolean {
  switch (type) {
    case 'int':
      return isInteger(value);
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint';
    case 'string':
    case 'boolean':
      return typeof value === type;
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    default:
      return true;
  }
}

/** Integers are decoded as numbers if these are exact, else as bigints. */
const isInteger = (value: JsonValue): boolean =>
  typeof value === 'bigint'
    ? value >= MIN_INTEGER && value <= MAX_INTEGER
    : Number.isSafeInteger(value);

function firstFault<T>(
  items: readonly T[],
  check: (item: T, index: number) => SchemaFault | undefined,
): SchemaFault | undefined {
  for (const [index, item] of items.entries()) {
    const fault = check(item, index);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
