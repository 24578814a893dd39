/** What a feed keeps alive, which is nothing. The programs that look have the garbage collector at hand. */

import { describe, expect, it } from 'vitest';
import { expectHomeAfterEach } from '../support/cleanup.ts';
import { run } from './programs.ts';

expectHomeAfterEach();

/** Has what can be collected collected, until `isDone()`, or for a hundred turns. */
const COLLECT = `
  const collect = async (isDone) => {
    for (let at = 0; at < 100 && !isDone(); at += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      gc();
    }
  };
`;
const flags = ['--expose-gc'];

/** What the options are, and what is done with the actor, for each way of seeing it. */
const WAYS = [
  { way: 'inspect', option: '{ inspect: feed.inspect }', attach: '' },
  { way: 'attach', option: '{}', attach: 'feed.inspect.attach(actor);' },
];

describe.each(WAYS)('a system that is dropped, by $way,', ({ option, attach }) => {
  it('is collected although somebody watches, who is told that its actors are no more', async () => {
    const exit = await run(
      `
        ${COLLECT}
        const feed = new Feed();
        const stops = [];
        const ids = [];
        feed.add((line) => {
          const { type, sessionId, id } = JSON.parse(line);
          if (type === 'service.register') ids.push(id + ' ' + sessionId);
          if (type === 'service.stop') stops.push(sessionId);
        });
        const drop = () => {
          const child = x.fromTransition((count) => count + 1, 0);
          const machine = x.createMachine({ id: 'm', invoke: { id: 'child', src: child } });
          const actor = x.createActor(machine, { id: 'root', ...${option} });
          ${attach}
          actor.start().send({ type: 'GO' });
          return new WeakRef(actor);
        };
        const reference = drop();
        await collect(() => stops.length > 0);
        console.log(reference.deref() === undefined, ids.length, stops.length);
        console.log(ids.every((id) => stops.includes(id.split(' ')[1])));
      `,
      { flags },
    );
    expect(exit).toEqual({ code: 0, stdout: 'true 2 2\ntrue\n', stderr: '' });
  });

  it('is collected also when nobody watches any more', async () => {
    const exit = await run(
      `
        ${COLLECT}
        const feed = new Feed();
        const sink = (line) => lines.push(line);
        const lines = [];
        feed.add(sink);
        const drop = () => {
          const actor = x.createActor(lamp, ${option});
          ${attach}
          actor.start().send({ type: 'TOGGLE' });
          return new WeakRef(actor);
        };
        const reference = drop();
        feed.remove(sink);
        lines.length = 0;
        await collect(() => reference.deref() === undefined);
        console.log(reference.deref() === undefined, lines.length);
      `,
      { flags },
    );
    expect(exit).toEqual({ code: 0, stdout: 'true 0\n', stderr: '' });
  });
});

describe('a protocol that is dropped', () => {
  it('is collected although somebody sees its messages', async () => {
    const exit = await run(
      `
        ${COLLECT}
        const feed = new Feed();
        const types = [];
        feed.add((line) => types.push(JSON.parse(line).type));
        feed.setTapping(true);
        const drop = async () => {
          const [near, far] = w.streamPair();
          far.resume().on('end', () => far.end());
          const protocol = new w.AsyncProtocol({ codec: w.lines() }, { inspect: feed.inspect });
          await protocol.connect({ stream: near });
          await protocol.send('seen');
          await protocol.disconnect();
          return new WeakRef(protocol);
        };
        const reference = await drop();
        types.push('dropped');
        const last = () => types.slice(types.indexOf('dropped') + 1);
        await collect(() => last().length > 0);
        console.log(reference.deref() === undefined, types.includes('wirechart.message'));
        console.log(last().join());
      `,
      { flags },
    );
    // It was idle, which is the machine and its owner.
    expect(exit).toEqual({
      code: 0,
      stdout: 'true true\nservice.stop,service.stop\n',
      stderr: '',
    });
  });
});

/** A machine whose children each end in one way; they note themselves by `note`. */
const CHILDREN = {
  'are done': `x.createMachine({
    context: ({ self }) => note(self), initial: 'z', states: { z: { type: 'final' } },
  })`,
  'are stopped': `x.createMachine({ context: ({ self }) => note(self) })`,
  'fail while they start': `x.createMachine({
    context: ({ self }) => note(self), entry: () => { throw new Error('broken'); },
  })`,
  'fail while they are made': `x.createMachine({
    context: ({ self }) => { note(self); throw new Error('broken'); },
  })`,
};

describe('children that live for a moment leave nothing behind', () => {
  const visits = (states: string, child: string, count: number) => `
    ${COLLECT}
    const children = [];
    const note = (self) => (children.push(new WeakRef(self)), {});
    const feed = new Feed();
    let lines = 0;
    feed.add(() => (lines += 1));
    const host = x.createMachine({ id: 'host', initial: 'out', states: ${states} });
    const child = ${child};
    const actor = x.createActor(host.provide({ actors: { child } }), { inspect: feed.inspect }).start();
    for (let at = 0; at < ${String(count)}; at += 1) actor.send({ type: 'GO' });
    const alive = () => children.filter((one) => one.deref() !== undefined).length;
    await collect(() => alive() === 0);
    console.log(children.length, alive(), actor.getSnapshot().value, lines > ${String(count)});
  `;

  it.each(Object.entries(CHILDREN))('as those that %s', async (_, child) => {
    const states = `{
      out: { on: { GO: 'in' } },
      in: { invoke: { id: 'child', src: 'child', onError: {}, onDone: {} }, on: { GO: 'out' } },
    }`;
    const exit = await run(visits(states, child, 2_000), { flags });
    expect(exit).toEqual({ code: 0, stdout: '1000 0 out true\n', stderr: '' });
  });

  it('as those that are never started, because their state is left at once', async () => {
    const states = `{
      out: { on: { GO: 'via' } },
      via: { invoke: { id: 'child', src: 'child' }, always: 'out', entry: x.sendTo('child', { type: 'HI' }) },
    }`;
    const exit = await run(visits(states, CHILDREN['are stopped'], 10_000), { flags });
    expect(exit).toEqual({ code: 0, stdout: '10000 0 out true\n', stderr: '' });
  });

  it('as those that are sent an event when they have ended', async () => {
    const exit = await run(
      `
        ${COLLECT}
        const feed = new Feed();
        const lines = [];
        feed.add((line) => lines.push(line));
        const make = () => {
          const actor = x.createActor(lamp, { inspect: feed.inspect }).start();
          actor.stop();
          lines.length = 0;
          actor.send({ type: 'TOGGLE' });
          return new WeakRef(actor);
        };
        const actors = Array.from({ length: 2_000 }, make);
        const alive = () => actors.filter((one) => one.deref() !== undefined).length;
        await collect(() => alive() === 0);
        console.log(alive(), lines.length);
      `,
      { flags },
    );
    expect(exit).toEqual({ code: 0, stdout: '0 0\n', stderr: '' });
  });
});
