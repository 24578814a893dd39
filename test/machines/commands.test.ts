import { expect, it } from 'vitest';
import { COMMANDS, leaves, pathOfNode, snapshotIn } from './chart.ts';
import { at, STABLE_STATES, type StableState } from './support.ts';

/** The commands that each state accepts; written by hand, not derived from the chart. */
const ACCEPTED: Readonly<Record<StableState, readonly string[]>> = {
  IDLE: ['CONNECT', 'LISTEN'],
  'CONNECTING.dialing': ['DISCONNECT', 'DISCONNECT force', 'ABORT', 'FAIL'],
  'CONNECTING.listening.binding': ['DISCONNECT', 'DISCONNECT force', 'ABORT', 'FAIL'],
  'CONNECTING.listening.bound': ['ACCEPT', 'DISCONNECT', 'DISCONNECT force', 'ABORT', 'FAIL'],
  'CONNECTING.accepting': ['DISCONNECT', 'DISCONNECT force', 'ABORT', 'FAIL'],
  'CONNECTING.establishing': ['DISCONNECT', 'DISCONNECT force', 'ABORT', 'FAIL'],
  'RUNNING.open': ['DISCONNECT', 'DISCONNECT force', 'EXPECT_END', 'FAIL'],
  // In `ending`, EXPECT_END may still say why.
  'RUNNING.ending': ['DISCONNECT', 'DISCONNECT force', 'EXPECT_END', 'EXPECT_MORE', 'FAIL'],
  'RUNNING.halfOpen': ['DISCONNECT', 'DISCONNECT force', 'FAIL'],
  // DISCONNECTING accepts only a forced disconnection, and one more cause.
  'DISCONNECTING.draining.handling': ['DISCONNECT force', 'FAIL'],
  'DISCONNECTING.draining.farewell': ['DISCONNECT force', 'FAIL'],
  'DISCONNECTING.flushing.twoway': ['DISCONNECT force', 'FAIL'],
  'DISCONNECTING.flushing.oneway': ['DISCONNECT force', 'FAIL'],
  'DISCONNECTING.closing': ['DISCONNECT force', 'FAIL'],
  'DISCONNECTING.destroying': ['FAIL'],
};

it('has a row for every state', () => {
  const atomicStates = leaves.filter(({ type }) => type === 'atomic');
  expect(atomicStates.map(pathOfNode).sort()).toEqual([...STABLE_STATES].sort());
});

const cases = STABLE_STATES.flatMap((state) =>
  COMMANDS.map(({ label, event }) => {
    const verb = ACCEPTED[state].includes(label) ? 'accepts' : 'refuses';
    return [state, verb, label, event] as const;
  }),
);

it.each(cases)('%s %s %s', (state, verb, _, event) => {
  const leaf = leaves.find((candidate) => pathOfNode(candidate) === state);
  expect(leaf && snapshotIn(leaf).can(event)).toBe(verb === 'accepts');
});

it.each(STABLE_STATES)('a machine that was led to %s accepts the same commands', async (state) => {
  const { actor } = await at(state);
  const snapshot = actor.getSnapshot();
  const accepted = COMMANDS.filter(({ event }) => snapshot.can(event)).map(({ label }) => label);
  expect(accepted).toEqual(
    COMMANDS.map(({ label }) => label).filter((l) => ACCEPTED[state].includes(l)),
  );
});

it.each(cases.filter(([, verb]) => verb === 'refuses'))(
  '%s %s %s without any effect',
  async (state, _, __, event) => {
    const machine = await at(state);
    const { emitted, link } = machine;
    const before = { emitted: [...emitted], calls: [...link.calls], aborted: [...link.aborted] };
    const { context } = machine;
    machine.send(event);
    expect(machine.state).toBe(state);
    expect(machine.context).toBe(context);
    expect({ emitted, calls: link.calls, aborted: link.aborted }).toEqual(before);
  },
);
