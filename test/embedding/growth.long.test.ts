/**
 * Stopped children and forwarded messages do not leak memory. Each test runs a separate process.
 */

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
  const discardingPair = () => {
    const [near, far] = w.streamPair();
    far.resume().on('end', () => far.end());
    return [near, far];
  };
`;

/** What happens while the parent is in the invoking state; the child is \`connection\`. */
const SCENARIOS = {
  'that are stopped in IDLE': { count: 20_000, script: 'w.AsyncProtocol.attach(connection);' },
  'that are stopped while they dial': {
    count: 4_000,
    script: `connection.send({ type: 'CONNECT', address: { stream: discardingPair()[0] } });`,
  },
  'that are stopped while they run': {
    count: 1_000,
    script: `
      const protocol = w.AsyncProtocol.attach(connection);
      await protocol.connect({ stream: discardingPair()[0] });
      void protocol.send('hello').catch(() => undefined);
      void protocol.disconnect().catch(() => undefined);
    `,
  },
  'that are stopped while they listen': {
    count: 400,
    script: `await w.AsyncProtocol.attach(connection).listen({ port: 0 });`,
  },
};

describe('children of one parent', () => {
  it.each(Object.entries(SCENARIOS))(
    '%s do not grow the heap',
    { timeout: 60_000 },
    async (_, scenario) => {
      const exit = await run(
        `
        ${TOOLS}
        const connection = w.createProtocolMachine({ codec: w.lines() });
        const machine = x.setup({ actors: { connection } }).createMachine({
          initial: 'outside',
          states: {
            inside: { invoke: { id: 'connection', src: 'connection' }, on: { LEAVE: 'outside' } },
            outside: { on: { ENTER: 'inside' } },
          },
        });
        // Counts the pending timers, none of which ever fires.
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
            const { connection } = parent.getSnapshot().children;
            children.push(new WeakRef(connection));
            ${scenario.script}
            parent.send({ type: 'LEAVE' });
            // Streams end in a later turn.
            if (at % 100 === 0) await turn();
          }
          // The last one may still be referenced by a stack frame.
          const alive = () => children.filter((child) => child.deref() !== undefined).length;
          await collect(() => alive() <= 1);
          // The ends of streams take some turns.
          await collect(() => !process.getActiveResourcesInfo().includes('Immediate'));
          return alive() <= 1 || alive();
        };
        const handles = () => process.getActiveResourcesInfo().sort().join();
        await cycle(${String(scenario.count / 10)});
        children.length = 0;
        const [handlesBefore, before] = [handles(), heap()];
        const alive = await cycle(${String(scenario.count)});
        children.length = 0;
        // Measured before anything is printed, because standard output is a handle too.
        const [growth, handlesAfter] = [heap() - before, handles()];
        console.log(alive, timers, Object.keys(parent.getSnapshot().children).length);
        console.log(handlesAfter === handlesBefore || handlesAfter);
        console.log(growth < 1024 || growth);
      `,
        { flags },
      );
      expect(exit).toEqual({ code: 0, stdout: 'true 0 0\ntrue\ntrue\n', stderr: '' });
    },
  );
});

describe('a flood of messages', () => {
  const PARENTS = {
    'a parent with a listener': '',
    'a parent with onSnapshot': `onSnapshot: { actions: () => (snapshots += 1) },`,
  };

  it.each(Object.entries(PARENTS))(
    'that is forwarded to %s does not grow the heap',
    { timeout: 60_000 },
    async (_, invoke) => {
      const exit = await run(
        `
          ${TOOLS}
          const connection = w.createProtocolMachine({ codec: w.lines() }, { forward: true });
          let snapshots = 0;
          const machine = x.setup({ actors: { connection } }).createMachine({
            context: ({ input }) => input,
            invoke: {
              id: 'connection',
              src: 'connection',
              ${invoke}
              input: ({ context: { stream } }) => ({ address: { stream } }),
            },
          });
          const [stream, far] = w.streamPair();
          const parent = x.createActor(machine, { input: { stream } }).start();
          const ref = parent.getSnapshot().children.connection;
          let [received, next, before, growth] = [0, 0, 0, 0];
          ref.on('message', ({ messages }) => {
            received += messages.length;
            if (received < next) return;
            next += 100_000;
            before ||= heap();
            growth = Math.max(growth, heap() - before);
          });
          const ended = new Promise((resolve) => ref.on('closed', resolve));
          const chunk = Buffer.from(('x'.repeat(99) + '\\n').repeat(1_000));
          for (let at = 0; at < 1_000; at += 1) {
            if (!far.write(chunk)) await new Promise((resolve) => far.once('drain', resolve));
          }
          far.end();
          const { outcome } = await ended;
          console.log(received, outcome.cause.code, ${invoke === '' ? '!' : ''}(snapshots > 1_000));
          console.log(growth < 4 * 1024 || growth);
        `,
        { flags },
      );
      expect(exit).toEqual({ code: 0, stdout: '1000000 ERR_CLOSED true\ntrue\n', stderr: '' });
    },
  );
});
