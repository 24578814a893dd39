/** The generator of the types of commands and events, with a small schema of our own. */

import { describe, expect, it, test } from 'vitest';
import { Schema, type SchemaInfo } from '../../scripts/qapi/schema.ts';
import { parseSource } from '../../scripts/qapi/source-text.ts';
import { generate } from '../../scripts/qapi/generate.ts';
import { liveShape } from '../support/live-shapes.ts';
import { differences } from '../support/shapes.ts';
import {
  compiled,
  declarationOf,
  ENTRIES,
  membersOf,
  moduleFor,
  SOURCE,
  source,
} from './support.ts';

describe('a module', () => {
  const text = moduleFor();

  it('says which server it was made from, and what it is', () => {
    expect(text).toContain('The commands and events of QEMU 1.2.3 (P) for x86_64.');
    expect(text).toContain('do not edit');
    expect(text).toContain("no text of QEMU's documentation is included");
  });

  it('has each command with its arguments and return value, and each event with its data', () => {
    expect(declarationOf('Commands', text)).toBe(`\
/** The arguments and the return value of each command. */
export interface Commands {
  /** @deprecated */
  count: { arguments: Empty; returns: number };
  device_add: { arguments: DeviceAddArguments; returns: Empty };
  /** Can be executed out of band. */
  'query-things': { arguments: Empty; returns: readonly Item[] };
  'thing-add': { arguments: ThingAddArguments; returns: Thing };
}
`);
    expect(declarationOf('Events', text)).toBe(`\
/** The data of each event. */
export interface Events {
  NOTHING: undefined;
  THING_GONE: ThingGoneData;
}
`);
  });

  it('has the members of an object, those of its base included, required and optional', () => {
    expect(declarationOf('Thing', text)).toBe(`\
/** @experimental */
export interface Thing {
  name: string;
  size: Int64;
  small?: number | undefined;
  color?: Color | undefined;
}
`);
  });

  it('has an interface for each branch of a union, also if a branch is a union', () => {
    expect(declarationOf('Item', text)).toBe(
      'export type Item = Item_plain | Item_net_work | Item_deep_low | Item_deep_high;\n',
    );
    expect(declarationOf('Item_plain', text)).toBe(
      "export interface Item_plain extends Item_base {\n  kind: 'plain';\n}\n",
    );
    expect(declarationOf('Item_deep_high', text)).toBe(
      "export interface Item_deep_high extends Item_base, Deep_high {\n  kind: 'deep';\n}\n",
    );
    expect(declarationOf('Deep_high', text)).toBe(
      "export interface Deep_high extends Network {\n  depth: 'high';\n}\n",
    );
  });

  it('has enumerations as strings, and alternates as unions, without what the server lacks', () => {
    expect(declarationOf('Color', text)).toBe("export type Color = 'red' | 'dark-blue';\n");
    expect(declarationOf('ThingRef', text)).toBe(
      'export type ThingRef = string | Thing | readonly Int64[];\n',
    );
  });

  it('has numbers for integers that are always safe, and Int64 for all others', () => {
    expect(declarationOf('Network', text)).toContain('ports: readonly number[];');
    expect(declarationOf('ThingGoneData', text)).toContain('at: Int64;');
  });

  it('allows any further arguments of a command that takes them', () => {
    expect(declarationOf('DeviceAddArguments', text)).toContain('[member: string]: unknown;');
    expect(moduleFor(ENTRIES, {})).toContain('driver: string;\n  [member: string]: unknown;');
    expect(declarationOf('ThingAddArguments', text)).not.toContain('[member');
  });

  it('has the shapes of the server, as the compiler sees them', async () => {
    const schema = new Schema(ENTRIES);
    const { commands } = await compiled(text);
    expect([...commands.keys()]).toEqual(schema.commands.map(({ name }) => name));
    for (const command of schema.commands) {
      const found = commands.get(command.name);
      if (found?.args === undefined || found.returns === undefined) throw new Error(command.name);
      const [args, returns] = [command['arg-type'], command['ret-type']];
      expect(differences('args', found.args, liveShape(schema, args))).toEqual([]);
      expect(differences('returns', found.returns, liveShape(schema, returns))).toEqual([]);
    }
  });

  it('depends on its input alone', () => {
    expect(moduleFor()).toBe(text);
    expect(moduleFor([...ENTRIES].reverse())).toBe(text);
  });

  it('imports from the module that is wanted', () => {
    expect(text).toContain("import type { Empty, Int64, JsonValue } from 'wirechart/qmp';");
    expect(moduleFor(ENTRIES, { importFrom: './base.ts' })).toContain("from './base.ts';");
  });
});

describe('without schema files', () => {
  const text = moduleFor(ENTRIES, {});

  it('types are called after their first use, and all integers are Int64', () => {
    expect(text).toContain(
      "'thing-add': { arguments: ThingAddArguments; returns: ThingAddResult };",
    );
    expect(declarationOf('ThingAddResult', text)).toContain('small?: Int64 | undefined;');
    expect(text).toContain("export type ThingAddResultColor = 'red' | 'dark-blue';");
    expect(text).toContain('Types are called after their first use, and all integers are Int64.');
  });
});

describe('schema files of another version', () => {
  const live = { version: '1', package: '', target: undefined };

  it('are used as far as they go, and what they lack is named', () => {
    const older = source(SOURCE.replace("'size': 'uint64', ", '').replace(/^.*'NOTHING'.*$/m, ''));
    const { text, unknown } = generate({ ...live, entries: ENTRIES }, { source: older });
    expect(unknown).toEqual(['Thing.size', 'NOTHING']);
    expect(declarationOf('Thing', text)).toContain('size: Int64;');
    expect(text).toContain('NOTHING: undefined;');
  });

  it('give a name to one type alone, if there are two meanwhile', () => {
    const entries: SchemaInfo[] = [
      ...ENTRIES.filter(({ name }) => name !== 'count'),
      { 'meta-type': 'object', name: '12', members: membersOf('name str, more str') },
      { 'meta-type': 'command', name: 'count', 'arg-type': '12', 'ret-type': '0' },
    ];
    const changed = SOURCE.replace(/'count'.*/, "'count', 'data': 'Thing' }");
    const { text, unknown } = generate({ ...live, entries }, { source: source(changed) });
    expect(text).toContain('count: { arguments: Thing; returns: Empty };');
    expect(text).toContain('returns: ThingAddResult };');
    expect(unknown).toContain('Thing');
  });
});

describe('the texts of schema files', () => {
  it('are left out', () => {
    const text = moduleFor();
    for (const part of ['A thing', 'Adds it', 'how large', 'may go', 'Since']) {
      expect(text).not.toContain(part);
    }
  });

  it('become comments if they are wanted, and the module says whose they are', () => {
    const text = moduleFor(ENTRIES, { source: source(), withDocs: true });
    expect(text).toContain("  /** Adds it. */\n  'thing-add':");
    const thing = declarationOf('Thing', text);
    expect(thing).toContain(' * A thing, and what it holds *\u200b/ no end.\n');
    expect(thing).toContain(' * @experimental\n');
    expect(thing).toContain('  /** how large it is */\n  size: Int64;');
    expect(thing).toContain('   * what it is called\n   * in full\n');
    expect(thing).not.toContain('may go');
    expect(text).toContain('GPL');
    expect(text).not.toContain("no text of QEMU's documentation");
  });
});

describe('a schema file', () => {
  it.each([
    ['a list', "[ 'a' ]", 'consists of objects'],
    ['an object without an end', "{ 'a': 'b'", 'ends within an expression'],
    ['an object without a colon', "{ 'a' 'b' }", 'Expected ":"'],
    ['something else', "{ 'a': 5 }", 'Unexpected "5"'],
  ])('must not be %s', (_, text, message) => {
    expect(() => parseSource(text)).toThrow(SyntaxError);
    expect(() => parseSource(text)).toThrow(message);
  });

  it('may have nothing but comments', () => {
    expect(parseSource('# nothing\n##\n# = A title\n##\n')).toEqual([]);
  });
});

test('a schema that names a type which it does not have is refused', () => {
  const broken = ENTRIES.filter(({ name }) => name !== '5');
  expect(() => moduleFor(broken)).toThrow('The schema has no type "5".');
});

describe('the comparison of shapes', () => {
  const shapeOf = (entries: readonly SchemaInfo[], type = '7') =>
    liveShape(new Schema(entries), type);
  const changed = (name: string, change: object): readonly SchemaInfo[] =>
    ENTRIES.map((each) => (each.name === name ? { ...each, ...change } : each));

  it.each([
    [
      'a member more',
      '1',
      { members: membersOf('name str, size int, small? int, color? 2, x str') },
    ],
    ['a member less', '1', { members: membersOf('name str, size int, small? int') }],
    [
      'an optional member',
      '1',
      { members: membersOf('name str, size? int, small? int, color? 2') },
    ],
    ['another type', '1', { members: membersOf('name str, size str, small? int, color? 2') }],
    ['a value more', '2', { members: [{ name: 'red' }, { name: 'dark-blue' }, { name: 'x' }] }],
    ['a value less', '2', { members: [{ name: 'red' }] }],
    ['an alternative less', '6', { members: [{ type: 'str' }, { type: '1' }] }],
    ['a feature', '1', { members: [{ name: 'name', type: 'str', features: ['deprecated'] }] }],
  ])('notices %s', (_, name, change) => {
    expect(differences('x', shapeOf(ENTRIES), shapeOf(changed(name, change)))).not.toEqual([]);
    expect(differences('x', shapeOf(ENTRIES), shapeOf(ENTRIES))).toEqual([]);
  });

  it('tells branches and values, on which the build of a server decides, from the rest', () => {
    const kinds = (name: string, change: object, type?: string) =>
      differences('x', shapeOf(ENTRIES, type), shapeOf(changed(name, change), type)).map(
        ({ kind }) => kind,
      );
    expect(kinds('2', { members: [{ name: 'red' }] })).toEqual(['variant']);
    const variants = [
      { case: 'plain', type: '0' },
      { case: 'net-work', type: '5' },
    ];
    expect(kinds('3', { variants }, '3')).toEqual(['variant', 'variant']);
    expect(kinds('7', { members: membersOf('thing 6') })).toEqual(['shape', 'shape']);
  });
});
