/** The chart as JSON, as it is pasted into Stately's editor: a machine of it is the same picture. */

import { expect, it } from 'vitest';
import { type AnyStateMachine, createMachine } from 'xstate';
import { createProtocolMachine, createSupervisorMachine, lines } from '../../src/index.ts';
import { toMermaid } from '../../src/inspect/index.ts';
import { createQmpMachine } from '../../src/qmp/index.ts';

const MACHINES: readonly (readonly [string, AnyStateMachine])[] = [
  ['a protocol', createProtocolMachine({ codec: lines() })],
  ['a single session', createProtocolMachine({ codec: lines() }, { once: true })],
  ['QMP', createQmpMachine()],
  ['a supervisor', createSupervisorMachine({ codec: lines() })],
];

it.each(MACHINES)('the JSON of the chart of %s is the whole picture', (_, machine) => {
  const text = JSON.stringify(machine.config);
  const pasted = createMachine(JSON.parse(text) as Parameters<typeof createMachine>[0]);
  expect(toMermaid(pasted)).toBe(toMermaid(machine));
  // Functions would be missing in it: everything that runs has a name.
  expect(text).toContain('"src":');
  expect(text).not.toContain('=>');
});
