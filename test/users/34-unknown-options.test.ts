/** A misspelt option must not be swallowed, nor a definition that is none. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AsyncProtocol,
  createProtocolMachine,
  contentLength,
  createSupervisorMachine,
  jsonLines,
  jsonStream,
  lengthPrefixed,
  lines,
  ProtocolServer,
  spawnPeer,
  streamPair,
  supervise,
} from 'wirechart';
import { inspectTo, recordTo } from 'wirechart/inspect';
import { createQmpMachine, QmpClient } from 'wirechart/qmp';
import { ScriptedQmpServer } from 'wirechart/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createActor, createMachine, SimulatedClock } from 'xstate';
import { thrownBy } from './support.ts';

/** A value as a program in plain JavaScript may pass it. */
const odd = (value: unknown): never => value as never;

const definition = { codec: lines() };
const construct = {
  'new AsyncProtocol()': (options: never) => new AsyncProtocol(definition, options),
  'createProtocolMachine()': (options: never) => createProtocolMachine(definition, options),
  'new ProtocolServer()': (options: never) => new ProtocolServer(definition, options),
  'supervise()': (options: never) => supervise(definition, '/nowhere', options),
  'createSupervisorMachine()': (options: never) => createSupervisorMachine(definition, options),
  'new QmpClient()': (options: never) => new QmpClient(options),
  'createQmpMachine()': (options: never) => createQmpMachine(options),
  'new ScriptedQmpServer()': (options: never) => new ScriptedQmpServer(options),
};

/** The text of the ArgumentError of a call. */
async function refusalOf(call: () => unknown): Promise<string> {
  const error = await thrownBy(call);
  expect(error).toMatchObject({ name: 'ArgumentError', code: 'ERR_ARGUMENT', retryable: false });
  return String(error);
}

describe.each(Object.entries(construct))('%s', (name, make) => {
  it('names an option that it does not have, and the one that was meant', async () => {
    expect(await refusalOf(() => make(odd({ timeout: { connect: 5 } })))).toBe(
      `ArgumentError: ${name} has no option 'timeout': did you mean 'timeouts'?`,
    );
    expect(await refusalOf(() => make(odd({ Logger: console })))).toContain("mean 'logger'?");
    const none = await refusalOf(() => make(odd({ colour: 'red' })));
    expect(none).toContain("has no option 'colour'; it has name, logger, ");
  });

  it('names a deadline and a bound that it does not have', async () => {
    expect(await refusalOf(() => make(odd({ timeouts: { conect: 5 } })))).toBe(
      "ArgumentError: timeouts has no option 'conect': did you mean 'connect'?",
    );
    expect(await refusalOf(() => make(odd({ limits: { maxMessageByte: 5 } })))).toBe(
      "ArgumentError: limits has no option 'maxMessageByte': did you mean 'maxMessageBytes'?",
    );
  });

  it('takes options that are undefined for absent', () => {
    if (name === 'supervise()') return;
    expect(() => make(odd({ timeout: undefined, timeouts: undefined }))).not.toThrow();
  });

  it('names a value that cannot be used', async () => {
    expect(await refusalOf(() => make(odd({ name: 5 })))).toContain(
      `name of ${name} must be a string, not 5`,
    );
    expect(await refusalOf(() => make(odd({ logger: { log: 1 } })))).toContain(
      `logger of ${name} must be an object with the methods debug, info, warn`,
    );
    expect(await refusalOf(() => make(odd(5)))).toContain(
      `The options of ${name} must be an object, not 5`,
    );
    expect(await refusalOf(() => make(odd(null)))).toContain('must be an object, not null');
  });
});

describe('a machine, which runs on the clock of its parent,', () => {
  it.each(['createProtocolMachine()', 'createQmpMachine()'] as const)(
    'refuses a clock and an inspector: %s',
    async (name) => {
      for (const options of [{ clock: new SimulatedClock() }, { inspect: () => undefined }]) {
        expect(await refusalOf(() => construct[name](odd(options)))).toContain(
          `${name} has no option '${Object.keys(options).join('')}': its actors use that of the actor`,
        );
      }
    },
  );

  it('refuses an inspector also under a supervisor', async () => {
    const text = await refusalOf(() =>
      createSupervisorMachine(definition, odd({ inspect: () => undefined })),
    );
    expect(text).toContain("createSupervisorMachine() has no option 'inspect'");
  });
});

describe('a facade', () => {
  it('refuses a clock without timers, and an inspector that cannot listen', async () => {
    expect(await refusalOf(() => new AsyncProtocol(definition, odd({ clock: {} })))).toContain(
      'clock of new AsyncProtocol() must be an object with the methods setTimeout, clearTimeout',
    );
    expect(await refusalOf(() => new AsyncProtocol(definition, odd({ inspect: true })))).toContain(
      'inspect of new AsyncProtocol() must be inspectTo(…), recordTo(…), or a listener',
    );
  });
});

describe('a definition', () => {
  const make = {
    'new AsyncProtocol()': (given: unknown) => new AsyncProtocol(odd(given)),
    'createProtocolMachine()': (given: unknown) => createProtocolMachine(odd(given)),
    'new ProtocolServer()': (given: unknown) => new ProtocolServer(odd(given)),
  };

  it.each(Object.entries(make))('that is missing is refused at once: %s', async (name, call) => {
    expect(await refusalOf(() => call(undefined))).toBe(
      `ArgumentError: ${name} needs the definition of a protocol, { codec, onMessage?, … }, not undefined`,
    );
    expect(await refusalOf(() => call({}))).toContain(
      `${name} needs a codec in its definition, such as lines() or jsonLines()`,
    );
    expect(await refusalOf(() => call({ codec: lines }))).toMatch(/call it: codec: lines\(\)$/);
    expect(await refusalOf(() => call({ codec: lines(), onMesage: () => undefined }))).toBe(
      "ArgumentError: A definition has no member 'onMesage': did you mean 'onMessage'?",
    );
    expect(await refusalOf(() => call({ codec: lines(), onMessage: 5 }))).toContain(
      'onMessage of a definition must be a function, not 5',
    );
  });

  it('may have members of its own', () => {
    const counting = {
      codec: lines(),
      count: 0,
      onMessage() {
        this.count += 1;
      },
    };
    expect(new AsyncProtocol(counting).runstate).toBe('IDLE');
  });

  it('that is missing is refused by a supervisor, too', async () => {
    expect(await refusalOf(() => supervise(odd(undefined), '/nowhere'))).toContain(
      'supervise() needs the definition of a protocol, a function that makes one, or a class of clients',
    );
  });
});

describe('a call that waits', () => {
  async function connected(): Promise<AsyncProtocol<string>> {
    const [left, right] = streamPair();
    const [protocol, peer] = [new AsyncProtocol(definition), new AsyncProtocol(definition)];
    onTestFinished(async () => {
      await Promise.allSettled([protocol.disconnect(), peer.disconnect()]);
    });
    await Promise.all([protocol.connect({ stream: left }), peer.connect({ stream: right })]);
    return protocol;
  }

  it.each([
    [
      'connect',
      (protocol: AsyncProtocol<string>, options: never) => protocol.connect('/x', options),
    ],
    ['listen', (protocol, options) => protocol.listen('/x', options)],
    ['accept', (protocol, options) => protocol.accept(options)],
    ['send', (protocol, options) => protocol.send('x', options)],
    ['flush', (protocol, options) => protocol.flush(options)],
    ['disconnect', (protocol, options) => protocol.disconnect(options)],
    ['runstateChanged', (protocol, options) => protocol.runstateChanged(options)],
    ['runstates', (protocol, options) => protocol.runstates(options)],
  ] satisfies [string, (protocol: AsyncProtocol<string>, options: never) => unknown][])(
    'names an option that it does not have: %s()',
    async (name, call) => {
      const protocol = await connected();
      const { signal } = new AbortController();
      expect(await refusalOf(() => call(protocol, odd({ singal: signal })))).toBe(
        `ArgumentError: ${name}() has no option 'singal': did you mean 'signal'?`,
      );
      expect(await refusalOf(() => call(protocol, odd(signal)))).toBe(
        `ArgumentError: The options of ${name}() must be an object: pass { signal }`,
      );
      expect(await refusalOf(() => call(protocol, odd({ signal: new AbortController() })))).toMatch(
        /must be an AbortSignal, not .*; pass its member signal$/,
      );
      expect(protocol.runstate).toBe('RUNNING');
    },
  );

  it('names the other option of disconnect()', async () => {
    const protocol = await connected();
    expect(await refusalOf(() => protocol.disconnect(odd({ forced: true })))).toBe(
      "ArgumentError: disconnect() has no option 'forced': did you mean 'force'?",
    );
    expect(await refusalOf(() => protocol.disconnect(odd({ force: 'yes' })))).toContain(
      'force of disconnect() must be a boolean, not "yes" (a string)',
    );
  });

  it('of a server and of a supervisor does the same', async () => {
    const server = new ProtocolServer(definition);
    expect(await refusalOf(() => server.listen('/x', odd({ sig: 1 })))).toContain(
      'listen() has no',
    );
    expect(await refusalOf(() => server.close(odd({ Force: true })))).toContain("mean 'force'?");
    const supervisor = supervise(definition, '/nowhere/x');
    onTestFinished(() => supervisor.stop());
    expect(await refusalOf(() => supervisor.up(odd({ timeout: 5 })))).toContain('up() has no');
    expect(await refusalOf(() => supervisor.stop(odd({ froce: true })))).toContain("mean 'force'?");
    expect(await refusalOf(() => supervisor.states(odd({ x: 1 })))).toContain('states() has no');
  });

  it('of a QMP client does the same', async () => {
    await using server = new ScriptedQmpServer();
    await using qmp = new QmpClient();
    await qmp.connect(await server.listen());
    expect(await refusalOf(() => qmp.execute('stop', {}, odd({ timeouts: 5 })))).toBe(
      "ArgumentError: execute() has no option 'timeouts': did you mean 'timeout'?",
    );
    expect(await refusalOf(() => qmp.execute('stop', {}, { timeout: odd('5') }))).toContain(
      'timeout must be a number of ms above 0, not "5" (a string)',
    );
    expect(await refusalOf(() => qmp.waitFor('STOP', () => true, odd({ time: 5 })))).toContain(
      "waitFor() has no option 'time'",
    );
    expect(await refusalOf(() => qmp.events('STOP', odd({ limits: 5 })))).toContain(
      "mean 'limit'?",
    );
  });
});

describe('spawnPeer()', () => {
  it('names an option that it does not have', async () => {
    const spawn = (options: unknown) => spawnPeer('true', [], odd(options));
    expect(await refusalOf(() => spawn({ stdout: 'pipe' }))).toContain(
      "spawnPeer() has no option 'stdout'",
    );
    expect(await refusalOf(() => spawn({ shell: true }))).toContain('; it has stdio, fd, stderr');
    expect(await refusalOf(() => spawn({ timeouts: { exits: 5 } }))).toContain("mean 'exit'?");
  });
});

describe('a codec', () => {
  it.each([
    ['lines()', (options: unknown) => lines(odd(options))],
    ['jsonLines()', (options: unknown) => jsonLines(odd(options))],
    ['jsonStream()', (options: unknown) => jsonStream(odd(options))],
    ['contentLength()', (options: unknown) => contentLength(odd(options))],
    ['lengthPrefixed()', (options: unknown) => lengthPrefixed(odd(options))],
  ] as const)('names an option that it does not have: %s', async (name, make) => {
    expect(await refusalOf(() => make({ colour: 'red' }))).toContain(
      `${name} has no option 'colour'; it has `,
    );
    expect(await refusalOf(() => make(null))).toContain('must be an object, not null');
  });

  it('names a value that it does not know', async () => {
    expect(await refusalOf(() => lines(odd({ terminator: '' })))).toContain(
      'terminator of lines() must be a text or Uint8Array of 1 to 128 bytes, not "" (a string)',
    );
    expect(await refusalOf(() => jsonLines(odd({ integers: 'big' })))).toContain(
      'integers of jsonLines() must be "number" or "bigint"',
    );
    expect(await refusalOf(() => lengthPrefixed(odd({ endian: 'middle' })))).toContain('endian of');
    expect(await refusalOf(() => jsonStream(odd({ objects: 'no' })))).toContain(
      'must be a boolean',
    );
  });
});

describe('a report', () => {
  it('names an option that it does not have', async () => {
    expect(await refusalOf(() => inspectTo('http://127.0.0.1:1', odd({ names: 'x' })))).toBe(
      "ArgumentError: inspectTo() has no option 'names': did you mean 'name'?",
    );
    const path = join(tmpdir(), 'wirechart-that-is-not-made');
    expect(await refusalOf(() => recordTo(path, odd({ maxByte: 5 })))).toContain(
      "mean 'maxBytes'?",
    );
  });
});

describe('attach()', () => {
  it('refuses what is no actor of a connection', async () => {
    for (const ref of [undefined, {}, createActor(createMachine({}))]) {
      expect(await refusalOf(() => AsyncProtocol.attach(odd(ref)))).toContain(
        'AsyncProtocol.attach() needs an actor of createProtocolMachine(), not ',
      );
    }
  });
});

describe('a supervisor', () => {
  it('names an option of its own that was misspelt, also for a class of clients', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wirechart-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const start = (options: unknown) => supervise(QmpClient, join(folder, 'x'), odd(options));
    expect(await refusalOf(() => start({ attemps: 5 }))).toBe(
      "ArgumentError: supervise() has no option 'attemps': did you mean 'attempts'?",
    );
    expect(await refusalOf(() => start({ timeouts: { adress: 5 } }))).toContain("mean 'address'?");
    expect(await refusalOf(() => start({ backoff: { inital: 5 } }))).toBe(
      "ArgumentError: backoff has no option 'inital': did you mean 'initial'?",
    );
    expect(await refusalOf(() => start({ onup: () => undefined }))).toContain("mean 'onUp'?");
  });

  it('leaves to a class of clients what is an option of that class', async () => {
    const supervisor = supervise(
      QmpClient,
      '/nowhere/x',
      odd({ onListenerError: () => undefined }),
    );
    await supervisor.stop();
    expect(supervisor.state).toBe('STOPPED');
  });
});
