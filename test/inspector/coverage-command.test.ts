/** The command `wirechart-inspector coverage`. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { parseCoverage } from '../../inspector/shared/coverage-file.ts';
import { coverageCommand } from '../../inspector/src/coverage-command.ts';
import { recordTo } from '../../src/inspect/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';

expectIdleAfterEach();

const door = createMachine({
  id: 'door',
  initial: 'closed',
  states: {
    closed: {
      on: {
        OPEN: 'open',
        BREAK: {
          guard: function isWeak() {
            return false;
          },
          target: 'broken',
        },
      },
    },
    open: { on: { CLOSE: 'closed' } },
    broken: {},
  },
});

/** The path of a recording of what a door does. */
async function recorded(...events: readonly string[]): Promise<string> {
  const path = join(await tempDir(), 'trace.jsonl');
  const recording = recordTo(path);
  const actor = createActor(door, { inspect: recording.inspect }).start();
  for (const type of events) actor.send({ type });
  await recording.close();
  return path;
}

/** Runs the command. Returns its exit code, and what it printed. */
async function run(
  ...args: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  const log = vi.spyOn(console, 'log').mockReturnValue();
  const error = vi.spyOn(console, 'error').mockReturnValue();
  const code = await coverageCommand(args);
  const textOf = ({ mock }: typeof log) => mock.calls.flat().join('\n');
  const output = { code, out: textOf(log), err: textOf(error) };
  log.mockRestore();
  error.mockRestore();
  return output;
}

describe('wirechart-inspector coverage', () => {
  it('prints how much was covered, and by name what never was', async () => {
    const { code, out } = await run(await recorded('OPEN', 'OPEN'));
    expect(code).toBe(0);
    expect(out.replace(/ {2}most time.*\n/, '')).toBe(
      [
        'door: 1 actor',
        '  states      2 of 3 (66 %)',
        '  transitions 1 of 3 (33 %)',
        '  states never entered:',
        '    broken',
        '  transitions never taken:',
        '    closed – BREAK [isWeak] → broken',
        '    open – CLOSE → closed',
        '  events not handled:',
        '    OPEN: 1 of 2',
      ].join('\n'),
    );
  });

  it('adds up recordings and coverage files, and writes the sum', async () => {
    const [one, other] = [await recorded('OPEN'), await recorded('OPEN', 'CLOSE')];
    const sum = join(dirname(one), 'coverage.json');
    await run(one, '--merge', sum);
    const { out } = await run(sum, other, '--merge', sum, '--json');
    expect(parseCoverage(out)).toEqual(parseCoverage(readFileSync(sum, 'utf8')));
    expect(parseCoverage(out).machines).toMatchObject([
      { actors: 2, states: [{ entered: 3 }, { entered: 2 }, { entered: 0 }] },
    ]);
    expect(readdirSync(dirname(one)).sort()).toEqual(['coverage.json', 'trace.jsonl']);
  });

  it('exits with 1 when less than the minimum was covered, and says what', async () => {
    const file = await recorded('OPEN', 'CLOSE');
    expect(await run(file, '--min-states', '66%', '--min-transitions', '60')).toMatchObject({
      code: 0,
    });
    expect(await run(file, '--min-states', '67%', '--min-transitions', '60%')).toMatchObject({
      code: 1,
      err: 'Too few states were covered: 2 of 3 (66 %); at least 67 % are required',
    });
  });

  it('takes a recording without a machine for less than any minimum', async () => {
    const path = join(await tempDir(), 'empty.jsonl');
    await recordTo(path).close();
    expect(await run(path)).toMatchObject({ code: 0, out: 'No machine was covered.' });
    expect(await run(path, '--min-states', '1%')).toMatchObject({ code: 1 });
  });

  it('says what is wrong with its arguments and files', async () => {
    const dir = await tempDir();
    const broken = join(dir, 'broken.json');
    writeFileSync(broken, '{"type":"wirechart.coverage","version":7}');
    const cases: readonly (readonly [readonly string[], string])[] = [
      [[], "'coverage' needs the path of at least one recording or coverage file"],
      [
        ['x', '--min-states', '101%'],
        "--min-states is '101%'; it must be a percentage from 0% to 100%",
      ],
      [['x', '--min-transitions', 'all'], "--min-transitions is 'all'"],
      [['x', '--what'], "Unknown option '--what'"],
      [[join(dir, 'none')], 'ENOENT'],
      [[dir], 'EISDIR'],
      [[broken], `Cannot read '${broken}': The file has another version than 1`],
      [[await recorded(), '--merge', join(dir, 'none', 'x')], 'Cannot write'],
    ];
    for (const [args, why] of cases) {
      // The usage helps against wrong arguments, and would hide what is wrong with a file.
      const needsUsage = !/ENOENT|EISDIR|Cannot/.test(why);
      const expected = { message: expect.stringContaining(why) as string, needsUsage };
      await expect(run(...args)).rejects.toMatchObject(expected);
    }
    expect(readdirSync(dir)).toEqual(['broken.json']);
  });

  it('prints no control characters of a hostile recording', async () => {
    const name = 'a\u001b[31m\nb\u202e';
    const machine = createMachine({
      id: name,
      initial: name,
      states: { [name]: { on: { [name]: name } } },
    });
    const path = join(await tempDir(), 'trace.jsonl');
    const recording = recordTo(path);
    createActor(machine, { inspect: recording.inspect }).start();
    await recording.close();
    const { out } = await run(path);
    expect(out).toContain('transitions never taken');
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(out.split('\n')).toHaveLength(5);
  });
});
