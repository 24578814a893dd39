/** One session of a scripted server: greeting, negotiation, answers. */

import type { JsonObject } from '../codecs/json.ts';
import { jsonStream } from '../codecs/json-stream.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import { nameOf } from '../qmp/messages.ts';
import { redactQmp } from '../qmp/redact.ts';
import type { QmpCommand } from '../qmp/types.ts';
import { describe } from '../core/errors.ts';
import { isBytes } from '../core/shape.ts';
import type { Codec, Session, ProtocolDefinition } from '../core/types.ts';
import { type Answer, type Call, CommandFailure, Fault, type Script } from './script.ts';

/** What a session sends: messages, or the raw bytes of a fault. */
export type Output = JsonObject | Uint8Array;

/** The part of a server that all its sessions share. */
export interface MonitorScript {
  readonly greeting: Answer;
  readonly pretty: boolean;
  /** Returns the script of a command; `undefined` when there is none. */
  find(name: string): Script | undefined;
  /** Called with every command. */
  onCommand(command: QmpCommand): void;
}

/** The server's side of one session, as a protocol definition. */
export class Monitor {
  readonly definition: ProtocolDefinition<JsonObject, Output>;
  readonly #script: MonitorScript;
  readonly #protocol: () => AsyncProtocol<JsonObject, Output>;
  /** Settles when all in-band commands so far are answered: they are answered in order. */
  #inBand: Promise<void> = Promise.resolve();

  /** @param protocol - Returns the protocol that runs the definition. */
  constructor(script: MonitorScript, protocol: () => AsyncProtocol<JsonObject, Output>) {
    this.#script = script;
    this.#protocol = protocol;
    this.definition = {
      codec: outputCodec(script.pretty),
      redact: redactQmp,
      handshake: (session) => this.#greet(session),
      onMessage: (message) => {
        this.#execute(message);
      },
    };
  }

  /** Sends an event, if the session is in RUNNING. */
  emit(event: string, data?: JsonObject): void {
    const ms = Date.now();
    const timestamp = { seconds: Math.floor(ms / 1000), microseconds: (ms % 1000) * 1000 };
    this.#send({ event, ...(data && { data }), timestamp });
  }

  /** Injects a fault now, if the session is in RUNNING. */
  show(fault: Fault): void {
    if (this.#protocol().runstate !== 'RUNNING') return;
    if (fault.kind === 'drop') {
      this.#disconnect(true);
      return;
    }
    if (fault.bytes.length > 0) this.#send(fault.bytes);
    if (fault.kind === 'end') this.#disconnect(false);
  }

  async #greet(session: Session<JsonObject, Output>): Promise<void> {
    const { greeting } = this.#script;
    if (isObject(greeting)) await session.send(greeting);
    else if (greeting instanceof Fault) await injectEarly(greeting, session);
    for (;;) {
      const command = asCommand(await session.receive());
      this.#script.onCommand(command);
      const answer = await this.#answerEarly(command);
      if (answer instanceof Fault) {
        await injectEarly(answer, session);
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

  #execute(message: JsonObject): void {
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
    if (nameOf(command) === 'quit' && !(answer instanceof CommandFailure)) this.#disconnect(false);
  }

  #send(output: Output): void {
    // When the client has left, there is nothing to do: the protocol reports the end of the session.
    if (this.#protocol().runstate === 'RUNNING')
      this.#protocol()
        .send(output)
        .catch(() => undefined);
  }

  #disconnect(force: boolean): void {
    this.#protocol()
      .disconnect({ force })
      .catch(() => undefined);
  }
}

const ALREADY_NEGOTIATED = new CommandFailure(
  'Capabilities negotiation is already complete, command ignored',
  'CommandNotFound',
);

/** Ends each message with CRLF, as QEMU does. */
const outputCodec = (pretty: boolean): Codec<JsonObject, Output> => {
  const json = jsonStream({ integers: 'bigint', terminator: '\r\n' });
  return {
    encode: (output) => {
      if (isBytes(output)) return output;
      const text = json.encode(output);
      return pretty ? prettyPrint(text) : text;
    },
    createDecoder: (limits) => json.createDecoder(limits),
  };
};

/** Writes JSON on several lines. Text with large integers stays as it is: parsing would round them. */
const prettyPrint = (text: string): string =>
  /\d{16}/.test(text) ? text : `${JSON.stringify(JSON.parse(text), null, 4)}\r\n`;

/** Injects a fault during the handshake. */
const injectEarly = async (fault: Fault, session: Session<JsonObject, Output>): Promise<void> => {
  if (fault.bytes.length > 0) await session.send(fault.bytes);
  if (fault.kind === 'end' || fault.kind === 'drop')
    throw new Error('The scripted server injected the end of the stream');
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

/** Returns an inbound message as a command: one without a name gets the name '', which has no script. */
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
