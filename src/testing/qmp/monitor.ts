/** One session of a scripted server: greeting, negotiation, answers. */

import type { JsonObject, JsonValue } from '../../codecs/json.ts';
import { memberOf } from '../../core/shape.ts';
import type { ProtocolDefinition, Session } from '../../core/types.ts';
import type { AsyncProtocol } from '../../protocol/async-protocol.ts';
import { redactQmp } from '../../qmp/redact.ts';
import type { QmpCommand } from '../../qmp/types.ts';
import { type Answer, CommandFailure, Fault } from '../script.ts';
import { type Input, monitorCodec, type Output } from './codec.ts';
import { InBandQueue } from './in-band-queue.ts';
import type { Replay } from './replay.ts';
import { parseRequest, replyTo, type Request } from './request.ts';
import type { Responder } from './responder.ts';

/** The part of a server that all its sessions share. */
interface MonitorScript {
  readonly greeting: Answer;
  readonly pretty: boolean;
  /** How many in-band commands may wait behind the one that is executed, before reading stops. */
  readonly queue: number;
  readonly responder: Responder;
  /** Returns what the next session repeats. */
  nextReplay(): Replay | undefined;
  /** Called with every command. */
  onCommand(command: QmpCommand): void;
  /** Called with each command that is executed; the promise resolves when it is answered. */
  onPending(name: string, answered: Promise<void>): void;
}

/** The server's side of one session, as a protocol definition. */
export class Monitor {
  readonly definition: ProtocolDefinition<Input, Output>;
  readonly #script: MonitorScript;
  readonly #protocol: () => AsyncProtocol<Input, Output>;
  readonly #queue: InBandQueue;
  #replay: Replay | undefined;
  /** The capabilities that were offered; `undefined` if the greeting is not a message. */
  #offered: readonly JsonValue[] | undefined;
  #isOobEnabled = false;

  /** @param protocol - Returns the protocol that runs the definition. */
  constructor(script: MonitorScript, protocol: () => AsyncProtocol<Input, Output>) {
    this.#script = script;
    this.#protocol = protocol;
    // Without out-of-band execution, QEMU reads one command after the other.
    this.#queue = new InBandQueue(() =>
      this.#isOobEnabled || script.queue === Infinity ? script.queue : 0,
    );
    this.definition = {
      codec: monitorCodec(script.pretty),
      redact: redactQmp,
      handshake: (session) => this.#greet(session),
      onMessage: (input) => this.#receive(input),
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

  async #greet(session: Session<Input, Output>): Promise<void> {
    this.#replay = this.#script.nextReplay();
    const greeting = this.#replay?.greeting ?? this.#script.greeting;
    if (isObject(greeting)) {
      this.#offered = capabilitiesOf(greeting);
      await session.send(greeting);
    } else if (greeting instanceof Fault) {
      await injectEarly(greeting, session);
    }
    await this.#negotiate(session);
    for (const event of this.#replay?.first ?? []) await session.send(event);
  }

  async #negotiate(session: Session<Input, Output>): Promise<void> {
    for (;;) {
      const request = parseRequest(await session.receive(), false);
      this.#note(request);
      const answer = await this.#answerEarly(request);
      if (answer instanceof Fault) {
        await injectEarly(answer, session);
        continue;
      }
      await session.send(replyTo(request, answer));
      if (answer instanceof CommandFailure) continue;
      this.#isOobEnabled = enabledBy(request).includes('oob');
      return;
    }
  }

  #answerEarly(request: Request): Promise<Answer> | Answer {
    if (request.failure !== undefined) return request.failure;
    if (request.name !== 'qmp_capabilities') {
      return new CommandFailure(
        "Expecting capabilities negotiation with 'qmp_capabilities'",
        'CommandNotFound',
      );
    }
    return this.#script.responder.negotiate(request) ?? this.#enable(request);
  }

  /** Only what was offered can be enabled. */
  #enable(request: Request): Answer {
    const { enable } = request.arguments;
    if (enable === undefined) return {};
    if (!Array.isArray(enable)) return wrongType('enable', 'array');
    for (const [index, capability] of enable.entries()) {
      if (typeof capability !== 'string') return wrongType(`enable[${String(index)}]`, 'string');
      if (this.#offered?.includes(capability) !== false) continue;
      return new CommandFailure(`Parameter 'null' does not accept value '${capability}'`);
    }
    return {};
  }

  /** Returns a promise if nothing more must be read until it resolves. */
  #receive(input: Input): Promise<undefined> | undefined {
    const request = parseRequest(input, this.#isOobEnabled);
    this.#note(request);
    if (!request.isOutOfBand) return this.#queue.add(() => this.#execute(request));
    void this.#execute(request);
    return undefined;
  }

  #execute(request: Request): Promise<void> {
    const response = this.#script.responder.respond(request, this.#replay);
    const answered = Promise.resolve(response).then(({ before, answer, after }) => {
      for (const event of before) this.#send(event);
      this.#answer(request, answer);
      for (const event of after) this.#send(event);
    });
    this.#script.onPending(request.name, answered);
    return answered;
  }

  #note({ command }: Request): void {
    if (command !== undefined) this.#script.onCommand(command);
  }

  #answer(request: Request, answer: Answer): void {
    if (answer instanceof Fault) {
      this.show(answer);
      return;
    }
    this.#send(replyTo(request, answer));
    if (request.name === 'quit' && !(answer instanceof CommandFailure)) this.#disconnect(false);
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

/** Injects a fault during the handshake. */
const injectEarly = async (fault: Fault, session: Session<Input, Output>): Promise<void> => {
  if (fault.bytes.length > 0) await session.send(fault.bytes);
  if (fault.kind === 'end' || fault.kind === 'drop')
    throw new Error('The scripted server injected the end of the stream');
};

const wrongType = (name: string, expected: string): CommandFailure =>
  new CommandFailure(`Invalid parameter type for '${name}', expected: ${expected}`);

/** The capabilities in a greeting. */
function capabilitiesOf(greeting: JsonObject): readonly JsonValue[] | undefined {
  const capabilities = memberOf(greeting['QMP'], 'capabilities');
  return Array.isArray(capabilities) ? capabilities : undefined;
}

const enabledBy = ({ arguments: { enable } }: Request): readonly JsonValue[] =>
  Array.isArray(enable) ? enable : [];

const isObject = (answer: Answer): answer is JsonObject =>
  typeof answer === 'object' &&
  answer !== null &&
  !Array.isArray(answer) &&
  !(answer instanceof CommandFailure) &&
  !(answer instanceof Fault);
