/** A chart that adds states to that of a connection is shown, drawn and written like any other. */

import { expect, it } from 'vitest';
import { createActor, createMachine, waitFor } from 'xstate';
import { inHandshake, jsonLines, protocolSetup, streamPair, toSession } from '../../src/index.ts';
import { Feed } from '../../src/inspect/feed.ts';
import { toDot, toMermaid, toSource } from '../../src/inspect/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { nodeOf, stateOf, watch } from './support.ts';

expectIdleAfterEach();

interface Message {
  readonly pin?: string;
  readonly shown?: string;
}

/** A login with states of its own, which waits for an event. */
const login = createMachine({
  id: 'login',
  initial: 'asking',
  states: { asking: { on: { ADMIT: 'admitted' } }, admitted: { type: 'final' } },
});

const types = {} as { events: { type: 'PAUSE' } | { type: 'RESUME' }; tags: 'paused' };

const { setup, config, complete } = protocolSetup(
  { codec: jsonLines<Message>(), redact: (message: Message) => ({ ...message, pin: '…' }) },
  {
    types,
    actors: { login: inHandshake(login) },
  },
);
const { CONNECTING, RUNNING } = config.states;
const { dialing, establishing } = CONNECTING.states;
const { open } = RUNNING.states;

const machine = complete(
  setup.createMachine({
    ...config,
    states: {
      ...config.states,
      CONNECTING: {
        ...CONNECTING,
        states: {
          ...CONNECTING.states,
          dialing: { ...dialing, invoke: { ...dialing.invoke, onDone: 'AUTHENTICATING' } },
          AUTHENTICATING: {
            entry: 'noteStreamIsOpen',
            after: establishing.after,
            invoke: {
              id: 'login',
              src: 'login',
              input: toSession,
              onDone: '#protocol.RUNNING',
              onError: {
                target: '#protocol.DISCONNECTING.destroying',
                actions: 'recordConnectFailure',
              },
            },
          },
        },
      },
      RUNNING: {
        ...RUNNING,
        states: {
          ...RUNNING.states,
          open: { ...open, on: { ...open.on, PAUSE: 'PAUSED' } },
          PAUSED: { tags: 'paused', on: { RESUME: 'open' } },
        },
      },
    },
  }),
);

it('reports the states that were added, the logic in them, and the messages', async () => {
  const feed = new Feed();
  const log = watch(feed);
  feed.setTapping(true);
  const actor = createActor(machine, { id: 'c', inspect: feed.inspect }).start();
  cleanUp(() => actor.stop());
  const [near, far] = streamPair();
  far.resume().on('end', () => far.end());
  actor.send({ type: 'CONNECT', address: { stream: near } });
  await log.until((all) => all.summary.some((line) => /register login .* asking/.test(line)));
  const { states } = nodeOf(log.registered('c').machine);
  expect(Object.keys(states['RUNNING']?.states ?? {})).toContain('PAUSED');
  expect(Object.keys(states['CONNECTING']?.states ?? {})).toContain('AUTHENTICATING');

  const asking = log
    .of('service.register')
    .find((one) => one.wirechart.kind === 'machine' && one.id === 'login');
  const event = JSON.stringify({ data: { type: 'ADMIT' }, origin: asking?.sessionId });
  feed.send({ type: 'xstate.event', event });
  await waitFor(actor, (snapshot) => snapshot.hasTag('up'));
  actor.send({ type: 'PAUSE' });
  actor.send({ type: 'SEND', message: { pin: 'PLANTED', shown: 'shown' } });
  expect(stateOf(log.last('service.state')).value).toEqual({ RUNNING: 'PAUSED' });
  expect(log.of('wirechart.message').map(({ text }) => text)).toEqual([
    '{"pin":"…","shown":"shown"}',
  ]);
  expect(stateOf(watch(feed).registered('c')).value).toEqual({ RUNNING: 'PAUSED' });
  expect(log.lines.join('\n')).not.toContain('PLANTED');
  expect(log.of('wirechart.problem')).toEqual([]);
  far.destroy();
});

it('is drawn with the states that were added', () => {
  const mermaid = toMermaid(machine);
  expect(mermaid).toContain('RUNNING_open --> RUNNING_PAUSED : PAUSE');
  expect(mermaid).toContain('CONNECTING_AUTHENTICATING --> RUNNING : login done');
  expect(mermaid).toContain('CONNECTING_AUTHENTICATING : runs login');
  expect(toDot(machine)).toContain('"RUNNING_PAUSED" -> "RUNNING_open"');
  expect(toSource(machine)).toContain('"src": "login"');
});
