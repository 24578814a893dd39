import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMachine } from 'xstate';
import { toMermaid } from '../../src/inspect/mermaid.ts';
import { blockOf, diagramBlock, README, redraw } from '../../scripts/diagram.ts';
import { leaves, nodes } from './chart.ts';
import { chart } from './support.ts';

function temporary(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'diagram-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const file = join(directory, 'README.md');
  writeFileSync(file, text);
  return file;
}

describe("the README's diagram", () => {
  it('is that of the machine; `npm run diagram` redraws it', () => {
    expect(blockOf(readFileSync(README, 'utf8'))).toBe(diagramBlock());
  });

  it('is replaced where it stands, and nothing else is', () => {
    const file = temporary(
      '# A $& title\n\n<!-- diagram:begin -->\n\nstale\n\n<!-- diagram:end -->\n\nThe rest.\n',
    );
    redraw(file);
    expect(readFileSync(file, 'utf8')).toBe(`# A $& title\n\n${diagramBlock()}\n\nThe rest.\n`);
    redraw(file);
    expect(blockOf(readFileSync(file, 'utf8'))).toBe(diagramBlock());
  });

  it.each([
    ['no markers', '# Title\n'],
    ['one marker', '<!-- diagram:begin -->\n'],
    ['the markers in the wrong order', '<!-- diagram:end -->\n<!-- diagram:begin -->\n'],
  ])('cannot be in a file with %s, which stays as it is', (_, text) => {
    const file = temporary(text);
    expect(() => {
      redraw(file);
    }).toThrow('lacks "<!-- diagram:begin -->" or, after it, "<!-- diagram:end -->"');
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});

describe('a Mermaid diagram', () => {
  it('declares every state once, by an id without dots', () => {
    const declared = [...toMermaid(chart).matchAll(/^ *state "[^"]+" as (\w+)( \{)?$/gm)];
    const ids = declared.map(([, id]) => id);
    const expected = nodes.filter(({ path }) => path.length > 0).map(({ path }) => path.join('_'));
    expect(ids.sort()).toEqual(expected.sort());
    expect(declared.filter(([, , opens]) => opens)).toHaveLength(expected.length - leaves.length);
  });

  it('draws arrows between declared states only, each pair once, with a label free of syntax', () => {
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

  it('shows nesting, actors, guards, deadlines, and ends', () => {
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
        '  %% in every state: notes LOG',
        '  [*] --> off',
        '  state "off" as off',
        '  state "on (runs engine)" as on {',
        '    [*] --> on_fast',
        '    state "fast" as on_fast',
        '    on_fast : notes HORN',
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
});
