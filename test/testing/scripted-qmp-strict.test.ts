/** What a scripted server tells the author of a test: strict mode, sequences, next() and done(). */

import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/index.ts';
import {
  CommandFailure,
  faults,
  ScriptError,
  ScriptedQmpServer,
  sequence,
} from '../../src/testing/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { expectNoHandles } from '../support/handles.ts';
import { createClient, createServer, scripted } from '../support/qmp.ts';
import { gate, hasSettled, rejection } from '../support/signal.ts';

expectIdleAfterEach();

describe('a strict server', () => {
  it('fails done() for a command without a script, once, with the command', async () => {
    const { client, server } = await scripted({ strict: true });
    expect(await rejection(client.execute('device_add', { driver: 'x' }))).toMatchObject({
      errorClass: 'CommandNotFound',
    });
    const failure = await rejection(server.done());
    expect(failure).toBeInstanceOf(ScriptError);
    expect(failure).toHaveProperty(
      'message',
      "The server received { execute: 'device_add', arguments: { driver: 'x' } }, and no script is for it.",
    );
    await server.done();
    await client.disconnect();
  });

  it('fails the end of await using for it, without its secrets', async () => {
    const client = createClient();
    const body = async (): Promise<void> => {
      await using server = new ScriptedQmpServer({ strict: true });
      await client.connect(await server.listen());
      await rejection(client.execute('set_password', { protocol: 'vnc', password: 'hunter2' }));
    };
    const failure = await rejection(body());
    expect(failure).toBeInstanceOf(ScriptError);
    expect(JSON.stringify(failure)).not.toContain('hunter2');
    expect(failure).toHaveProperty('message', expect.stringContaining("password: '[redacted]'"));
    await client.closed;
    await expectNoHandles();
  });

  it('fails neither for scripted and built-in commands, nor in close()', async () => {
    const { client, server } = await scripted({ strict: true, commands: { x: null } });
    await client.execute('x');
    await client.execute('query-status');
    await client.execute('query-jobs');
    await server.done();
    await rejection(client.execute('y'));
    await client.disconnect();
    await server.close();
  });

  it('is not the default', async () => {
    const { client, server } = await scripted();
    await rejection(client.execute('y'));
    await server.done();
    await client.disconnect();
  });
});

describe('sequence()', () => {
  const busy = new CommandFailure('Bus is busy');

  it('answers one call after the other, and repeats the last answer', async () => {
    const { client } = await scripted({
      commands: { x: sequence(busy, [1], ({ arguments: args }) => args) },
    });
    expect(await rejection(client.execute('x'))).toMatchObject({ description: 'Bus is busy' });
    expect(await client.execute('x')).toEqual([1]);
    expect(await client.execute('x', { a: 1 })).toEqual({ a: 1 });
    expect(await client.execute('x', { a: 2 })).toEqual({ a: 2 });
    await client.disconnect();
  });

  it('of a strict server fails after its end', async () => {
    const { client, server } = await scripted({ strict: true, commands: { x: sequence(1, 2) } });
    expect([await client.execute('x'), await client.execute('x')]).toEqual([1, 2]);
    const text = "The sequence of 'x' has 2 scripts, and this is call 3.";
    expect(await rejection(client.execute('x'))).toMatchObject({ description: text });
    expect(await rejection(server.done())).toEqual(new ScriptError(text));
    await client.disconnect();
  });

  it('counts for each server, and goes on in the next session', async () => {
    const commands = { x: sequence(1, 2, 3) };
    for (const server of [createServer({ commands }), createServer({ commands })]) {
      const client = createClient();
      for (const expected of [1, 2, 3]) {
        await client.connect(await server.listen());
        expect(await client.execute('x')).toBe(expected);
        await client.disconnect();
      }
    }
  });

  it('may have null, faults and sequences', async () => {
    const { client } = await scripted({
      commands: { x: sequence(null, sequence('a', 'b'), faults.drop()) },
    });
    expect([await client.execute('x'), await client.execute('x')]).toEqual([null, 'a']);
    await rejection(client.execute('x'));
    await client.closed;
  });

  it('throws an ArgumentError without a script', () => {
    expect(() => sequence()).toThrow(ArgumentError);
  });

  it('is no array: an array is a return value', async () => {
    const { client } = await scripted({ commands: { x: [busy.message, 1] } });
    expect(await client.execute('x')).toEqual(['Bus is busy', 1]);
    expect(await client.execute('x')).toEqual(['Bus is busy', 1]);
    await client.disconnect();
  });
});

describe('next()', () => {
  it('resolves with the next command of a name, received before or after the call', async () => {
    const { client, server } = await scripted({ commands: { x: null, y: null } });
    const first = server.next('x');
    expect(await hasSettled(first)).toBe(false);
    await client.execute('y');
    await client.execute('x', { n: 1 });
    await client.execute('x', { n: 2 });
    expect((await first).arguments).toEqual({ n: 1 });
    expect((await server.next('x')).arguments).toEqual({ n: 2 });
    expect(await server.next('y')).toMatchObject({ execute: 'y' });
    await client.disconnect();
  });

  it('resolves while the script of the command waits', async () => {
    const answer = gate();
    const { client, server } = await scripted({
      commands: { slow: () => answer.opened.then(() => null) },
    });
    const slow = client.execute('slow');
    await server.next('slow');
    expect(await hasSettled(slow)).toBe(false);
    answer.open();
    await slow;
    await client.disconnect();
  });

  it('resolves several calls in the order of the commands', async () => {
    const { client, server } = await scripted({ commands: { x: null } });
    const both = Promise.all([server.next('x'), server.next('x')]);
    await client.execute('x', { n: 1 });
    await client.execute('x', { n: 2 });
    expect((await both).map((command) => command.arguments)).toEqual([{ n: 1 }, { n: 2 }]);
    await client.disconnect();
  });

  it('rejects when no such command comes, with those that came', async () => {
    const { client, server } = await scripted({ commands: { x: null } });
    await client.execute('x');
    expect(await rejection(server.next('y', { timeout: 1 }))).toEqual(
      new ScriptError(
        "After 1 ms, the server has not received 'y'. The last commands that it has received: " +
          "'qmp_capabilities', 'x'.",
      ),
    );
    await client.disconnect();
  });

  it('rejects with the reason of its signal, and takes no command then', async () => {
    const { client, server } = await scripted({ commands: { x: null } });
    const controller = new AbortController();
    const aborted = rejection(server.next('x', { signal: controller.signal }));
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await aborted).toBe(reason);
    expect(await rejection(server.next('x', { signal: controller.signal }))).toBe(reason);
    await client.execute('x');
    expect(await server.next('x')).toEqual({ execute: 'x' });
    await client.disconnect();
  });

  it('rejects when the server is closed, and leaves nothing open', async () => {
    const server = createServer();
    const waiting = rejection(server.next('x', { timeout: 60_000 }));
    await server.close();
    expect(await waiting).toBeInstanceOf(ScriptError);
    expect(await rejection(server.next('x'))).toBeInstanceOf(ScriptError);
    await expectNoHandles();
  });

  it('rejects a wrong option', async () => {
    const server = createServer();
    expect(await rejection(server.next('x', { timeout: -1 }))).toBeInstanceOf(ArgumentError);
    expect(await rejection(server.next('x', { timeOut: 1 } as never))).toBeInstanceOf(
      ArgumentError,
    );
  });
});

describe('done()', () => {
  it('waits until every command is answered', async () => {
    const answer = gate();
    const { client, server } = await scripted({
      commands: { slow: () => answer.opened.then(() => null) },
    });
    const slow = client.execute('slow');
    await server.next('slow');
    const done = server.done();
    expect(await hasSettled(done)).toBe(false);
    answer.open();
    await Promise.all([done, slow]);
    await client.disconnect();
  });

  it('rejects with the reason of its signal, and for a wrong option', async () => {
    const answer = gate();
    const { client, server } = await scripted({
      commands: { slow: () => answer.opened.then(() => null) },
    });
    const slow = client.execute('slow');
    await server.next('slow');
    const controller = new AbortController();
    const aborted = rejection(server.done({ signal: controller.signal }));
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await aborted).toBe(reason);
    expect(await rejection(server.done({ timeout: 0 }))).toBeInstanceOf(ArgumentError);
    answer.open();
    await slow;
    await server.done();
    await client.disconnect();
  });

  it('rejects when that takes longer than timeout', async () => {
    const answer = gate();
    const { client, server } = await scripted({
      commands: { slow: () => answer.opened.then(() => null) },
    });
    const slow = client.execute('slow');
    await server.next('slow');
    expect(await rejection(server.done({ timeout: 1 }))).toEqual(
      new ScriptError("After 1 ms, 'slow' is not answered."),
    );
    answer.open();
    await slow;
    await client.disconnect();
  });
});

describe('the options', () => {
  it('refuse a script that is an error of another kind than CommandFailure', () => {
    const commands = { quit: new Error('no') } as unknown as Record<string, CommandFailure>;
    expect(() => new ScriptedQmpServer({ commands })).toThrow(ArgumentError);
    expect(() => new ScriptedQmpServer({ commands })).toThrow(
      "The script of 'quit' is an error, and no answer: for an error reply give a CommandFailure",
    );
    expect(
      () => new ScriptedQmpServer({ commands: { quit: new CommandFailure('no') } }),
    ).not.toThrow();
  });

  it.each<[string, object]>([
    ['queue of new ScriptedQmpServer() must be a number of at least 1, not 0', { queue: 0 }],
    ['strict of new ScriptedQmpServer() must be a boolean, not 1', { strict: 1 }],
    ["new ScriptedQmpServer() has no option 'strickt': did you mean 'strict'?", { strickt: true }],
    ["new ScriptedQmpServer() has no option 'timeout': did you mean 'timeouts'?", { timeout: 1 }],
  ])('are checked: %s', (text, options) => {
    expect(() => new ScriptedQmpServer(options)).toThrow(new ArgumentError(text));
  });
});
