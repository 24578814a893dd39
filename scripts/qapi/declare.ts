/** Writes the declarations of a schema. */

import { comment, tagsOf } from './comment.ts';
import { documentationOf, type Documentation } from './documentation.ts';
import { nameTypes, Names } from './naming.ts';
import { placeOf, type Restored, RETURNS } from './restore.ts';
import {
  type AlternateInfo,
  type CommandInfo,
  type EnumInfo,
  type EventInfo,
  isOptional,
  type Member,
  type ObjectInfo,
  type Schema,
  valuesOf,
} from './schema.ts';

/** How the declarations are written. */
export interface DeclareOptions {
  /** The lines of the comment at the top. */
  readonly header: readonly string[];
  /** The module that `Empty`, `Int64` and `JsonValue` are imported from. */
  readonly importFrom: string;
  /** What the schema files add. Without it, types are called after their first use. */
  readonly restored?: Restored | undefined;
  /** Whether the texts of the schema files become comments. Default `false`. */
  readonly withDocs?: boolean | undefined;
}

/** These take the properties of devices, too, which no schema has. */
const OPEN = ['device_add'];
/** The types of JSON, and the integers that are always safe as a number. */
const BUILTINS: Readonly<Record<string, string>> = {
  str: 'string',
  bool: 'boolean',
  number: 'number',
  null: 'null',
  any: 'JsonValue',
  int: 'Int64',
};
const SMALL_INTEGER = /^u?int(8|16|32)$/;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** Returns a module that declares the types of all commands and events. Depends on its arguments only. */
export const declare = (schema: Schema, options: DeclareOptions): string =>
  new Declarations(schema, options).text();

class Declarations {
  readonly #schema: Schema;
  readonly #options: DeclareOptions;
  readonly #names: Names = new Names();
  readonly #typeNames: ReadonlyMap<string, string>;
  readonly #open: ReadonlySet<string>;
  /** The names of the interfaces that each union consists of. */
  readonly #branches = new Map<string, readonly string[]>();
  readonly #texts = new Map<string, string>();

  constructor(schema: Schema, options: DeclareOptions) {
    const { restored } = options;
    this.#schema = schema;
    this.#options = options;
    this.#typeNames = nameTypes(schema, restored?.names ?? new Map(), this.#names);
    const open = new Set([...OPEN, ...(restored?.open ?? [])]);
    const ofCommands = schema.commands.filter(({ name }) => open.has(name));
    this.#open = new Set(ofCommands.map((command) => command['arg-type']));
  }

  text(): string {
    for (const type of this.#typeNames.keys()) this.#declareType(type);
    const byName = [...this.#texts].sort(([a], [b]) => (a < b ? -1 : 1));
    const types = byName.map(([, text]) => text).join('\n');
    const { header, importFrom } = this.#options;
    const used = ['Empty', 'Int64', 'JsonValue'].filter((name) =>
      new RegExp(`\\b${name}\\b`).test(types + this.#commands()),
    );
    return [
      comment(header),
      `import type { ${used.join(', ')} } from '${importFrom}';\n`,
      `${comment(['All commands and events.'])}export interface Qapi {\n  commands: Commands;\n  events: Events;\n}\n`,
      this.#commands(),
      this.#events(),
      types,
    ].join('\n');
  }

  #commands(): string {
    const lines = this.#schema.commands.map((command) => {
      const args = this.#type(command['arg-type'], '');
      const returns = this.#type(command['ret-type'], placeOf(command.name, RETURNS));
      const types = `{ arguments: ${args}; returns: ${returns} }`;
      return `${this.#comment(command, '  ')}  ${property(command.name)}: ${types};\n`;
    });
    const about = comment(['The arguments and the return value of each command.']);
    return `${about}export interface Commands {\n${lines.join('')}}\n`;
  }

  #events(): string {
    const lines = this.#schema.events.map((event) => {
      const type = event['arg-type'];
      const data = this.#schema.isEmpty(type) ? 'undefined' : this.#type(type, '');
      return `${this.#comment(event, '  ')}  ${property(event.name)}: ${data};\n`;
    });
    return `${comment(['The data of each event.'])}export interface Events {\n${lines.join('')}}\n`;
  }

  #declareType(type: string): void {
    const name = this.#nameOf(type);
    if (this.#texts.has(name)) return;
    const info = this.#schema.typeOf(type);
    if (info['meta-type'] === 'enum') this.#alias(info, valuesOf(info).map(literal));
    else if (info['meta-type'] === 'alternate') this.#alias(info, this.#choices(info));
    else if (info['meta-type'] === 'object') {
      if (info.tag === undefined) this.#interface(info);
      else this.#branchesOf(type);
    }
  }

  #choices(info: AlternateInfo): string[] {
    return info.members.map(({ type }, at) => this.#type(type, placeOf(info.name, at)));
  }

  #alias(info: AlternateInfo | EnumInfo | ObjectInfo, types: readonly string[]): void {
    const name = this.#nameOf(info.name);
    this.#texts.set(name, `${this.#comment(info, '')}${alias(name, types)}`);
  }

  #interface(info: ObjectInfo): void {
    const name = this.#nameOf(info.name);
    const more = this.#open.has(info.name) ? '  [member: string]: unknown;\n' : '';
    const body = `${this.#members(info, info.members)}${more}`;
    this.#texts.set(name, `${this.#comment(info, '')}export interface ${name} {\n${body}}\n`);
  }

  /** The names of the interfaces of a union, which it declares; of any other object, its own name. */
  #branchesOf(type: string): readonly string[] {
    const info = this.#schema.typeOf(type);
    if (info['meta-type'] !== 'object' || this.#schema.isEmpty(type)) return [''];
    const name = this.#nameOf(type);
    if (info.tag === undefined) return [name];
    const known = this.#branches.get(type);
    if (known !== undefined) return known;
    const base = this.#base(info, name, info.tag);
    const declared = (info.variants ?? []).map((variant) => {
      const parents = this.#branchesOf(variant.type);
      return this.#branch(info.tag ?? '', `${name}_${variant.case}`, base, variant.case, parents);
    });
    const all = declared.flat();
    this.#branches.set(type, all);
    this.#alias(info, all);
    return all;
  }

  /** The members that all branches have, but for the tag. */
  #base(info: ObjectInfo, name: string, tag: string): string | undefined {
    const common = info.members.filter((member) => member.name !== tag);
    if (common.length === 0) return undefined;
    const base = this.#names.take(`${name}_base`);
    const about = comment([`What all kinds of \`${name}\` have.`]);
    const body = this.#members(info, common);
    this.#texts.set(base, `${about}export interface ${base} {\n${body}}\n`);
    return base;
  }

  /** One value of the tag: an interface, or several if its type is a union itself. */
  #branch(
    tag: string,
    wanted: string,
    base: string | undefined,
    value: string,
    parents: readonly string[],
  ): string[] {
    return parents.map((parent) => {
      const suffix = parents.length === 1 ? '' : parent.slice(parent.indexOf('_'));
      const name = this.#names.take(`${wanted}${suffix}`);
      const bases = [base, parent].filter((each) => each !== undefined && each !== '');
      const heritage = bases.length === 0 ? '' : ` extends ${bases.join(', ')}`;
      const body = `  ${property(tag)}: ${literal(value)};\n`;
      this.#texts.set(name, `export interface ${name}${heritage} {\n${body}}\n`);
      return name;
    });
  }

  #members(owner: ObjectInfo, members: readonly Member[]): string {
    const docs = this.#documentation(owner.name)?.members;
    const lines = members.map((member) => {
      const type = this.#type(member.type, placeOf(owner.name, member.name));
      const about = comment([...(docs?.get(member.name) ?? []), ...tagsOf(member.features)], '  ');
      const name = property(member.name);
      const text = isOptional(member) ? `${name}?: ${type} | undefined` : `${name}: ${type}`;
      return `${about}  ${text};\n`;
    });
    return lines.join('');
  }

  #type(type: string, place: string): string {
    const info = this.#schema.typeOf(type);
    if (info['meta-type'] === 'array') {
      const element = this.#type(info['element-type'], place);
      return `readonly ${/[ |]/.test(element) ? `(${element})` : element}[]`;
    }
    if (info['meta-type'] === 'builtin') {
      if (info.name === 'int' && this.#isSmall(place)) return 'number';
      return BUILTINS[info.name] ?? 'JsonValue';
    }
    return this.#schema.isEmpty(type) ? 'Empty' : this.#nameOf(type);
  }

  #isSmall(place: string): boolean {
    return SMALL_INTEGER.test(this.#options.restored?.integers.get(place) ?? '');
  }

  #nameOf(type: string): string {
    return this.#typeNames.get(type) ?? 'Empty';
  }

  #comment(entry: CommandInfo | EventInfo | EnumInfo | AlternateInfo | ObjectInfo, indent: string) {
    const text = this.#documentation(entry.name)?.text ?? [];
    const oob = 'allow-oob' in entry ? ['Can be executed out of band.'] : [];
    return comment([...text, ...oob, ...tagsOf(entry.features)], indent);
  }

  #documentation(entry: string): Documentation | undefined {
    const { withDocs = false, restored } = this.#options;
    const definition = withDocs ? restored?.definitions.get(entry) : undefined;
    return definition && documentationOf(definition);
  }
}

const literal = (value: string): string => `'${value}'`;
const property = (name: string): string => (IDENTIFIER.test(name) ? name : literal(name));

function alias(name: string, types: readonly string[]): string {
  const line = `export type ${name} = ${types.join(' | ')};`;
  if (line.length <= 100) return `${line}\n`;
  return (
    `export type ${name} =\n${types.map((type) => `  | ${type}\n`).join('')}`.trimEnd() + ';\n'
  );
}
