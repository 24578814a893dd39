/** How a scripted server reads: the queue of QEMU's monitor, out-of-band execution, and what is no command. */

import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { expectNoHandles } from '../support/handles.ts';
import { createClient, createServer } from '../support/qmp.ts';
import { gate, hasSettled, rejection } from '../support/signal.ts';
import { commandOf, dialRaw, rawSession } from './support.ts';

expectIdleAfterEach();

/** A server with QEMU's queue, and a command `slow` that waits for `answer`. */
function queueing(queue?: number) {
  const answers = Array.from({ length: 40 }, gate);
  let calls = 0;
  const server = createServer({
    queue,
    commands: {
      slow: async () => {
        const call = calls;
        calls += 1;
        await answers[call]?.opened;
        return call;
      },
    },
  });
  return { server, answers };
}

const PROBE = JSON.stringify({ 'exec-oob': 'query-yank', id: 'probe' });
const slow = (count: number): string => commandOf('slow').repeat(count);

describe('queue: 8', () => {
  it.each([1, 8, 9])(
    'reads commands for out-of-band execution past %i commands in-band',
    async (count) => {
      const { server, answers } = queueing(8);
      const { raw, take } = await rawSession(await server.listen(), ['oob']);
      raw.socket.write(slow(count));
      await server.next('slow');
      if (count < 9) {
        raw.socket.write(PROBE);
        expect(await take(1)).toEqual(['[]']);
        return;
      }
      // One is executed, and eight are queued.
      raw.socket.write(PROBE);
      const probed = take(2);
      expect(await hasSettled(probed)).toBe(false);
      answers[0]?.open();
      expect(await probed).toEqual(['0', '[]']);
    },
  );

  it('makes an out-of-band command wait for all but eight of many in-band ones, as QEMU does', async () => {
    const { server, answers } = queueing(8);
    const { raw, take } = await rawSession(await server.listen(), ['oob']);
    raw.socket.write(slow(20) + PROBE);
    await server.next('slow');
    for (const answer of answers) answer.open();
    const replies = await take(21);
    expect(replies.indexOf('[]')).toBe(12);
    expect(replies.filter((reply) => reply !== '[]')).toEqual(
      Array.from({ length: 20 }, (_, index) => String(index)),
    );
  });

  it('does not hold up the out-of-band commands of a client with a window', async () => {
    const { server, answers } = queueing(8);
    const client = createClient();
    await client.connect(await server.listen());
    const all = Promise.all(Array.from({ length: 30 }, () => client.execute('slow')));
    await server.next('slow');
    expect(await client.execute('query-yank', undefined, { oob: true })).toEqual([]);
    for (const answer of answers) answer.open();
    expect(await all).toHaveLength(30);
    await client.disconnect();
  });

  it('reads one command after the other if oob was not negotiated', async () => {
    const { server, answers } = queueing(8);
    const { raw, take } = await rawSession(await server.listen());
    raw.socket.write(slow(3));
    await server.next('slow');
    expect(server.received).toHaveLength(2);
    answers[0]?.open();
    await take(1);
    await server.next('slow');
    expect(server.received).toHaveLength(3);
    for (const answer of answers) answer.open();
    expect(await take(2)).toEqual(['1', '2']);
  });

  it('leaves nothing open when the server is closed while it does not read', async () => {
    const { server } = queueing(1);
    const { raw } = await rawSession(await server.listen(), ['oob']);
    raw.socket.write(slow(10));
    await server.next('slow');
    await server.close();
    raw.socket.destroy();
    await expectNoHandles();
  });
});

describe('without the option queue', () => {
  it('a server always reads', async () => {
    const { server, answers } = queueing();
    const { raw, take } = await rawSession(await server.listen(), ['oob']);
    raw.socket.write(slow(30) + PROBE);
    expect(await take(1)).toEqual(['[]']);
    for (const answer of answers) answer.open();
    expect(await take(30)).toHaveLength(30);
  });
});

describe('a message that is no command', () => {
  it.each<[string, string]>([
    ['{}', "QMP input lacks member 'execute'"],
    ['{"execute":1}', "QMP input member 'execute' must be a string"],
    ['{"execute":"stop","arguments":[]}', "QMP input member 'arguments' must be an object"],
    ['{"execute":"stop","arguments":null}', "QMP input member 'arguments' must be an object"],
    ['{"execute":"stop","foo":1}', "QMP input member 'foo' is unexpected"],
    ['{"exec-oob":"query-yank"}', "QMP input member 'exec-oob' is unexpected"],
    ['[]', 'QMP input must be a JSON object'],
    ['5\n', 'QMP input must be a JSON object'],
    ['"text"\n', 'QMP input must be a JSON object'],
    ['true\n', 'QMP input must be a JSON object'],
  ])('is answered as QEMU does, and the session goes on: %s', async (text, description) => {
    const server = createServer();
    const { ask } = await rawSession(await server.listen());
    expect(await ask(text)).toEqual([`GenericError: ${description}`]);
    expect(await ask(commandOf('query-name'))).toEqual(['{}']);
  });

  it.each(['foo\n', '{"x":}\n', '}\n', '{"execute":"stop" "id":1}\n', "%$ '\n"])(
    'because it cannot be read is answered without an id: %j',
    async (text) => {
      const server = createServer();
      const { raw, ask } = await rawSession(await server.listen());
      raw.socket.write(text);
      const reply = await raw.until('\r\n');
      expect(reply).toMatch(
        /^\{"error":\{"class":"GenericError","desc":"JSON parse error: .*"\}\}\r\n$/,
      );
      const replies = await ask('{"execute":"query-name"}\n');
      expect(replies.at(-1)).toBe('{}');
    },
  );

  it('is answered in its place among the commands in-band', async () => {
    const { server, answers } = queueing();
    const { raw, take } = await rawSession(await server.listen(), ['oob']);
    raw.socket.write(`${slow(1)}{"x":}\n${PROBE}${commandOf('query-name')}`);
    expect(await take(1)).toEqual(['[]']);
    answers[0]?.open();
    const [first, second, third] = await take(3);
    expect([first, third]).toEqual(['0', '{}']);
    expect(second).toMatch(/^GenericError: JSON parse error/);
  });

  it('has its id in the reply if it has one', async () => {
    const server = createServer();
    const { raw } = await rawSession(await server.listen());
    raw.socket.write('{"id":{"a":[1]}}');
    expect(JSON.parse(await raw.until('\r\n'))).toMatchObject({ id: { a: [1] } });
  });

  it('can come before the negotiation', async () => {
    const server = createServer();
    const raw = await dialRaw(await server.listen());
    await raw.until('\r\n');
    raw.socket.write(`{"x":}\n${PROBE}${commandOf('qmp_capabilities')}`);
    const [unreadable, refused, done] = (await raw.until('\r\n', 3)).split('\r\n');
    expect(unreadable).toContain('JSON parse error');
    expect(refused).toContain("member 'exec-oob' is unexpected");
    expect(done).toBe('{"return":{}}');
  });
});

describe('a command', () => {
  it('may have single quotes, and be cut anywhere', async () => {
    const server = createServer({ commands: { echo: ({ arguments: args }) => args } });
    const { raw, take } = await rawSession(await server.listen());
    const text = String.raw`{'execute':'echo','arguments':{"it's":'a "b" \'c\' \n \\','x':''}}`;
    for (const character of text) {
      raw.socket.write(character);
      await new Promise(setImmediate);
    }
    const [reply = ''] = await take(1);
    expect(JSON.parse(reply)).toEqual({ "it's": 'a "b" \'c\' \n \\', x: '' });
  });

  it('may have quotes and backslashes in texts in double quotes, in any chunks', async () => {
    const server = createServer({ commands: { echo: ({ arguments: args }) => args } });
    const { raw, take } = await rawSession(await server.listen());
    const args = { a: `it's "so" \\`, "b'c": '\\"', d: "'" };
    const text = commandOf('echo', args);
    for (let at = 1; at < text.length; at += 1) {
      raw.socket.write(text.slice(0, at));
      await new Promise(setImmediate);
      raw.socket.write(text.slice(at));
      const [reply = ''] = await take(1);
      expect(JSON.parse(reply)).toEqual(args);
    }
  });

  it('needs no line end, and several may be on one line', async () => {
    const server = createServer();
    const { raw, take } = await rawSession(await server.listen());
    raw.socket.write('{"execute":\n"query-name"}{\'execute\':\'query-yank\'} {"execute":"x"}');
    expect(await take(3)).toEqual([
      '{}',
      '[]',
      'CommandNotFound: The command x has not been found',
    ]);
  });
});

describe('the negotiation', () => {
  it.each<[unknown, string]>([
    [['oob', 'x'], "Parameter 'null' does not accept value 'x'"],
    ['oob', "Invalid parameter type for 'enable', expected: array"],
    [[1], "Invalid parameter type for 'enable[0]', expected: string"],
  ])('enables only what was offered: %j', async (enable, description) => {
    const server = createServer();
    const { raw, error } = await negotiated(server, enable);
    expect(error).toEqual({ class: 'GenericError', desc: description });
    raw.socket.destroy();
  });

  it('enables nothing if nothing was offered', async () => {
    const version = { qemu: { major: 2, minor: 11, micro: 0 }, package: '' };
    const server = createServer({ greeting: { QMP: { version, capabilities: [] } } });
    const { raw, error } = await negotiated(server, ['oob']);
    expect(error).toHaveProperty('class', 'GenericError');
    raw.socket.destroy();
    const client = createClient();
    await client.connect(await server.listen());
    expect(await rejection(client.execute('query-yank', undefined, { oob: true }))).toBeInstanceOf(
      Error,
    );
    await client.disconnect();
  });
});

/** Sends qmp_capabilities, and resolves with the error of the reply. */
async function negotiated(server: ReturnType<typeof createServer>, enable: unknown) {
  const raw = await dialRaw(await server.listen());
  await raw.until('\r\n');
  raw.socket.write(JSON.stringify({ execute: 'qmp_capabilities', arguments: { enable } }));
  const { error } = JSON.parse(await raw.until('\r\n')) as { readonly error?: object };
  return { raw, error };
}
