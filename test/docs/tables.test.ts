/** The tables of the documentation are complete, and their values are those of the code. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import * as inspector from '../../inspector/src/index.ts';
import * as codecs from '../../src/codecs/index.ts';
import { resolveLimits } from '../../src/core/limits.ts';
import * as wirechart from '../../src/index.ts';
import { createProtocolMachine, lines } from '../../src/index.ts';
import * as inspect from '../../src/inspect/index.ts';
import * as actors from '../../src/machines/protocol-actors.ts';
import { MACHINE_OPTIONS, PROTOCOL_OPTIONS } from '../../src/protocol/options.ts';
import * as qmp from '../../src/qmp/index.ts';
import { resolveServerDeadlines, resolveServerLimits } from '../../src/server/options.ts';
import { DEFAULTS } from '../../src/supervisor/machine.ts';
import * as testing from '../../src/testing/index.ts';
import { documentedPages } from '../support/examples.ts';
import { ROOT } from '../support/source-packages.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The row of a table whose first cell is this code. */
const rowOf = (page: string, name: string): string | undefined =>
  read(page)
    .split('\n')
    .find((line) => line.startsWith(`| \`${name}\``));

const spaced = (value: number) => value.toLocaleString('en').replaceAll(',', ' ');
const valuesOf = (group: string, values: object, unit: string): [string, string][] =>
  Object.entries(values).map(([name, value]) => [
    `${group}${name}`,
    Number.isFinite(value) ? `${spaced(Number(value))}${unit}` : 'none',
  ]);

describe('docs/errors.md', () => {
  test('has a row for every error code', () => {
    const [union = ''] = /export type ErrorCode =[^;]*;/.exec(read('src/core/errors.ts')) ?? [];
    const codes = [...union.matchAll(/'(ERR_\w+)'/g)].map(([, code = '']) => code);
    expect(codes.length).toBeGreaterThan(10);
    const rows = read('docs/errors.md')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(codes.filter((code) => !rows.some((row) => row.includes(`\`${code}\``)))).toEqual([]);
  });

  test('names every phase of a timeout', () => {
    const [union = ''] = /export type TimeoutPhase =[^;]*;/.exec(read('src/core/errors.ts')) ?? [];
    const phases = [...union.matchAll(/'(\w+)'/g)].map(([, phase = '']) => phase);
    expect(phases).toContain('connect');
    const page = read('docs/errors.md');
    expect(phases.filter((phase) => !page.includes(`\`${phase}\``))).toEqual([]);
  });

  test('names exactly the system errors that are final', () => {
    const source = read('src/core/retryable.ts');
    const [set = ''] = /const FINAL_SYSTEM_CODES = [^;]*;/.exec(source) ?? [];
    const codesIn = (text: string) => [...text.matchAll(/['`](E[A-Z_]+)['`]/g)].map(([, c]) => c);
    expect(codesIn(set).length).toBeGreaterThan(5);
    expect(codesIn(rowOf('docs/errors.md', 'false') ?? '').sort()).toEqual(codesIn(set).sort());
  });
});

describe('docs/options.md', () => {
  const { backoff, timeouts, supervise } = DEFAULTS;
  const { attempts, stable } = supervise;
  const { factor, ...waits } = backoff;

  test.each([
    ...valuesOf('limits.', resolveLimits(), ' B'),
    ...valuesOf('limits.', resolveServerLimits(), ''),
    ...valuesOf('timeouts.', resolveServerDeadlines(), ' ms'),
    ...valuesOf('timeouts.', timeouts, ' ms'),
    ...valuesOf('backoff.', waits, ' ms'),
    ...valuesOf('backoff.', { factor }, ''),
    ...valuesOf('', { stable }, ' ms'),
    ...valuesOf('', { attempts }, ''),
  ])('states that %s is %s by default', (name, value) => {
    expect(rowOf('docs/options.md', name)).toContain(`| ${value} `);
  });
});

/** The types of the events that a union consists of, in a file of `src/machines`. */
function typesOf(file: string, union: string): readonly string[] {
  const source = read(`src/machines/${file}`);
  const from = source.indexOf(`export type ${union}`);
  const text = source.slice(from, source.indexOf(';\n\n', from));
  return [...text.matchAll(/type: '(\w+)'/g)].map(([, type = '']) => type);
}

/** The page of the names that charts may use. */
const REFERENCE = 'docs/embedding-reference.md';

/** Events that a machine sends to itself. */
const INTERNAL = new Set(['MESSAGES', 'SEND_FAILED', 'ENDING', 'OVER']);

test.each([
  [REFERENCE, 'actor', Object.keys(actors)],
  [REFERENCE, 'event', typesOf('protocol-types.ts', 'ProtocolEvent')],
  [REFERENCE, 'emitted event', typesOf('protocol-types.ts', 'ProtocolEmitted')],
  ['docs/supervising.md', 'event', typesOf('supervisor-types.ts', 'SupervisorEvent')],
  ['docs/supervising.md', 'emitted event', typesOf('supervisor-types.ts', 'SupervisorEmitted')],
])('%s names every %s of the chart', (page, _, names) => {
  expect(names.length).toBeGreaterThan(3);
  const rows = read(page)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .join('\n');
  const users = names.filter((name) => !INTERNAL.has(name));
  expect(users.filter((name) => !rows.includes(`\`${name}`))).toEqual([]);
});

describe(REFERENCE, () => {
  const machines: AnyStateMachine[] = [
    createProtocolMachine({ codec: lines() }),
    createProtocolMachine({ codec: lines() }, { once: true }),
    createProtocolMachine({ codec: lines() }, { once: true, failWith: 'error' }),
  ];
  const nodesFrom = (node: AnyStateNode): AnyStateNode[] => [
    node,
    ...Object.values(node.states).flatMap((child) => nodesFrom(child)),
  ];
  const nodes = machines.flatMap(({ root }) => nodesFrom(root));
  /** The rows of the table of states, by what the first cell names. */
  const rows = new Map(
    read(REFERENCE)
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .flatMap((line) => {
        const [, first = '', ...cells] = line.split('|');
        return [...first.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => [name, cells] as const);
      }),
  );
  const leaves = nodes.filter(
    (node) => Object.keys(node.states).length === 0 && node.path.at(-1) !== 'closed',
  );

  test.each([...new Map(leaves.map((node) => [node.path.join('.'), node]))])(
    'says which actors %s invokes',
    (path, leaf) => {
      if (path === 'IDLE') return;
      const actors: string[] = [];
      // The root invokes `owner`, which the first row names.
      for (let node = leaf; node.parent !== undefined; node = node.parent) {
        actors.push(...node.invoke.map(({ id }) => id));
      }
      const [cell = ''] = rows.get(path) ?? [];
      const named = [...cell.replaceAll(/\([^)]*\)/g, '').matchAll(/`(\w+)`/g)].map(([, id]) => id);
      expect(rows.has(path)).toBe(true);
      expect(named.sort()).toEqual(actors.sort());
    },
  );

  test('names every tag', () => {
    const tags = new Set(nodes.flatMap(({ tags }) => tags));
    expect(tags.size).toBeGreaterThan(2);
    expect([...tags, 'failed'].filter((tag) => !rows.has(tag))).toEqual([]);
  });

  test('names every option that only machines have', () => {
    const own = Object.keys(MACHINE_OPTIONS).filter((name) => !(name in PROTOCOL_OPTIONS));
    expect(own).toContain('once');
    expect(own.filter((name) => !rows.has(name))).toEqual([]);
  });

  test('names all ready-made actor logic', () => {
    const logic = Object.entries({ ...wirechart, ...qmp }).flatMap(([name, value]) =>
      typeof value === 'object' && 'transition' in value ? [name] : [],
    );
    expect(logic).toContain('protocolMessages');
    expect(logic.filter((name) => !rows.has(name))).toEqual([]);
  });
});

describe('the pages', () => {
  const text = documentedPages().map(read).join('\n');

  test.each(Object.entries({ wirechart, codecs, qmp, inspect, testing, inspector }))(
    'name everything that %s exports at run time',
    (_, entry) => {
      const isNamed = (name: string) => new RegExp(`\\b${name}\\b`).test(text);
      expect(Object.keys(entry).filter((name) => !isNamed(name))).toEqual([]);
    },
  );

  test('are linked from the README', () => {
    const readme = read('README.md');
    const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
    expect(pages.filter((name) => !readme.includes(`(docs/${name}`))).toEqual([]);
  });
});
