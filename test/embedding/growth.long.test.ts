/** What is left of children that were, and of messages that passed: nothing. In processes of their own. */

import { describe, expect, it } from 'vitest';
import { run } from '../inspect/programs.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';

expectIdleAfterEach();

const flags = ['--expose-gc'];

const TOOLS = `
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const collect = async (isDone) => {
    for (let at = 0; at < 100 && !isDone(); at += 1) {
      await turn();
      gc();
    }
  };
  const heap = () => (gc(), process.memoryUsage().heapUsed / 1024);
  const politePair = () => {
    const [near, far] = w.streamPair();
    far.resume().on('end', () => far.end());
    return [near, far];
  };
`;

/** What is done in each stay in the invoking state; it has the child as \`line\`. */
const STAYS = {
  'that are left in IDLE': { count: 20_000, stay: 'w.AsyncProtocol.attach(line);' },
  'that are left while they dial': {
    count: 4_000,
    stay: `line.send({ type: 'CONNECT', address: { stream: politePair()[0] } });`,
  },
  'that are left while they run': {
    count: 1_000,
    stay: `
      const protocol = w.AsyncProtocol.attach(line);
      await protocol.connect({ stream: politePair()[0] });
      void protocol.send('hello').catch(() => undefined);
      void protocol.disconnect().catch(() => undefined);
    `,
  },
  'that are left while they listen': {
    count: 400,
    stay: `await w.AsyncProtocol.attach(line).listen({ port: 0 });`,
  },
};

describe('children of one parent', () => {
  it.each(Object.entries(STAYS))('%s leave no growth', { timeout: 60_000 }, async (_, cycles) => {
    const exit = await run(
      `
        ${TOOLS}
        const line = w.createProtocolMachine({ codec: w.lines() });
        const machine = x.setup({ actors: { line } }).createMachine({
          initial: 'outside',
          states: {
            inside: { invoke: { id: 'line', src: 'line' }, on: { LEAVE: 'outside' } },
            outside: { on: { ENTER: 'inside' } },
          },
        });
        // Time stands still: a timer that is left would be left for good.
        let timers = 0;
        const clock = {
          setTimeout: () => ({ id: (timers += 1) }),
          clearTimeout: () => void (timers -= 1),
        };
        const parent = x.createActor(machine, { clock }).start();
        const children = [];
        const cycle = async (count) => {
          for (let at = 0; at < count; at += 1) {
            parent.send({ type: 'ENTER' });
            const { line } = parent.getSnapshot().children;
            children.push(new WeakRef(line));
            ${cycles.stay}
            parent.send({ type: 'LEAVE' });
            // The ends of streams are of a later turn.
            if (at % 100 === 0) await turn();
          }
          // The last one may still be on somebody's stack.
          const alive = () => children.filter((child) => child.deref() !== undefined).length;
          await collect(() => alive() <= 1);
          return alive() <= 1 || alive();
        };
        const handles = () => process.getActiveResourcesInfo().sort().join();
        await cycle(${String(cycles.count / 10)});
        children.length = 0;
        const [handlesBefore, before] = [handles(), heap()];
        const alive = await cycle(${String(cycles.count)});
        children.length = 0;
        // Before anything is written: standard output is a handle, too.
        const [growth, handlesAfter] = [heap() - before, handles()];
        console.log(alive, timers, Object.keys(parent.getSnapshot().children).length);
        console.log(handlesAfter === handlesBefore || handlesAfter);
        console.log(growth < 1024 || growth);
      `,
      { flags },
    );
    expect(exit).toEqual({ code: 0, stdout: 'true 0 0\ntrue\ntrue\n', stderr: '' });
  });
});

describe('a flood', () => {
  const PARENTS = {
    'a parent that listens': '',
    'a parent that is told of every snapshot': `onSnapshot: { actions: () => (snapshots += 1) },`,
  };

  it.each(Object.entries(PARENTS))(
    'that is forwarded to %s grows no memory',
    { timeout: 60_000 },
    async (_, invoke) => {
      const exit = await run(
        `
          ${TOOLS}
          const line = w.createProtocolMachine({ codec: w.lines() }, { forward: true });
          let snapshots = 0;
          const machine = x.setup({ actors: { line } }).createMachine({
            context: ({ input }) => input,
            invoke: {
              id: 'line',
              src: 'line',
              ${invoke}
              input: ({ context: { stream } }) => ({ address: { stream } }),
            },
          });
          const [stream, far] = w.streamPair();
          const parent = x.createActor(machine, { input: { stream } }).start();
          const ref = parent.getSnapshot().children.line;
          let [received, next, before, most] = [0, 0, 0, 0];
          ref.on('message', ({ messages }) => {
            received += messages.length;
            if (received < next) return;
            next += 100_000;
            before ||= heap();
            most = Math.max(most, heap() - before);
          });
          const ended = new Promise((resolve) => ref.on('closed', resolve));
          const chunk = Buffer.from(('x'.repeat(99) + '\\n').repeat(1_000));
          for (let at = 0; at < 1_000; at += 1) {
            if (!far.write(chunk)) await new Promise((resolve) => far.once('drain', resolve));
          }
          far.end();
          const { outcome } = await ended;
          console.log(received, outcome.cause.code, ${invoke === '' ? '!' : ''}(snapshots > 1_000));
          console.log(most < 4 * 1024 || most);
        `,
        { flags },
      );
      expect(exit).toEqual({ code: 0, stdout: '1000000 ERR_CLOSED true\ntrue\n', stderr: '' });
    },
  );
});
