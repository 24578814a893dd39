/** Gives a name to each type of a schema that is declared. */

import type { Schema, SchemaInfo } from './schema.ts';

/** `block-dirty-bitmap-add` → `BlockDirtyBitmapAdd`, `BLOCK_JOB_READY` → `BlockJobReady`. */
const pascal = (name: string): string =>
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
  // Breadth first, so that what a command returns is called after the command.
  const queue: [type: string, suggestion: string][] = [];
  for (const { name, ...command } of schema.commands) {
    queue.push([command['arg-type'], `${pascal(name)}Arguments`]);
    queue.push([command['ret-type'], `${pascal(name)}Result`]);
  }
  for (const { name, ...event } of schema.events) {
    queue.push([event['arg-type'], `${pascal(name)}Data`]);
  }
  const seen = new Set<string>();
  for (const [type, suggestion] of queue) {
    if (seen.has(type) || schema.isEmpty(type)) continue;
    seen.add(type);
    const info = schema.typeOf(type);
    if (hasName(info) && !result.has(type)) result.set(type, names.take(suggestion));
    queue.push(...partsOf(info, result.get(type) ?? suggestion));
  }
  return result;
}

const hasName = ({ 'meta-type': kind }: SchemaInfo): boolean =>
  kind === 'enum' || kind === 'object' || kind === 'alternate';

/** The types that a type mentions, each with what it can be called. */
function partsOf(info: SchemaInfo, name: string): [type: string, suggestion: string][] {
  switch (info['meta-type']) {
    case 'array':
      return [[info['element-type'], name]];
    case 'alternate':
      return info.members.map(({ type }, at) => [type, `${name}Choice${String(at + 1)}`]);
    case 'object':
      return [
        ...info.members.map((member): [string, string] => [
          member.type,
          name + pascal(member.name),
        ]),
        ...(info.variants ?? []).map((variant): [string, string] => [
          variant.type,
          name + pascal(variant.case),
        ]),
      ];
    default:
      return [];
  }
}
