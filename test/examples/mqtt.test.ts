/** The example of an MQTT client, with a broker that a test plays. */

import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import { Mqtt } from '../../examples/mqtt/client.ts';
import { type Message, mqtt } from '../../examples/mqtt/codec.ts';
import { type ProtocolOptions, RefusedError, streamPair, TimeoutError } from '../../src/index.ts';
import { checkCodec } from '../../src/testing/index.ts';
import { cleanUp, expectIdleAfterEach, track } from '../support/cleanup.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('the codec of MQTT conforms', () => {
  checkCodec(mqtt(), {
    samples: [
      { bytes: hex('2002 0100'), messages: [{ type: 'connack' }] },
      {
        bytes: hex('3005 0003 612f62'),
        messages: [{ type: 'publish', topic: 'a/b', qos: 0, retain: false, payload: hex('') }],
      },
      {
        bytes: hex(`33 8301 0001 61 0102 ${'ff'.repeat(126)}`),
        messages: [
          {
            type: 'publish',
            topic: 'a',
            qos: 1,
            id: 258,
            retain: true,
            payload: Buffer.alloc(126, 255),
          },
        ],
      },
      { bytes: hex('4002 ffff'), messages: [{ type: 'puback', id: 65_535 }] },
      { bytes: hex('9003 0001 01'), messages: [{ type: 'suback', id: 1 }] },
      { bytes: hex('d000'), messages: [{ type: 'pingresp' }] },
    ],
    sent: [
      { type: 'connect', clientId: '', keepAlive: 0 },
      { type: 'publish', topic: 'grün', payload: new Uint8Array(20_000), id: 1 },
      { type: 'disconnect' },
    ],
    invalid: [
      hex('1000'),
      hex('2001 00'),
      hex('3003 0009 61'),
      hex('3003 0001 ff'),
      hex('3405 0001 61 0102'),
      hex('20 80808080'),
    ],
  });
});

test.each([
  ['a topic', { type: 'publish', topic: 'x'.repeat(65_536), payload: '' }],
  ['a password', { type: 'connect', clientId: '', keepAlive: 0, password: 'x'.repeat(65_536) }],
] as const)('%s of more than 65535 bytes cannot be sent', (_, packet) => {
  expect(() => mqtt().encode(packet)).toThrow('is longer than 65535');
});

type Inbound = Message<Uint8Array>;

/** A client that keeps the messages that it receives. */
class Sensor extends Mqtt {
  readonly messages: Inbound[] = [];
  override onPublish: (message: Inbound) => void | Promise<void> = (message) => {
    this.messages.push(message);
  };
}

const sensor = (options?: ProtocolOptions): Sensor => track(new Sensor(options));
/** A client, and a broker that a test plays; it has read the CONNECT. */
async function withFakeBroker(options?: ProtocolOptions) {
  const [stream, broker] = streamPair();
  broker.once('end', () => broker.end());
  cleanUp(() => broker.destroy());
  const client = sensor(options);
  const connecting = client.connect({ stream });
  /** Resolves with what the client sends next. */
  const next = async (): Promise<string> => {
    const [chunk] = (await once(broker, 'data')) as [Buffer];
    return chunk.toString('hex');
  };
  expect(await next()).toMatch(/^10/);
  return { client, broker, connecting, next };
}

/** The same with a broker that has accepted the client, and has not answered its first ping yet. */
async function accepted(options?: ProtocolOptions) {
  const fake = await withFakeBroker(options);
  fake.broker.write(hex('20020000'));
  expect(await fake.next()).toBe(PINGREQ);
  await fake.connecting;
  return fake;
}

const PINGREQ = 'c000';
const PINGRESP = hex('d000');

describe('a broker that', () => {
  test.each([
    [1, 'it does not speak MQTT 3.1.1', false],
    [2, 'it does not accept the client id', false],
    [3, 'it is not available at the moment', true],
    [4, 'the user name or the password is wrong', false],
    [5, 'the client is not authorized', false],
    [77, 'code 77', false],
  ])('refuses a client with the code %i: %s', async (code, reason, retryable) => {
    const { broker, connecting } = await withFakeBroker();
    broker.write(Uint8Array.of(0x20, 2, 0, code));
    const error = await rejection(connecting);
    expect(error).toMatchObject({ code: 'ERR_CONNECT', retryable });
    expect(error).toHaveProperty('cause.message', `The broker refuses the client: ${reason}`);
    expect(error).toHaveProperty('cause.retryable', retryable);
  });

  test.each([
    ['begins with another packet', 'd000'],
    ['begins with a packet that only clients send', '10020000'],
    ['sends a CONNACK without a code', '200100'],
    ['speaks HTTP', Buffer.from(`HTTP/1.1 400 ${'Bad Request'.repeat(20)}\r\n`).toString('hex')],
    ['sends a length of five bytes', '2080808080'],
  ])('%s is not worth a retry', async (_, bytes) => {
    const { broker, connecting } = await withFakeBroker();
    broker.write(hex(bytes));
    const error = await rejection(connecting);
    expect(error).toMatchObject({ retryable: false, cause: { code: 'ERR_CODEC' } });
  });

  test.each([
    ['QoS 2', '3405 0001 61 0102'],
    ['a topic that is longer than the packet', '3003 0009 61'],
    ['a topic that is not UTF-8', '3003 0001 ff'],
  ])('sends a message with %s ends the session', async (_, bytes) => {
    const { client, broker } = await accepted();
    broker.write(hex(bytes));
    expect((await client.closed).cause).toMatchObject({ code: 'ERR_CODEC' });
    expect(client.messages).toEqual([]);
  });

  test('answers pings is pinged twice in each keep-alive interval', async () => {
    const clock = new SimulatedClock();
    const { client, broker, next } = await accepted({ clock });
    for (let n = 0; n < 3; n += 1) {
      const received = client.stats.messagesIn;
      broker.write(PINGRESP);
      while (client.stats.messagesIn === received) await turn();
      const pinged = next();
      clock.increment(29_999);
      expect(await hasSettled(pinged)).toBe(false);
      clock.increment(1);
      expect(await pinged).toBe(PINGREQ);
    }
    await client.disconnect({ force: true });
  });

  test('is silent ends the session with the idle deadline', async () => {
    const clock = new SimulatedClock();
    const { client } = await accepted({ clock, timeouts: { idle: 90_000 } });
    for (let quarter = 0; quarter < 3; quarter += 1) clock.increment(22_500);
    expect(client.runstate).toBe('RUNNING');
    for (let quarter = 0; quarter < 2; quarter += 1) clock.increment(22_500);
    expect((await client.closed).cause).toBeInstanceOf(TimeoutError);
  });

  test('sends a message with QoS 1 gets the confirmation when the handler has finished', async () => {
    const { client, broker, next } = await accepted();
    const { opened, open } = gate();
    client.onPublish = () => opened;
    const confirmed = next();
    broker.write(hex('3205 0001 61 0102'));
    expect(await hasSettled(confirmed)).toBe(false);
    open();
    expect(await confirmed).toBe('40020102');
    await client.disconnect({ force: true });
  });

  test('refuses a subscription rejects that call alone', async () => {
    const { client, broker, next } = await accepted();
    const sent = next();
    const refused = client.subscribe('secret');
    expect(await sent).toBe(`820b00010006${Buffer.from('secret').toString('hex')}00`);
    const granted = client.subscribe('public', 1);
    broker.write(hex('9003 0002 01 9003 0001 80'));
    await granted;
    expect(await rejection(refused)).toBeInstanceOf(RefusedError);
    expect(client.runstate).toBe('RUNNING');
    await client.disconnect({ force: true });
  });
});
