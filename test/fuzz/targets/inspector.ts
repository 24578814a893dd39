/**
 * The frames that an inspector receives, on the sockets of programs, pages and other receivers.
 *
 * Each line of an input is a frame. Its first character is the name of the socket: letters before n are
 * programs, v and w are pages, r and s are receivers. A line of one character closes the socket. The first
 * byte of the input says whether the inspector allows control.
 */

import type { Target } from '../engine/target.ts';
import { Mismatch } from '../engine/target.ts';
import { FakeTimers } from './fake-timers.ts';
import { checkTotals, FakeInspector, type Role, stateOf } from './inspector-hub.ts';
import { checkPage, replay } from './inspector-page.ts';
import { INSPECTOR_WORDS } from './inspector-words.ts';
import { checkSettles, expectEqual } from './monitor.ts';
import { checkPrototypes } from './prototypes.ts';

const roleOf = (name: string): Role =>
  /[vw]/.test(name) ? 'viewer' : /[rs]/.test(name) ? 'receiver' : 'program';

/** Delivers all frames. */
function deliver(input: Buffer, inspector: FakeInspector, runTimers: () => void): void {
  for (const line of input.toString('utf8', 1).split('\n')) {
    const name = line.charAt(0);
    if (line.length > 1) inspector.receive(roleOf(name), name, line.slice(1));
    else inspector.close(name);
  }
  runTimers();
}

async function check(input: Buffer): Promise<void> {
  const control = input[0] === 0x31;
  const inspector = new FakeInspector(control);
  const { hub } = inspector;
  FakeTimers.use((runTimers) => {
    deliver(input, inspector, runTimers);
    // A page that opens at the end gets all of it.
    inspector.receive('viewer', 'last page', '{}');
    runTimers();
    inspector.close('last page');
    const all = stateOf(inspector.sentTo('viewer'));
    checkPage(all);
    replay(inspector.sentTo('viewer'));
    expectEqual('The page knows other programs', idsOf(all), [...hub.programs.keys()]);
    for (const line of hub.recording()) if (line !== '') JSON.parse(line);
    inspector.closeAll();
    runTimers();
    checkTotals(hub);
    void hub.close();
  });
  const events = inspector.sentTo('program').filter(isEvent);
  if (!control && events.length > 0)
    throw new Mismatch('A program was sent an event without control', [], events);
  checkPrototypes();
  await Promise.resolve();
}

const idsOf = (all: ReturnType<typeof stateOf>): string[] =>
  all.filter((message) => message.type === 'program').map(({ id }) => id);

const isEvent = (command: unknown): boolean =>
  typeof command === 'object' &&
  command !== null &&
  Reflect.get(command, 'type') === 'xstate.event';

/** The frames of all sockets. */
export const INSPECTOR: Target = {
  name: 'inspector',
  dictionary: INSPECTOR_WORDS,
  maxSize: 4000,
  budget: {
    maxNanoseconds: 2000,
    // The first page starts the thread of the layouts.
    minRunMs: 30,
    run: (input) => {
      FakeTimers.use((runTimers) => {
        const inspector = new FakeInspector(input[0] === 0x31);
        inspector.receive('viewer', 'first page', '{}');
        deliver(input, inspector, runTimers);
        inspector.closeAll();
        void inspector.hub.close();
      });
    },
  },
  run: (input) => checkSettles(() => check(input)),
};
