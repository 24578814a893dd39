/** Decoders of QMP clients that run, and events as QEMU writes them. */

import type { JsonObject } from '../../src/index.ts';
import { createDecoder } from '../../src/core/skipping-codec.ts';
import { QmpDefinition } from '../../src/qmp/definition.ts';
import type { QmpCommand } from '../../src/qmp/index.ts';
import { gate } from '../support/signal.ts';

/** Text as QEMU writes it: one blank behind colons and commas. */
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

/** A definition, with somebody who wants the events of these names. */
export function defining(names: ReadonlySet<string>) {
  const definition = new QmpDefinition(undefined);
  definition.observer = {
    onAttempt: () => undefined,
    onEvent: () => undefined,
    onReply: () => true,
    wants: (name) => names.has(name),
  };
  return definition;
}

/** Has it do its handshake, up to the reply, which is given later. */
export function negotiating(definition: QmpDefinition) {
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
  const done = definition.handshake({ receive, send, signal });
  return async () => {
    reply.open();
    await done;
  };
}

/** A decoder of a definition that runs, with somebody who wants the events of these names. */
export async function decoding(
  names: ReadonlySet<string>,
  isObserved: () => boolean,
  limit?: number,
) {
  const definition = defining(names);
  await negotiating(definition)();
  return { decoder: createDecoder(definition.codec, { maxMessageBytes: limit }, isObserved) };
}

type Decoder = Awaited<ReturnType<typeof decoding>>['decoder'];

/** What comes until the first error, after each message of which `taken` is called. */
export function allOf(
  decoder: Decoder,
  chunks: readonly Uint8Array[],
  taken?: (message: unknown) => void,
): unknown[] {
  const all: unknown[] = [];
  try {
    for (const chunk of chunks) {
      const lent = Buffer.from(chunk);
      decoder.write(lent);
      for (let message; (message = decoder.read()) !== undefined; taken?.(message))
        all.push(message);
      lent.fill('x');
    }
    decoder.end();
  } catch (error) {
    all.push(error);
  }
  return all;
}

/** Messages are shown to nobody else. */
export const unobserved = () => false;
