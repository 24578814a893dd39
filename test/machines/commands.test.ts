import { expect, it } from 'vitest';
import { COMMANDS, leaves, pathOfNode, standing } from './chart.ts';
import { at, RESTING, type Resting } from './support.ts';

/** Written by hand, from what each command is for; the chart has no part in it. */
const LEGAL: Readonly<Record<Resting, readonly string[]>> = {
  IDLE: ['CONNECT', 'LISTEN'],
  'CONNECTING.dialing': ['DISCONNECT', 'DISCONNECT force', 'ABORT', 'FAIL'],
  'CONNECTING.listening.binding': ['DISCONNECT', 'DISCONNECT force', 'ABORT', 'FAIL'],
  'CONNECTING.listening.bound': ['ACCEPT', 'DISCONNECT', 'DISCONNECT force', 'ABORT', 'FAIL'],
  'CONNECTING.accepting': ['DISCONNECT', 'DISCONNECT force', 'ABORT', 'FAIL'],
  'CONNECTING.establishing': ['DISCONNECT', 'DISCONNECT force', 'ABORT', 'FAIL'],
  'RUNNING.open': ['DISCONNECT', 'DISCONNECT force', 'EXPECT_END', 'FAIL'],
  'RUNNING.ending': ['DISCONNECT', 'DISCONNECT force', 'EXPECT_MORE', 'FAIL'],
  // On the way home only a harder way home is heard, and one more reason.
  'DISCONNECTING.flushing.twoway': ['DISCONNECT force', 'FAIL'],
  'DISCONNECTING.flushing.oneway': ['DISCONNECT force', 'FAIL'],
  'DISCONNECTING.closing': ['DISCONNECT force', 'FAIL'],
  'DISCONNECTING.destroying': ['FAIL'],
};

it('leaves no state out', () => {
  const resting = leaves.filter(({ type }) => type === 'atomic');
  expect(resting.map(pathOfNode).sort()).toEqual([...RESTING].sort());
});

const cases = RESTING.flatMap((state) =>
  COMMANDS.map(({ label, event }) => {
    const verdict = LEGAL[state].includes(label) ? 'takes' : 'refuses';
    return [state, verdict, label, event] as const;
  }),
);

it.each(cases)('%s %s %s', (state, verdict, _, event) => {
  const leaf = leaves.find((candidate) => pathOfNode(candidate) === state);
  expect(leaf && standing(leaf).can(event)).toBe(verdict === 'takes');
});

it.each(RESTING)('a machine that has walked to %s takes the same commands', async (state) => {
  const { actor } = await at(state);
  const snapshot = actor.getSnapshot();
  const taken = COMMANDS.filter(({ event }) => snapshot.can(event)).map(({ label }) => label);
  expect(taken).toEqual(COMMANDS.map(({ label }) => label).filter((l) => LEGAL[state].includes(l)));
});

it.each(cases.filter(([, verdict]) => verdict === 'refuses'))(
  '%s %s %s without a trace',
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
