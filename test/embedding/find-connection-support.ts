/** Parent charts in which ready-made logic looks for its connection. */

import { type AnyActorRef, setup } from 'xstate';
import {
  createProtocolMachine,
  createSupervisorMachine,
  lines,
  type ProtocolMessage,
  protocolMessages,
  streamPair,
} from '../../src/index.ts';
import { createQmpMachine, qmpEvents } from '../../src/qmp/index.ts';
import { cleanUp } from '../support/cleanup.ts';

/** A stream to dial, and what writes a line to it. */
export function peer() {
  const [near, far] = streamPair();
  far.resume().on('end', () => far.end());
  cleanUp(() => far.destroy());
  return {
    address: { stream: near },
    say: (line: string) => far.write(`${line}\n`),
    end: () => far.end(),
  };
}

export const connection = createProtocolMachine<string>({ codec: lines() });
const supervisor = createSupervisorMachine<string>({ codec: lines() }, { backoff: { initial: 1 } });
const qmp = createQmpMachine();

/** The parts of a parent that collects the messages that it is sent, and the error of the actor. */
export function setUp() {
  const heard: unknown[] = [];
  const errors: unknown[] = [];
  const parts = setup({
    types: {
      context: {} as { readonly ref: AnyActorRef | undefined },
      events: {} as ProtocolMessage<string>,
    },
    actors: { connection, supervisor, qmp, messages: protocolMessages, events: qmpEvents },
    actions: {
      hear: ({ event }) => heard.push(event.message),
      fail: (_, { error }: { error: unknown }) => errors.push(error),
    },
  });
  return { parts, heard, errors };
}
