/** A client class of one's own: with `new`, attached, supervised, served, and as a machine in a chart. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import { createActor, setup, SimulatedClock } from 'xstate';
import {
  ArgumentError,
  defineClient,
  lines,
  type ProtocolOptions,
  ProtocolServer,
  type Session,
  streamPair,
  supervise,
} from '../../src/index.ts';
import { Calls } from '../../src/rpc/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';

expectIdleAfterEach();

/** Greets, and asks for the double of a number. */
class Doubler extends defineClient<string, string, string>(() => lines()) {
  readonly #calls = new Calls<never, string>(this.protocol);

  protected override async handshake({ receive }: Session<string>): Promise<string> {
    return receive();
  }

  protected override onMessage(line: string): void {
    this.#calls.settle(line);
  }

  async double(number: number): Promise<number> {
    return Number(await this.#calls.call(() => this.protocol.send(String(number))));
  }
}

/** Serves doublers. */
class DoublingPeer extends defineClient<string>(() => lines()) {
  asked = 0;

  protected override handshake({ send }: Session<string>): Promise<void> {
    return send('welcome');
  }

  protected override onMessage(line: string): Promise<void> {
    this.asked += 1;
    return this.protocol.send(String(2 * Number(line)));
  }
}

async function serve() {
  const server = new ProtocolServer(DoublingPeer);
  return { server, address: await server.listen({ port: 0 }) };
}

describe('a client class', () => {
  it('works with new', async () => {
    const { server, address } = await serve();
    const client = new Doubler({ name: 'one' });
    await client.connect(address);
    expect(client.negotiated).toBe('welcome');
    expect(await client.double(21)).toBe(42);
    expect(String(client)).toBe("<Doubler name='one' runstate=RUNNING>");
    await client.disconnect();
    await server.close();
  });

  it('is what a server gives for its peers', async () => {
    const { server, address } = await serve();
    expectTypeOf(server).toEqualTypeOf<ProtocolServer<string, string, DoublingPeer>>();
    const client = new Doubler();
    await client.connect(address);
    await client.double(1);
    for await (const peer of server) {
      expectTypeOf(peer).toEqualTypeOf<DoublingPeer>();
      expect(peer).toBeInstanceOf(DoublingPeer);
      expect(peer.asked).toBe(1);
      break;
    }
    expect(server.peers.map(({ asked }) => asked)).toEqual([1]);
    await client.disconnect();
    await server.close();
  });

  it('can be supervised', async () => {
    const { server, address } = await serve();
    const supervisor = supervise(Doubler, address);
    const client = await supervisor.up();
    expectTypeOf(client).toEqualTypeOf<Doubler>();
    expect(await client.double(4)).toBe(8);
    await supervisor.stop();
    await server.close();
  });

  it('is a machine in a statechart, and attach() returns the client of its actor', async () => {
    const { server, address } = await serve();
    const parent = setup({ actors: { doubler: Doubler.createMachine({ name: 'embedded' }) } });
    const machine = parent.createMachine({
      invoke: { id: 'doubler', src: 'doubler', input: { address } },
    });
    const actor = createActor(machine).start();
    const ref = actor.getSnapshot().children.doubler;
    if (ref === undefined) throw new Error('There is no child');
    const client = Doubler.attach(ref);
    expectTypeOf(client).toEqualTypeOf<Doubler>();
    expect(Doubler.attach(ref)).toBe(client);
    await until(() => client.runstate === 'RUNNING');
    expect(await client.double(5)).toBe(10);
    expect(client.name).toBe('embedded');
    actor.stop();
    await server.close();
  });

  it('handles messages in a statechart also if no code attaches a client', async () => {
    const [stream, peer] = streamPair();
    const received: string[] = [];
    class Listener extends defineClient<string>(() => lines()) {
      protected override onMessage(line: string): void {
        received.push(line);
      }
    }
    const actor = createActor(Listener.createMachine(), { input: { address: { stream } } }).start();
    peer.resume().write('hello\n');
    await until(() => received.length > 0);
    expect(received).toEqual(['hello']);
    actor.stop();
    await until(() => stream.closed);
  });

  it('fails the attempt when its constructor throws in a statechart', async () => {
    const [stream, peer] = streamPair();
    class Broken extends defineClient<string>(() => lines()) {
      constructor() {
        super();
        throw new Error('not today');
      }
    }
    const machine = Broken.createMachine({ once: true });
    const actor = createActor(machine, { input: { address: { stream } } }).start();
    peer.resume().on('end', () => peer.end());
    await until(() => actor.getSnapshot().status === 'done');
    expect(actor.getSnapshot().output).toMatchObject({
      cause: {
        code: 'ERR_CONNECT',
        cause: { code: 'ERR_HANDLER', cause: { message: 'not today' } },
      },
    });
  });

  it('may have its callbacks as fields, too', async () => {
    const [stream, peer] = streamPair();
    const received: string[] = [];
    class Listener extends defineClient<string>(() => lines()) {
      protected override onMessage = (line: string): void => {
        received.push(line);
      };
    }
    const client = new Listener();
    await client.connect({ stream });
    peer.resume().write('hello\n');
    await until(() => received.length > 0);
    await client.disconnect({ force: true });
  });

  it('says which machine attach() needs', () => {
    const actor = createActor(DoublingPeer.createMachine()).start();
    expect(() => Doubler.attach(actor)).toThrow(ArgumentError);
    expect(() => Doubler.attach(actor)).toThrow('Doubler.createMachine()');
    actor.stop();
  });

  it('names its own class when an option is unknown', () => {
    expect(() => new Doubler({ tiemouts: {} } as object)).toThrow(
      "new Doubler() has no option 'tiemouts': did you mean 'timeouts'?",
    );
  });

  it('gives its codec the client, which knows what was negotiated', async () => {
    const [stream, peer] = streamPair();
    class Loud extends defineClient<string, string, string>((client) => ({
      ...lines(),
      encode: (line) => `${client.negotiated === 'loud' ? line.toUpperCase() : line}\n`,
    })) {
      protected override handshake({ receive }: Session<string>): Promise<string> {
        return receive();
      }
    }
    const written: string[] = [];
    peer.on('data', (data) => written.push(String(data))).on('end', () => peer.end());
    peer.write('loud\n');
    const client = new Loud();
    await client.connect({ stream });
    await client.protocol.send('hello');
    await client.disconnect();
    expect(written.join('')).toBe('HELLO\n');
  });

  it('names its own class in errors', async () => {
    await expect(new Doubler().accept()).rejects.toThrow('Doubler is disconnected');
  });
});

/** A client class with an option of its own. */
class Player extends defineClient<string>(() => lines()) {
  readonly volume: number;

  constructor({ volume = 50, ...options }: ProtocolOptions & { readonly volume?: number } = {}) {
    super(options);
    this.volume = volume;
  }
}

describe('an option of the class', () => {
  it('is one of its machine, which passes it on', () => {
    const actor = createActor(Player.createMachine({ name: 'one', volume: 70 })).start();
    const player = Player.attach(actor);
    expect([player.volume, player.name]).toEqual([70, 'one']);
    actor.stop();
  });

  it('is one of supervise()', async () => {
    const [stream] = streamPair();
    const supervisor = supervise(Player, { stream }, { volume: 80, attempts: 1 });
    expect(supervisor.client.volume).toBe(80);
    await supervisor.stop();
  });

  it('that is misspelt is refused by its machine if it looks like one of every machine', () => {
    expect(() => Player.createMachine({ tiemouts: {} } as object)).toThrow(
      "Player.createMachine() has no option 'tiemouts': did you mean 'timeouts'?",
    );
  });

  it('that the class does not know fails the attempts of its actors', async () => {
    const [stream, peer] = streamPair();
    peer.resume().on('end', () => peer.end());
    const machine = Doubler.createMachine({ loudness: 7, once: true } as object);
    const actor = createActor(machine, { input: { address: { stream } } }).start();
    await until(() => actor.getSnapshot().status === 'done');
    expect(actor.getSnapshot().output).toMatchObject({
      cause: { cause: { code: 'ERR_ARGUMENT' }, retryable: false },
    });
  });
});

describe('the options of attach()', () => {
  it('count at the first call: the name, the clock and the logger', async () => {
    const clock = new SimulatedClock();
    const records: string[] = [];
    const logger = (record: { readonly text: string }) => records.push(record.text);
    const actor = createActor(Doubler.createMachine({ name: 'machine' })).start();
    const client = Doubler.attach(actor, { name: 'client', clock, logger });
    expect(Doubler.attach(actor, { name: 'later' })).toBe(client);
    expect(client.name).toBe('client');
    expect(client.protocol.clock).toBe(clock);
    const [stream, peer] = streamPair();
    peer.write('welcome\n');
    peer.resume().on('end', () => peer.end());
    await client.connect({ stream });
    await client.disconnect();
    expect(records.some((text) => text.includes('RUNNING (session 1)'))).toBe(true);
    actor.stop();
  });

  it('must be known', () => {
    const actor = createActor(Doubler.createMachine()).start();
    expect(() => Doubler.attach(actor, { timeouts: {} } as object)).toThrow(
      "Doubler.attach() has no option 'timeouts'",
    );
    actor.stop();
  });

  it('belong to an actor of a class that extends this one, too', () => {
    class Quieter extends Player {}
    const actor = createActor(Quieter.createMachine()).start();
    expect(Player.attach(actor)).toBeInstanceOf(Quieter);
    const other = createActor(Player.createMachine()).start();
    expect(() => Quieter.attach(other)).toThrow('needs an actor of Quieter.createMachine()');
    actor.stop();
    other.stop();
  });
});
