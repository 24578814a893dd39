import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type AnyStateMachine, createMachine } from 'xstate';
import { toMermaid } from '../../src/inspect/mermaid.ts';
import { blockOf, DIAGRAMS, diagramBlock, redraw } from '../../scripts/diagram.ts';
import { leaves, nodes } from './chart.ts';
import { chart } from './support.ts';

function temporaryPage(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'diagram-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const file = join(directory, 'page.md');
  writeFileSync(file, text);
  return file;
}

describe('a diagram in the documentation', () => {
  it.each(DIAGRAMS.map(({ file, machine }) => ({ name: basename(file), file, machine })))(
    'is up to date in $name; if not, `npm run diagram` redraws it',
    ({ file, machine }) => {
      expect(blockOf(readFileSync(file, 'utf8'))).toBe(diagramBlock(machine));
    },
  );

  it('is replaced between its markers, and the rest of the page is kept', () => {
    const file = temporaryPage(
      '# A $& title\n\n<!-- diagram:begin -->\n\nstale\n\n<!-- diagram:end -->\n\nThe rest.\n',
    );
    const block = diagramBlock(chart);
    redraw({ file, machine: chart });
    expect(readFileSync(file, 'utf8')).toBe(`# A $& title\n\n${block}\n\nThe rest.\n`);
    redraw({ file, machine: chart });
    expect(blockOf(readFileSync(file, 'utf8'))).toBe(block);
  });

  it.each([
    ['no markers', '# Title\n'],
    ['one marker', '<!-- diagram:begin -->\n'],
    ['the markers in the wrong order', '<!-- diagram:end -->\n<!-- diagram:begin -->\n'],
  ])('is refused in a file with %s, which is left unchanged', (_, text) => {
    const file = temporaryPage(text);
    expect(() => {
      redraw({ file, machine: chart });
    }).toThrow('lacks "<!-- diagram:begin -->" or, after it, "<!-- diagram:end -->"');
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});

describe('a Mermaid diagram', () => {
  it('declares every state once, with an id without dots', () => {
    const declared = [...toMermaid(chart).matchAll(/^ *state "[^"]+" as (\w+)( \{)?$/gm)];
    const ids = declared.map(([, id]) => id);
    const expected = nodes.filter(({ path }) => path.length > 0).map(({ path }) => path.join('_'));
    expect(ids.sort()).toEqual(expected.sort());
    expect(declared.filter(([, , opens]) => opens)).toHaveLength(expected.length - leaves.length);
  });

  it('draws one arrow per pair of declared states, with a label free of Mermaid syntax', () => {
    const arrows = [...toMermaid(chart).matchAll(/^ *(\w+) --> (\w+) : (.*)$/gm)];
    const ids = new Set(nodes.map(({ path }) => path.join('_')));
    expect(arrows.length).toBeGreaterThan(20);
    for (const [, from, to, label] of arrows) {
      expect(ids).toContain(from);
      expect(ids).toContain(to);
      expect(label).toMatch(/^[^:;{}"]+$/);
    }
    const ends = arrows.map(([, from, to]) => `${String(from)} ${String(to)}`);
    expect(new Set(ends).size).toBe(ends.length);
  });

  it('shows nesting, actors, guards, deadlines, and final states', () => {
    const machine = createMachine({
      initial: 'off',
      on: { LOG: { actions: 'log' } },
      states: {
        off: { on: { GO: [{ guard: 'isReady', target: 'on' }, { target: 'on.slow' }] } },
        on: {
          invoke: { src: 'engine', id: 'engine', onDone: 'off', onError: { actions: 'log' } },
          initial: 'fast',
          states: {
            fast: { after: { limit: 'slow' }, on: { SLOWER: 'slow', HORN: { actions: 'log' } } },
            slow: { on: { STOP: 'stopped' } },
            stopped: { type: 'final' },
          },
          onDone: 'off',
        },
      },
    });
    expect(toMermaid(machine)).toBe(
      [
        'stateDiagram-v2',
        '  %% in every state: handles LOG',
        '  [*] --> off',
        '  state "off" as off',
        '  state "on (runs engine)" as on {',
        '    [*] --> on_fast',
        '    state "fast" as on_fast',
        '    on_fast : handles HORN',
        '    state "slow" as on_slow',
        '    state "stopped" as on_stopped',
        '    on_stopped --> [*]',
        '  }',
        '  off --> on : GO [isReady]',
        '  off --> on_slow : GO',
        '  on --> off : done<br/>engine done',
        '  on_fast --> on_slow : SLOWER<br/>after limit',
        '  on_slow --> on_stopped : STOP',
      ].join('\n'),
    );
  });

  it('separates the regions of a parallel state, which a parallel machine becomes too', () => {
    const states = {
      left: { initial: 'a', states: { a: { always: 'b' }, b: {} } },
      right: { type: 'parallel' as const, states: { up: {}, down: {} } },
    };
    const regions = [
      '    state "left" as left {',
      '      [*] --> left_a',
      '      state "a" as left_a',
      '      state "b" as left_b',
      '    }',
      '    --',
      '    state "right" as right {',
      '      state "up" as right_up',
      '      --',
      '      state "down" as right_down',
      '    }',
      '  }',
      '  left_a --> left_b : always',
    ];
    const whole = createMachine({ id: 'm', type: 'parallel', states });
    expect(linesOf(whole)).toEqual(['  state "m" as _ {', ...regions]);
    const within = createMachine({ initial: 'p', states: { p: { type: 'parallel', states } } });
    expect(linesOf(within)).toEqual([
      '  [*] --> p',
      '  state "p" as p {',
      ...regions.map((line) => line.replaceAll(/\b(left|right)(?=_| \{)/g, 'p_$1')),
    ]);
  });

  it('lists the arrows of the root in comments, and those that restart it in their state', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      on: { 'LINE\nBREAK': '.b', STOP: '.b', RESET: '#m' },
      states: { a: { on: { AGAIN: '#m', GO: 'b' } }, b: {} },
    });
    expect(linesOf(machine)).toEqual([
      '  %% in every state: restarts on RESET',
      '  %% in every state: LINE BREAK, STOP leads to b',
      '  [*] --> a',
      '  state "a" as a',
      '  a : restarts on AGAIN',
      '  state "b" as b',
      '  a --> b : GO',
    ]);
  });

  it('escapes the characters that have a meaning in Mermaid', () => {
    const machine = createMachine({
      initial: 'one "two"',
      states: {
        'one "two"': { on: { 'a;b': { target: '#c', guard: 'x<y' } } },
        '{c}': { id: 'c' },
      },
    });
    expect(linesOf(machine)).toEqual([
      '  [*] --> one__two_',
      '  state "one #34;two#34;" as one__two_',
      '  state "#123;c#125;" as _c_',
      '  one__two_ --> _c_ : a#59;b [x#60;y]',
    ]);
  });

  it('has a unique id for every state, which is not a keyword of Mermaid', () => {
    const keys = ['a b', 'a-b', 'a_b_2', 'ä', 'ö', 'note', 'Class', 'end', ''];
    const states = Object.fromEntries(keys.map((key) => [key, {}]));
    const machine = createMachine({ initial: 'a b', states });
    expect(linesOf(machine).slice(1)).toEqual([
      '  state "a b" as a_b',
      '  state "a-b" as a_b_2',
      '  state "a_b_2" as a_b_2_2',
      '  state "ä" as __2',
      '  state "ö" as __3',
      '  state "note" as note_',
      '  state "Class" as Class_',
      '  state "end" as end_',
      '  state "__4" as __4',
    ]);
  });

  it('shows history states, and may show a machine without states', () => {
    const machine = createMachine({
      initial: 'a',
      states: {
        a: { initial: 'b', states: { b: {}, last: { type: 'history' } }, on: { BACK: '.last' } },
      },
    });
    expect(toMermaid(machine)).toContain('state "last" as a_last');
    expect(toMermaid(machine)).toContain('a --> a_last : BACK');
    expect(toMermaid(createMachine({}))).toBe('stateDiagram-v2');
  });
});

/** The lines of a diagram after the first. */
const linesOf = (machine: AnyStateMachine): string[] => toMermaid(machine).split('\n').slice(1);
