/** Decoders of QMP clients in RUNNING, and events as QEMU writes them. */

import type { JsonObject } from '../../src/index.ts';
import { createDecoder } from '../../src/core/skipping-codec.ts';
import { EndAnnouncement } from '../../src/qmp/end-announcement.ts';
import type { QmpCommand } from '../../src/qmp/index.ts';
import { qmpCodec } from '../../src/qmp/messages.ts';
import { Reception } from '../../src/qmp/reception.ts';
import { gate } from '../support/signal.ts';

/** JSON as QEMU writes it: with a space after colons and commas. */
export const spaced = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${spaced(member)}`,
  );
  return `{${members.join(', ')}}`;
};

/** An event as QEMU writes it. */
export const lineOf = (event: string, data?: JsonObject): string =>
  `${spaced({ timestamp: { seconds: 1, microseconds: 2 }, event, ...(data && { data }) })}\r\n`;

/** Creates what a client receives with that wants the events of these names, and its codec. */
export function createDefinition(names: ReadonlySet<string>) {
  const reception = new Reception({
    dispatcher: { dispatch: () => undefined, wants: (name) => names.has(name) },
    exchange: { nextId: () => 1, settle: () => true },
    ending: new EndAnnouncement(() => undefined),
    logger: undefined,
  });
  return { reception, codec: qmpCodec(() => reception) };
}

/** Starts the handshake. The returned function sends the reply to its command, and completes it. */
export function beginHandshake({ reception }: ReturnType<typeof createDefinition>) {
  const { signal } = new AbortController();
  const reply = gate();
  let id: unknown;
  const greeting = { QMP: { version: { qemu: {} }, capabilities: [] } };
  const receive = async () => {
    if (id === undefined) return greeting;
    await reply.opened;
    return { return: {}, id: Number(id) };
  };
  const send = (command: QmpCommand) => {
    ({ id } = command);
    return Promise.resolve();
  };
  const refuse = () => {
    throw new Error('Not in this handshake');
  };
  const done = reception.handshake({
    receive,
    send,
    signal,
    remote: {},
    negotiated: undefined,
    upgrade: refuse,
    switchCodec: refuse,
  });
  return async () => {
    reply.open();
    await done;
  };
}

/** Creates a decoder of a client in RUNNING that wants the events of these names. */
export async function createRunningDecoder(
  names: ReadonlySet<string>,
  isObserved: () => boolean,
  limit?: number,
) {
  const definition = createDefinition(names);
  await beginHandshake(definition)();
  return createDecoder(definition.codec, { maxMessageBytes: limit }, isObserved);
}

type Decoder = Awaited<ReturnType<typeof createRunningDecoder>>;

/** Returns all messages up to the first error, and the error; calls `onRead` after each message. */
export function readAll(
  decoder: Decoder,
  chunks: readonly Uint8Array[],
  onRead?: (message: unknown) => void,
): unknown[] {
  const all: unknown[] = [];
  try {
    for (const chunk of chunks) {
      const copy = Buffer.from(chunk);
      decoder.write(copy);
      for (let message; (message = decoder.read()) !== undefined; onRead?.(message))
        all.push(message);
      copy.fill('x');
    }
    decoder.end();
  } catch (error) {
    all.push(error);
  }
  return all;
}

/** Nothing but the client itself is shown the messages. */
export const unobserved = () => false;
