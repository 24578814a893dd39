/** The example of an MQTT client, with a real broker. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createActor, setup, waitFor } from 'xstate';
import { Mqtt } from '../../examples/mqtt/client.ts';
import type { Login, Message } from '../../examples/mqtt/codec.ts';
import { ClosedError, type ProtocolOptions, supervise } from '../../src/index.ts';
import { Received } from '../examples/nats.ts';
import { cleanUp, expectIdleAfterEach, track } from '../support/cleanup.ts';
import { Broker } from '../support/mosquitto.ts';
import { runExample } from '../support/run-example.ts';
import { describePeer, freePort } from '../support/real-peers.ts';
import { hasSettled, rejection } from '../support/signal.ts';
import { ROOT } from '../support/source-packages.ts';

expectIdleAfterEach();

type Inbound = Message<Uint8Array>;

/** A client with a will, which keeps the messages that it receives. */
const SENSOR: Login = {
  clientId: 'sensor',
  keepAlive: 60,
  will: { topic: 'sensor', payload: 'died', qos: 1 },
};

class Sensor extends Mqtt {
  override readonly login: Login = SENSOR;
  readonly messages = new Received<Inbound>();
  override onPublish: (message: Inbound) => void | Promise<void> = this.messages.push;
}

const sensor = (options?: ProtocolOptions): Sensor => track(new Sensor(options));
const textOf = ({ payload }: Inbound): string => Buffer.from(payload).toString();

describePeer('mosquitto', (mosquitto) => {
  async function connected() {
    const broker = await Broker.start(mosquitto);
    const client = sensor();
    await client.connect(broker.address);
    return { broker, client };
  }

  test('a client receives what it has subscribed to, in order', async () => {
    const { client } = await connected();
    await client.subscribe('room/+');
    const numbers = Array.from({ length: 500 }, (_, n) => String(n));
    for (const payload of numbers) await client.publish({ topic: 'room/1', payload });
    await client.publish({ topic: 'attic', payload: 'elsewhere' });
    await client.messages.next((message) => textOf(message) === '499');
    expect(client.messages.all.map(textOf)).toEqual(numbers);
    await client.disconnect();
  });

  test('a payload is any bytes, of any length', async () => {
    const { client } = await connected();
    await client.subscribe('#', 1);
    for (const length of [0, 1, 119, 120, 127, 128, 16_383, 16_384, 2_097_152]) {
      const payload = Uint8Array.from({ length }, (_, n) => n * 7);
      await client.publish({ topic: 'bytes', payload, qos: 1 });
      const received = await client.messages.next(() => true);
      expect(Buffer.compare(Buffer.from(received.payload), payload)).toBe(0);
    }
    await client.disconnect();
  });

  test('with QoS 1, many messages wait for their confirmations at the same time', async () => {
    const { broker, client } = await connected();
    await client.subscribe('#', 1);
    const numbers = Array.from({ length: 500 }, (_, n) => String(n));
    await Promise.all(numbers.map((payload) => client.publish({ topic: 'n', payload, qos: 1 })));
    await client.messages.next((message) => textOf(message) === '499');
    expect(client.messages.all.map(textOf)).toEqual(numbers);
    // Without the confirmations of the client the broker would stop after 20 messages.
    await broker.logged(/^Received PUBACK from sensor \(Mid: 500/);
    await client.disconnect();
  });

  test('a retained message is there for a later subscriber', async () => {
    const { broker, client } = await connected();
    await client.publish({ topic: 'state', payload: 'on', retain: true, qos: 1 });
    await client.disconnect();
    await client.connect(broker.address);
    await client.subscribe('state');
    const message = await client.messages.next(() => true);
    expect([message.retain, textOf(message)]).toEqual([true, 'on']);
    await client.disconnect();
  });

  test('pings keep a silent client connected beyond its keep-alive interval', async () => {
    const broker = await Broker.start(mosquitto);
    class Brief extends Mqtt {
      override readonly login: Login = { clientId: 'brief', keepAlive: 2 };
    }
    const client = track(new Brief());
    await client.connect(broker.address);
    // The broker would drop it after three seconds.
    for (let n = 0; n < 5; n += 1) await broker.logged(/^Received PINGREQ from brief/);
    await client.publish({ topic: 'still', payload: 'here', qos: 1 });
    await client.disconnect();
  });

  test('a wrong password is refused for good: a supervisor does not try again', async () => {
    const broker = await Broker.start(mosquitto, { ada: 'secret' });
    class Known extends Mqtt {
      override readonly login: Login = {
        clientId: '',
        keepAlive: 60,
        username: 'ada',
        password: 'secret',
      };
    }
    class Unknown extends Known {
      override readonly login: Login = {
        clientId: '',
        keepAlive: 60,
        username: 'ada',
        password: 'sesame',
      };
    }
    const known = track(new Known());
    await known.connect(broker.address);
    await known.disconnect();
    const supervisor = supervise(Unknown, broker.address);
    const error = await rejection(supervisor.up());
    expect(String(error)).toContain('the client is not authorized');
    expect(supervisor.state).toBe('GIVEN_UP');
    expect(supervisor.stats.attempts).toBe(1);
    await supervisor.stop();
  });

  test('a supervised client returns after a restart of the broker, and subscribes again', async () => {
    const broker = await Broker.start(mosquitto);
    const supervisor = supervise(Sensor, broker.address, {
      backoff: { initial: 20, max: 20 },
      onUp: (client) => client.subscribe('news', 1),
    });
    cleanUp(() => supervisor.stop());
    const first = await supervisor.up();
    await first.publish({ topic: 'news', payload: 'one', qos: 1 });
    await first.messages.next((message) => textOf(message) === 'one');
    await broker.kill();
    await first.closed;
    await broker.start();
    const second = await supervisor.up();
    await second.publish({ topic: 'news', payload: 'two', qos: 1 });
    await second.messages.next((message) => textOf(message) === 'two');
    await supervisor.stop();
    await broker.logged(/^Received DISCONNECT from sensor/);
  });

  test('what waits for a confirmation rejects when the broker dies', async () => {
    const { broker, client } = await connected();
    broker.freeze();
    const published = client.publish({ topic: 'a', payload: '', qos: 1 });
    expect(await hasSettled(published)).toBe(false);
    await broker.kill();
    const error = await rejection(published);
    expect(error).toBeInstanceOf(ClosedError);
    expect(error).toHaveProperty('cause.code', 'ERR_CLOSED');
    await client.closed;
  });

  test('its program starts a broker, and prints what a sensor says and leaves behind', async () => {
    const output = await runExample('mqtt/run.ts', String(await freePort()));
    expect(output).toBe('sensor/celsius 21.5\nsensor/state lost\n');
  });

  describePeer('mosquitto_sub', (mosquittoSub) => {
    async function watched() {
      const broker = await Broker.start(mosquitto);
      const seen = await broker.subscribe(mosquittoSub);
      /** Resolves with all that was published so far. */
      const published = async () => {
        const witness = track(new Mqtt());
        await witness.connect(broker.address);
        await witness.publish({ topic: 'end', payload: '', qos: 1 });
        await witness.disconnect();
        await seen.next((line) => line === 'end ');
        return seen.all;
      };
      return { broker, seen, published };
    }

    test('the broker publishes no will of a client that disconnects', async () => {
      const { broker, published } = await watched();
      const client = sensor();
      await client.connect(broker.address);
      await client.publish({ topic: 'sensor', payload: '21.5' });
      await client.disconnect();
      await broker.logged(/^Received DISCONNECT from sensor/);
      expect(await published()).toEqual(['sensor 21.5', 'end ']);
    });

    test('the broker publishes no will of a client whose supervisor is stopped', async () => {
      const { broker, published } = await watched();
      const supervisor = supervise(Sensor, broker.address);
      await supervisor.up();
      await supervisor.stop();
      await broker.logged(/^Received DISCONNECT from sensor/);
      expect(await published()).toEqual(['end ']);
    });

    test('the broker publishes no will of a client that is disposed of', async () => {
      const { broker, published } = await watched();
      {
        await using client = sensor();
        await client.connect(broker.address);
      }
      await broker.logged(/^Received DISCONNECT from sensor/);
      expect(await published()).toEqual(['end ']);
    });

    test('the broker publishes no will of a client whose statechart leaves its state', async () => {
      const { broker, published } = await watched();
      // Without a ping: a reply that was not read would make the kernel reset the connection.
      class Quiet extends Sensor {
        override readonly login: Login = { ...SENSOR, keepAlive: 0 };
      }
      const chart = setup({ actors: { sensor: Quiet.createMachine() } }).createMachine({
        initial: 'on',
        states: {
          on: {
            invoke: { id: 'sensor', src: 'sensor', input: { address: broker.address } },
            on: { OFF: 'off' },
          },
          off: {},
        },
      });
      const actor = createActor(chart).start();
      const { sensor: client } = actor.getSnapshot().children;
      if (client === undefined) throw new Error('There is no client');
      await waitFor(client, (snapshot) => snapshot.hasTag('up'));
      actor.send({ type: 'OFF' });
      await broker.logged(/^Received DISCONNECT from sensor/);
      expect(await published()).toEqual(['end ']);
      actor.stop();
    });

    test('the broker publishes the will of a client that ends by force', async () => {
      const { broker, seen } = await watched();
      const client = sensor();
      await client.connect(broker.address);
      await client.disconnect({ force: true });
      await seen.next((line) => line === 'sensor died');
    });

    test('the broker publishes the will of a client that has failed', async () => {
      const { broker, seen } = await watched();
      const client = sensor();
      client.onPublish = () => {
        throw new Error('I do not want this');
      };
      await client.connect(broker.address);
      await client.subscribe('#');
      await client.publish({ topic: 'a', payload: 'b' });
      expect((await client.closed).cause).toMatchObject({ code: 'ERR_HANDLER' });
      await seen.next((line) => line === 'sensor died');
    });

    test('the broker publishes the will of a program that is killed', async () => {
      const { broker, seen } = await watched();
      const program = `
        import { Mqtt } from './examples/mqtt/client.ts';
        class Doomed extends Mqtt {
          login = { clientId: 'doomed', keepAlive: 60, will: { topic: 'doomed', payload: 'died' } };
        }
        await new Doomed().connect(${JSON.stringify(broker.address)});`;
      const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
      const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
      cleanUp(() => child.kill('SIGKILL'));
      await Promise.race([
        broker.logged(/^Sending PINGRESP to doomed/),
        once(child, 'exit').then(() => Promise.reject(new Error('It has ended'))),
      ]);
      child.kill('SIGKILL');
      await seen.next((line) => line === 'doomed died');
    });
  });
});
