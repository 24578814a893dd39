/** A small schema of our own, as a server describes it and as schema files do. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate, type GenerateOptions } from '../../scripts/qapi/generate.ts';
import type { SchemaInfo } from '../../scripts/qapi/schema.ts';
import { Source, definitionsOf } from '../../scripts/qapi/source.ts';
import { tempDir } from '../support/cleanup.ts';
import { declaredIn, type DeclaredSchema } from '../support/declared-shapes.ts';

const builtin = (name: string): SchemaInfo => ({ 'meta-type': 'builtin', name });
const object = (name: string, members: string, more: object = {}): SchemaInfo => ({
  'meta-type': 'object',
  name,
  members: membersOf(members),
  ...more,
});

/** `'a str, b? int'` */
export const membersOf = (text: string) =>
  text
    .split(', ')
    .filter((each) => each !== '')
    .map((each) => {
      const [name = '', type = ''] = each.split(' ');
      return name.endsWith('?') ? { name: name.slice(0, -1), type, default: null } : { name, type };
    });

/** What a server says: it calls its types by numbers, and all integers `int`. */
export const ENTRIES: readonly SchemaInfo[] = [
  ...['str', 'int', 'bool', 'null', 'any', 'number'].map(builtin),
  object('0', ''),
  object('1', 'name str, size int, small? int, color? 2', { features: ['unstable'] }),
  { 'meta-type': 'enum', name: '2', members: [{ name: 'red' }, { name: 'dark-blue' }] },
  object('3', 'id str, kind 4', {
    tag: 'kind',
    variants: [
      { case: 'plain', type: '0' },
      { case: 'net-work', type: '5' },
      { case: 'deep', type: '8' },
    ],
  }),
  {
    'meta-type': 'enum',
    name: '4',
    members: [{ name: 'plain' }, { name: 'net-work' }, { name: 'deep' }],
  },
  object('5', 'ports [int]'),
  { 'meta-type': 'array', name: '[int]', 'element-type': 'int' },
  {
    'meta-type': 'alternate',
    name: '6',
    members: [{ type: 'str' }, { type: '1' }, { type: '[int]' }],
  },
  object('7', 'thing 6, extra? any'),
  object('8', 'depth 9', {
    tag: 'depth',
    variants: [
      { case: 'low', type: '0' },
      { case: 'high', type: '5' },
    ],
  }),
  { 'meta-type': 'enum', name: '9', members: [{ name: 'low' }, { name: 'high' }] },
  { 'meta-type': 'array', name: '[3]', 'element-type': '3' },
  { 'meta-type': 'command', name: 'thing-add', 'arg-type': '7', 'ret-type': '1' },
  {
    'meta-type': 'command',
    name: 'query-things',
    'arg-type': '0',
    'ret-type': '[3]',
    'allow-oob': true,
  },
  {
    'meta-type': 'command',
    name: 'count',
    'arg-type': '0',
    'ret-type': 'int',
    features: ['deprecated'],
  },
  { 'meta-type': 'command', name: 'device_add', 'arg-type': '10', 'ret-type': '0' },
  object('10', 'driver str'),
  { 'meta-type': 'event', name: 'THING_GONE', 'arg-type': '11' },
  object('11', 'id str, at int'),
  { 'meta-type': 'event', name: 'NOTHING', 'arg-type': '0' },
];

/** The same as a schema file. */
export const SOURCE = `# A comment.
##
# @Thing:
#
# A thing, and what it holds */ no end.
#
# @name: what it is called
#     in full
#
# Features:
#
# @unstable: may go
#
# @size: how large it is
#
# Since: 1.0
##
{ 'struct': 'Thing', 'base': 'Named', # another one
  'data': { 'size': 'uint64', '*small': { 'type': 'uint16', 'if': 'CONFIG_X' },
            '*color': 'Color', '*absent': 'str' } }
{ 'struct': 'Named', 'data': { 'name': 'str' } }
{ 'enum': 'Color', 'data': [ 'red', { 'name': 'dark-blue', 'if': { 'any': [ 'A', 'B' ] } } ] }
{ 'enum': 'Kind', 'data': [ 'plain', 'net-work', 'deep' ] }
{ 'union': 'Item', 'base': { 'id': 'str', 'kind': 'Kind' }, 'discriminator': 'kind',
  'data': { 'net-work': 'Network', 'deep': { 'type': 'Deep' } } }
{ 'struct': 'Network', 'data': { 'ports': [ 'uint8' ] } }
{ 'enum': 'Depth', 'data': [ 'low', 'high' ] }
{ 'union': 'Deep', 'base': { 'depth': 'Depth' }, 'discriminator': 'depth', 'data': { 'high': 'Network' } }
{ 'alternate': 'ThingRef', 'data': { 'name': 'str', 'gone': 'bool', 'thing': 'Thing', 'ids': [ 'size' ] } }
##
# @thing-add:
#
# Adds it.
##
{ 'command': 'thing-add', 'data': { 'thing': 'ThingRef', '*extra': 'any' }, 'returns': 'Thing' }
{ 'command': 'query-things', 'returns': [ 'Item' ], 'allow-oob': true }
{ 'command': 'count', 'returns': 'uint32', 'features': [ 'deprecated' ] }
{ 'command': 'device_add', 'data': { 'driver': 'str' }, 'gen': false }
{ 'event': 'THING_GONE', 'data': { 'id': 'str', 'at': 'int' } }
{ 'event': 'NOTHING' }
`;

export const source = (text = SOURCE): Source => new Source(definitionsOf(text));

/** The module for a server with these entries. */
export const moduleFor = (
  entries: readonly SchemaInfo[] = ENTRIES,
  options: GenerateOptions = { source: source() },
): string => generate({ version: '1.2.3', package: 'P', target: 'x86_64', entries }, options).text;

/** One declaration of a module, with the comment before it. */
export function declarationOf(name: string, text: string): string {
  const found = new RegExp(
    `(?:^/\\*\\*.*\\n(?:^ \\*.*\\n)*)?^export \\w+ ${name}\\b[^]*?(?:;|^\\})\\n(?=\\n|$)`,
    'm',
  );
  return found.exec(text)?.[0] ?? '';
}

/** Compiles a module. */
export async function compiled(text: string): Promise<DeclaredSchema> {
  const base = join(import.meta.dirname, '../../src/qapi/base.ts');
  const path = join(await tempDir(), 'qapi.ts');
  writeFileSync(path, text.replace("'wirechart/qmp'", `'${base}'`));
  return declaredIn(path);
}
