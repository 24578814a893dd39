/** A feed keeps nothing alive. The tests run programs that can call the garbage collector. */

import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { run } from './programs.ts';

expectIdleAfterEach();

/** Defines `collect(isDone)`, which collects garbage until `isDone()`, for a hundred turns at most. */
const COLLECT = `
  const collect = async (isDone) => {
    for (let at = 0; at < 100 && !isDone(); at += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      gc();
    }
  };
`;
const flags = ['--expose-gc'];

/** The actor's options, and the call after its creation, for each way of watching it. */
const WAYS = [
  { way: 'inspect', option: '{ inspect: feed.inspect }', attach: '' },
  { way: 'attach', option: '{}', attach: 'feed.inspect.attach(actor);' },
];

describe.each(WAYS)('an unreferenced system, by $way,', ({ option, attach }) => {
  it('is collected while it is watched, and the watcher is told that its actors have stopped', async () => {
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

  it('is collected after the watcher has been removed', async () => {
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

describe('an unreferenced protocol', () => {
  it('is collected while its messages are reported', async () => {
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
    // An idle protocol has two actors: the machine and its owner.
    expect(exit).toEqual({
      code: 0,
      stdout: 'true true\nservice.stop,service.stop\n',
      stderr: '',
    });
  });
});

/** Child machines that end in different ways. Each passes itself to `note`. */
const CHILDREN = {
  'are done': `x.createMachine({
    context: ({ self }) => note(self), initial: 'z', states: { z: { type: 'final' } },
  })`,
  'are stopped': `x.createMachine({ context: ({ self }) => note(self) })`,
  'fail while they start': `x.createMachine({
    context: ({ self }) => note(self), entry: () => { throw new Error('broken'); },
  })`,
  'fail while they are constructed': `x.createMachine({
    context: ({ self }) => { note(self); throw new Error('broken'); },
  })`,
};

describe('short-lived children leave nothing behind', () => {
  const connections = (states: string, child: string, count: number) => `
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

  it.each(Object.entries(CHILDREN))('when they %s', async (_, child) => {
    const states = `{
      out: { on: { GO: 'in' } },
      in: { invoke: { id: 'child', src: 'child', onError: {}, onDone: {} }, on: { GO: 'out' } },
    }`;
    const exit = await run(connections(states, child, 2_000), { flags });
    expect(exit).toEqual({ code: 0, stdout: '1000 0 out true\n', stderr: '' });
  });

  it('when they are never started, because their state is left at once', async () => {
    const states = `{
      out: { on: { GO: 'via' } },
      via: { invoke: { id: 'child', src: 'child' }, always: 'out', entry: x.sendTo('child', { type: 'HI' }) },
    }`;
    const exit = await run(connections(states, CHILDREN['are stopped'], 10_000), { flags });
    expect(exit).toEqual({ code: 0, stdout: '10000 0 out true\n', stderr: '' });
  });

  it('when they get an event after they have ended', async () => {
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
