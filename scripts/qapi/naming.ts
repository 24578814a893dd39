/** Gives a name to each type of a schema that is declared. */

import type { Schema } from './schema.ts';

/** `block-dirty-bitmap-add` → `BlockDirtyBitmapAdd`, `BLOCK_JOB_READY` → `BlockJobReady`. */
export const pascal = (name: string): string =>
  (name === name.toUpperCase() ? name.toLowerCase() : name)
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');

/** Names that the declarations use for something else. */
const TAKEN = ['Commands', 'Events', 'Qapi', 'Empty', 'Int64', 'JsonValue', 'Record', 'Readonly'];

/** Hands out each name once. */
export class Names {
  readonly #used = new Set<string>(TAKEN);

  /** Returns the wanted name as an identifier that has not been returned before. */
  take(wanted: string): string {
    let name = wanted.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d|$)/, '_');
    while (this.#used.has(name)) name += '_';
    this.#used.add(name);
    return name;
  }
}

/**
 * Returns the names of all enumerations, alternates and objects with members that commands and events use, by
 * the names in the schema. A type that `known` does not name is called after its first use.
 */
export function nameTypes(
  schema: Schema,
  known: ReadonlyMap<string, string>,
  names: Names,
): Map<string, string> {
  const result = new Map<string, string>();
  for (const [type, name] of known) if (!schema.isEmpty(type)) result.set(type, names.take(name));
  const seen = new Set<string>();
  const visit = (type: string, suggestion: string): void => {
    const info = schema.typeOf(type);
    if (info['meta-type'] === 'array') visit(info['element-type'], suggestion);
    if (seen.has(type) || schema.isEmpty(type)) return;
    seen.add(type);
    if (info['meta-type'] === 'enum') result.set(type, result.get(type) ?? names.take(suggestion));
    if (info['meta-type'] !== 'object' && info['meta-type'] !== 'alternate') return;
    const name = result.get(type) ?? names.take(suggestion);
    result.set(type, name);
    if (info['meta-type'] === 'alternate') {
      info.members.forEach((choice, at) => {
        visit(choice.type, `${name}Choice${String(at + 1)}`);
      });
      return;
    }
    for (const member of info.members) visit(member.type, name + pascal(member.name));
    for (const variant of info.variants ?? []) visit(variant.type, name + pascal(variant.case));
  };
  for (const { name, ...command } of schema.commands) {
    visit(command['arg-type'], `${pascal(name)}Arguments`);
    visit(command['ret-type'], `${pascal(name)}Result`);
  }
  for (const { name, ...event } of schema.events) visit(event['arg-type'], `${pascal(name)}Data`);
  return result;
}
