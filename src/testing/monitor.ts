/** One session of a scripted server: greets, negotiates, answers. */

import type { JsonObject } from '../codecs/json.ts';
import { jsonStream } from '../codecs/json-stream.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import { nameOf } from '../qmp/messages.ts';
import type { QmpCommand } from '../qmp/types.ts';
import { describe } from '../core/errors.ts';
import { isBytes } from '../core/shape.ts';
import type { Codec, Handshake, ProtocolDefinition } from '../core/types.ts';
import { type Answer, type Call, CommandFailure, Fault, type Script } from './script.ts';

/** What goes out: messages, and for faults raw bytes. */
export type Wire = JsonObject | Uint8Array;

/** What a session is made of. */
export interface MonitorScript {
  readonly greeting: Answer;
  readonly pretty: boolean;
  /** The script of a command; `undefined` when there is no such command. */
  find(name: string): Script | undefined;
  /** Told of every command. */
  onCommand(command: QmpCommand): void;
}

/** See the module's comment. */
export class Monitor {
  /** What it speaks. */
  readonly definition: ProtocolDefinition<JsonObject, Wire>;
  readonly #script: MonitorScript;
  readonly #protocol: () => AsyncProtocol<JsonObject, Wire>;
  /** In-band commands are answered in the order in which they came. */
  #inBand: Promise<void> = Promise.resolve();

  /** @param protocol - Gives the protocol that speaks the definition. */
  constructor(script: MonitorScript, protocol: () => AsyncProtocol<JsonObject, Wire>) {
    this.#script = script;
    this.#protocol = protocol;
    this.definition = {
      codec: wireCodec(script.pretty),
      handshake: (session) => this.#greet(session),
      onMessage: (message) => {
        this.#take(message);
      },
    };
  }

  /** Sends an event, if a session runs. */
  emit(event: string, data?: JsonObject): void {
    const ms = Date.now();
    const timestamp = { seconds: Math.floor(ms / 1000), microseconds: (ms % 1000) * 1000 };
    this.#send({ event, ...(data && { data }), timestamp });
  }

  /** Shows a fault now, if a session runs. */
  show(fault: Fault): void {
    if (this.#protocol().runstate !== 'RUNNING') return;
    if (fault.kind === 'drop') {
      this.#leave(true);
      return;
    }
    if (fault.bytes.length > 0) this.#send(fault.bytes);
    if (fault.kind === 'end') this.#leave(false);
  }

  async #greet(session: Handshake<JsonObject, Wire>): Promise<void> {
    const { greeting } = this.#script;
    if (isObject(greeting)) await session.send(greeting);
    else if (greeting instanceof Fault) await showEarly(greeting, session);
    for (;;) {
      const command = asCommand(await session.receive());
      this.#script.onCommand(command);
      const answer = await this.#answerEarly(command);
      if (answer instanceof Fault) {
        await showEarly(answer, session);
      } else {
        await session.send(replyTo(command, answer));
        if (!(answer instanceof CommandFailure)) return;
      }
    }
  }

  #answerEarly(command: QmpCommand): Promise<Answer> | Answer {
    if (nameOf(command) !== 'qmp_capabilities') {
      return new CommandFailure(
        "Expecting capabilities negotiation with 'qmp_capabilities'",
        'CommandNotFound',
      );
    }
    const script = this.#script.find('qmp_capabilities');
    return script === undefined ? {} : answerOf(script, command);
  }

  #take(message: JsonObject): void {
    const command = asCommand(message);
    this.#script.onCommand(command);
    const answer = async (): Promise<void> => {
      this.#answer(command, await this.#run(command));
    };
    if ('exec-oob' in command) void answer();
    else this.#inBand = this.#inBand.then(answer);
  }

  async #run(command: QmpCommand): Promise<Answer> {
    const name = nameOf(command) ?? '';
    const script = this.#script.find(name);
    if (script !== undefined) return answerOf(script, command);
    if (name === 'qmp_capabilities') return ALREADY_NEGOTIATED;
    const text = `The command ${name} has not been found`;
    return new CommandFailure(text, 'CommandNotFound');
  }

  #answer(command: QmpCommand, answer: Answer): void {
    if (answer instanceof Fault) {
      this.show(answer);
      return;
    }
    this.#send(replyTo(command, answer));
    if (nameOf(command) === 'quit' && !(answer instanceof CommandFailure)) this.#leave(false);
  }

  #send(wire: Wire): void {
    // A client that has gone hears nothing; how it went is the protocol's own story.
    if (this.#protocol().runstate === 'RUNNING')
      this.#protocol()
        .send(wire)
        .catch(() => undefined);
  }

  #leave(force: boolean): void {
    this.#protocol()
      .disconnect({ force })
      .catch(() => undefined);
  }
}

const ALREADY_NEGOTIATED = new CommandFailure(
  'Capabilities negotiation is already complete, command ignored',
  'CommandNotFound',
);

/** Ends with CRLF, as QEMU's output does. */
const wireCodec = (pretty: boolean): Codec<JsonObject, Wire> => {
  const json = jsonStream({ integers: 'bigint', terminator: '\r\n' });
  return {
    encode: (wire) => {
      if (isBytes(wire)) return wire;
      const text = json.encode(wire);
      return pretty ? spread(String(text)) : text;
    },
    createDecoder: (limits) => json.createDecoder(limits),
  };
};

/** Over several lines; on integers that a number cannot hold it keeps its hands off. */
const spread = (text: string): string =>
  /\d{16}/.test(text) ? text : `${JSON.stringify(JSON.parse(text), null, 4)}\r\n`;

const showEarly = async (fault: Fault, session: Handshake<JsonObject, Wire>): Promise<void> => {
  if (fault.bytes.length > 0) await session.send(fault.bytes);
  if (fault.kind === 'end' || fault.kind === 'drop') throw new Error('The script ends here');
};

const answerOf = async (script: Script, command: QmpCommand): Promise<Answer> => {
  if (typeof script !== 'function') return script;
  try {
    return await script({ command, arguments: argumentsOf(command) });
  } catch (error) {
    if (error instanceof CommandFailure) return error;
    return new CommandFailure(describe(error));
  }
};

const argumentsOf = (command: QmpCommand): Call['arguments'] => ({ ...command.arguments });

const replyTo = ({ id }: QmpCommand, answer: Exclude<Answer, Fault>): JsonObject => ({
  ...(answer instanceof CommandFailure
    ? { error: { class: answer.errorClass, desc: answer.message } }
    : { return: answer }),
  ...(id !== undefined && { id }),
});

const isObject = (answer: Answer): answer is JsonObject =>
  typeof answer === 'object' &&
  answer !== null &&
  !Array.isArray(answer) &&
  !(answer instanceof CommandFailure) &&
  !(answer instanceof Fault);

/** What a client sent, as a command; one without a name finds no script. */
const asCommand = (message: JsonObject): QmpCommand => {
  const { execute, 'exec-oob': oob, arguments: args, id } = message;
  return {
    ...(typeof oob === 'string'
      ? { 'exec-oob': oob }
      : { execute: typeof execute === 'string' ? execute : '' }),
    ...(typeof args === 'object' && args !== null && { arguments: args }),
    ...(id !== undefined && { id }),
  };
};
