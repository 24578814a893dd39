/** What a recorded schema says about commands and events. */

import type { JsonValue } from '../../codecs/json.ts';
import { ArgumentError } from '../../core/errors.ts';
import { nearestName } from '../../core/options.ts';
import { memberOf, show } from '../../core/shape.ts';
import { type SchemaFault, textOfFault, ValueCheck } from './schema-check.ts';
import type { SchemaInfo } from './schema-info.ts';

/** Commands whose arguments have more members than the schema says. */
const OPEN_COMMANDS: readonly string[] = ['device_add'];

/** The arguments and the data of commands and events that have none. */
const NONE = {};

/** A schema, by name. */
export class Schema {
  /** The reply to `query-qmp-schema`. */
  readonly entries: readonly SchemaInfo[];
  readonly #commands: ReadonlyMap<string, SchemaInfo>;
  readonly #events: ReadonlyMap<string, SchemaInfo>;
  readonly #check: ValueCheck;

  /** @throws {ArgumentError} When the entries are not the reply to `query-qmp-schema`. */
  constructor(entries: readonly SchemaInfo[]) {
    checkEntries(entries);
    this.entries = entries;
    const byName = (isOfKind: (kind: string) => boolean): ReadonlyMap<string, SchemaInfo> =>
      new Map(
        entries.filter((info) => isOfKind(info['meta-type'])).map((info) => [info.name, info]),
      );
    this.#commands = byName((kind) => kind === 'command');
    this.#events = byName((kind) => kind === 'event');
    const types = byName((kind) => kind !== 'command' && kind !== 'event');
    this.#check = new ValueCheck(types);
    checkReferences(entries, types);
  }

  get commandNames(): readonly string[] {
    return [...this.#commands.keys()];
  }

  get eventNames(): readonly string[] {
    return [...this.#events.keys()];
  }

  /** Returns a command; `undefined` if QEMU does not have it. */
  command(name: string): SchemaInfo | undefined {
    return this.#commands.get(name);
  }

  /** Returns what QEMU answers to the arguments of a command, if they are wrong. */
  argumentFault(command: SchemaInfo, args: JsonValue): string | undefined {
    const isOpen = OPEN_COMMANDS.includes(command.name);
    const fault = this.#check.find(command['arg-type'], args, isOpen);
    return fault && textOfFault(fault, 'Parameter');
  }

  /** Returns what is wrong with the return value of a command. */
  returnFault(command: SchemaInfo, value: JsonValue): string | undefined {
    return this.#textOf(this.#check.find(command['ret-type'], value));
  }

  /** Returns what is wrong with an event: its name, or its data. */
  eventFault(name: string, data: JsonValue | undefined): string | undefined {
    const event = this.#events.get(name);
    if (event !== undefined) return this.#textOf(this.#check.find(event['arg-type'], data ?? NONE));
    const nearest = nearestName(name, this.eventNames);
    const advice = nearest === undefined ? '.' : `: did you mean '${nearest}'?`;
    return `The schema has no event '${name}'${advice}`;
  }

  #textOf(fault: SchemaFault | undefined): string | undefined {
    return fault && `${textOfFault(fault, 'Member')}.`;
  }
}

const HOW = 'pass the reply of a QEMU to query-qmp-schema';

function checkEntries(entries: unknown): void {
  if (!Array.isArray(entries)) {
    throw new ArgumentError(`schema must be an array, not ${show(entries)}: ${HOW}`);
  }
  const isEntry = (entry: unknown): boolean =>
    typeof memberOf(entry, 'name') === 'string' && typeof memberOf(entry, 'meta-type') === 'string';
  const wrong: unknown = entries.find((entry) => !isEntry(entry));
  if (wrong !== undefined) {
    throw new ArgumentError(
      `schema has an entry without name and meta-type: ${show(wrong)}; ${HOW}`,
    );
  }
}

/** A type that is missing would let everything pass. */
function checkReferences(
  entries: readonly SchemaInfo[],
  types: ReadonlyMap<string, SchemaInfo>,
): void {
  for (const info of entries) {
    const missing = typesOf(info).find((type) => !types.has(type));
    if (missing === undefined) continue;
    const text = `schema has no type '${missing}', which '${info.name}' refers to: ${HOW}, complete`;
    throw new ArgumentError(text);
  }
}

function typesOf(info: SchemaInfo): readonly string[] {
  const own = [info['arg-type'], info['ret-type'], info['element-type']];
  const members = info['meta-type'] === 'enum' ? [] : (info.members ?? []);
  const all = [
    ...own,
    ...members.map(({ type }) => type),
    ...(info.variants ?? []).map((v) => v.type),
  ];
  return all.filter((type) => type !== undefined);
}
