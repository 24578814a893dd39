/** Connections in components of React that are hidden in every state, and shown again. */

import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { waitFor } from 'xstate';
import { AsyncProtocol, ClosedError, type Runstate } from '../../src/index.ts';
import { pathOf } from '../machines/support.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { turn } from '../support/signal.ts';
import { dials, HELD_STATES, type HeldState, isOver, Stage } from './held-states.ts';
import { PLACES } from './placed.ts';
import { type MachinePage, showMachine, type View } from './react-support.ts';

expectIdleAfterEach();

/** Shows a component, leads its connection to a state by the address of its input, and hides the component. */
async function hiddenIn(state: HeldState, view: View) {
  const stage = await Stage.of(state);
  const address = dials(state) ? stage.path : undefined;
  const page = await showMachine(stage.createMachine(), { ...view, address });
  const ref = page.ref();
  const protocol = AsyncProtocol.attach(ref);
  return stage.lead(ref, 'input', () => {
    const { closed } = protocol;
    const runstates = protocol.runstates();
    const { output } = ref.getSnapshot();
    page.hide();
    return { stage, page, ref, protocol, closed, runstates, output };
  });
}

/** Resolves when the client has closed its end of a socket. */
const closedByClient = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const close = () => {
      socket.destroy();
      resolve();
    };
    if (socket.readableEnded || socket.destroyed) close();
    else socket.resume().once('end', close).once('close', close);
  });

/** The rest of the states that a facade reports. */
async function restOf(runstates: AsyncIterable<Runstate>): Promise<readonly Runstate[]> {
  const rest: Runstate[] = [];
  for await (const runstate of runstates) rest.push(runstate);
  return rest;
}

const stateOf = (page: MachinePage): string => pathOf(page.ref().getSnapshot().value);

const MODES = [
  ['', false],
  [' in StrictMode', true],
] as const;
const VIEWS = PLACES.flatMap(([name, place]) =>
  MODES.map(([mode, isStrict]) => [`${name}${mode}`, { place, isStrict }] as const),
);
const ONGOING = HELD_STATES.filter((state) => !isOver(state));

describe.each(VIEWS)('%s', (_, view) => {
  it.each(ONGOING)('is closed at once when it is hidden in %s', async (state) => {
    const { stage, protocol, closed, runstates } = await hiddenIn(state, view);
    expect(protocol.runstate).toBe('IDLE');
    expect(existsSync(stage.path)).toBe(stage.isListening);
    await Promise.all(stage.sockets.map(closedByClient));
    expect(await restOf(runstates)).toEqual(state.startsWith('IDLE') ? [] : ['IDLE']);
    expect((await closed).cause).toBeDefined();
  });

  it.each(ONGOING)('starts afresh when it is shown again after %s', async (state) => {
    const { stage, page, protocol: before } = await hiddenIn(state, view);
    await stage.release();
    const { length } = stage.sockets;
    page.show();
    expect(stateOf(page)).toBe(dials(state) ? 'CONNECTING.dialing' : 'IDLE');
    const protocol = AsyncProtocol.attach(page.ref());
    expect(protocol).not.toBe(before);
    if (protocol.runstate === 'IDLE') await protocol.connect(stage.path);
    else await waitFor(page.ref(), (snapshot) => snapshot.hasTag('up'));
    await protocol.send('again');
    await protocol.flush();
    await stage.hasReceived('again\n');
    expect(stage.sockets.length).toBeGreaterThan(length);
    // The facade of the life before has nothing to do with this one.
    expect(before.runstate).toBe('IDLE');
    await before.disconnect().catch(() => undefined);
    await before.disconnect({ force: true });
    before.fail(new Error('of the life before'));
    before.expectEnd();
    await expect(before.send('too late')).rejects.toMatchObject({ code: 'ERR_STATE' });
    await expect(before.connect(stage.path)).rejects.toBeInstanceOf(ClosedError);
    expect(stateOf(page)).toBe('RUNNING.open');
    page.hide();
    expect(protocol.runstate).toBe('IDLE');
    await Promise.all(stage.sockets.map(closedByClient));
  });

  it.each(HELD_STATES.filter(isOver))(
    'stays over when it is shown again after %s',
    async (state) => {
      const { stage, page, ref, output } = await hiddenIn(state, view);
      const { length } = stage.sockets;
      page.show();
      await turn();
      expect(stage.sockets).toHaveLength(length);
      expect(ref.getSnapshot()).toMatchObject({ status: 'done', output });
    },
  );
});
