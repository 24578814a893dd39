/**
 * A QMP server with scripted answers, for tests of programs that talk to QEMU, without QEMU.
 *
 * Like a monitor of QEMU, it serves one client at a time: the next client is connected at once, and
 * greeted when the current one has left.
 */

import { abortable } from '../../async/abort.ts';
import { deferHandled, markHandled, rejectHandled } from '../../async/deferred.ts';
import { checkTimeout, startTimer } from '../../async/timer.ts';
import type { JsonObject } from '../../codecs/json.ts';
import { ClosedError, ConnectError } from '../../core/errors.ts';
import { type Names, pickOptions, signalOf } from '../../core/options.ts';
import { memberOf } from '../../core/shape.ts';
import type { BoundAddress, WaitOptions } from '../../core/types.ts';
import type { AsyncProtocol } from '../../protocol/async-protocol.ts';
import { PROTOCOL_OPTIONS } from '../../protocol/options.ts';
import type { QmpCommand } from '../../qmp/types.ts';
import { ProtocolServer } from '../../server/protocol-server.ts';
import type { Fault } from '../script.ts';
import { ScriptError } from '../script-error.ts';
import type { Input, Output } from './codec.ts';
import { Failures } from './failures.ts';
import type { ScriptedJob } from './job.ts';
import { JobList } from './job-list.ts';
import { Monitor } from './monitor.ts';
import { checkOptions, checkScripts, type ScriptedQmpServerOptions } from './options.ts';
import { ReceivedCommands } from './received-commands.ts';
import { parseRecording, type RecordedSession } from './recording.ts';
import { Replay } from './replay.ts';
import { Responder } from './responder.ts';
import { Schema } from './schema.ts';
import { builtInCommands, GREETING } from './virtual-machine.ts';

/** The options of `next()` and `done()`. */
export interface ScriptWaitOptions extends WaitOptions {
  /** How long to wait, in ms of real time. Default 2 000. */
  readonly timeout?: number | undefined;
}

const WAIT: Names<ScriptWaitOptions> = { signal: true, timeout: true };

const DEFAULT_TIMEOUT_MS = 2_000;

/**
 * A QMP server with scripted answers that serves one client at a time.
 *
 * @example
 * await using server = new ScriptedQmpServer({
 *   commands: {
 *     'query-block': [],
 *     eject: new CommandFailure("Device 'cd0' is locked"),
 *     migrate: faults.silence(),
 *   },
 * });
 * await qmp.connect(await server.listen());
 */
export class ScriptedQmpServer implements AsyncDisposable {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'ScriptedQmpServer';

  /** All commands received so far, in order, those of the negotiation included. */
  readonly received: QmpCommand[];

  readonly #options: ScriptedQmpServerOptions;
  readonly #commands = new ReceivedCommands();
  readonly #failures = new Failures();
  readonly #schema: Schema | undefined;
  readonly #jobs: JobList;
  readonly #responder: Responder;
  readonly #recorded: readonly RecordedSession[];
  /** The sessions that repeat a recorded one. */
  readonly #replays: Replay[] = [];
  /** The commands that are not answered yet. */
  readonly #pending = new Map<Promise<void>, string>();
  readonly #server: ProtocolServer<Input, Output>;
  readonly #closing = new AbortController();
  #bound: Promise<BoundAddress> | undefined;
  #current: Monitor | undefined;

  /**
   * @param options - Its answers, its address, and the options of every protocol.
   * @throws {ArgumentError} When an option is invalid.
   */
  constructor(options: ScriptedQmpServerOptions = {}) {
    checkOptions(options);
    this.#options = options;
    this.received = this.#commands.all;
    this.#schema = options.schema && new Schema(options.schema);
    this.#recorded = options.replay === undefined ? [] : parseRecording(options.replay);
    const emit = (event: string, data?: JsonObject): void => {
      this.#current?.emit(event, data);
    };
    this.#jobs = new JobList({ clock: options.clock, emit });
    this.#responder = this.#createResponder(emit);
    this.#server = this.#createServer(options);
  }

  /**
   * Starts to listen, and resolves with the address for a client's `connect()`. Later calls resolve with
   * the same address.
   *
   * @throws {ConnectError} When the address cannot be bound, or the server was closed.
   */
  async listen(): Promise<BoundAddress> {
    if (this.#closing.signal.aborted) {
      throw new ConnectError('connection', new ClosedError('The scripted server was closed'));
    }
    this.#bound ??= this.#server.listen(this.#options.address ?? { port: 0 });
    return this.#bound;
  }

  /**
   * Sends an event to the current client. Does nothing unless its session is in RUNNING.
   *
   * @throws {ScriptError} When the option `schema` does not allow the event, or its data.
   */
  emit(event: string, data?: JsonObject): void {
    const fault = this.#schema?.eventFault(event, data);
    if (fault !== undefined) {
      const text = `emit('${event}') does not fit the schema: ${fault}`;
      throw new ScriptError(text, { actual: data });
    }
    this.#current?.emit(event, data);
  }

  /** Injects a fault into the session of the current client. Does nothing unless it is in RUNNING. */
  show(fault: Fault): void {
    this.#current?.show(fault);
  }

  /**
   * Resolves with the next command of this name: with the first one that was received and that no call of
   * `next()` has returned, or else with the next one that is received. Its script has been called then, unless
   * it waits for the answer to an earlier command.
   *
   * @throws {ScriptError} When no such command has come after `timeout` ms, or the server is closed before.
   * @throws The reason of `signal`, when it is aborted before.
   */
  next(command: string, options?: ScriptWaitOptions): Promise<QmpCommand> {
    try {
      const signal = signalOf('next()', options, WAIT);
      checkTimeout(options?.timeout);
      if (this.#closing.signal.aborted) {
        const text = `next('${command}') was called after the server was closed.`;
        return rejectHandled(new ScriptError(text));
      }
      const timeout = options?.timeout ?? DEFAULT_TIMEOUT_MS;
      return markHandled(this.#commands.next(command, timeout, signal));
    } catch (error) {
      return rejectHandled(error);
    }
  }

  /**
   * Returns a job that a command has started, to advance it, or to make it fail; also if it has ended.
   *
   * @param id - The id of the job; if it was used again, the latest job has it. Default: the job that was started
   *   last.
   * @throws {ScriptError} When no command has started such a job.
   */
  job(id?: string): ScriptedJob {
    return this.#jobs.get(id);
  }

  /**
   * Resolves when every command that was received is answered. Waits for `timeout` ms at most.
   *
   * @throws {ScriptError} The first failure: with `strict`, a command without a script; with `schema`, a return
   *   value that it does not allow; with `replay`, a command that is not the recorded one, or that has not come; a
   *   command whose script has not answered after `timeout` ms. Each is thrown once, here or at the end of
   *   `await using`.
   * @throws The reason of `signal`, when it is aborted before.
   */
  async done(options?: ScriptWaitOptions): Promise<void> {
    const signal = signalOf('done()', options, WAIT);
    checkTimeout(options?.timeout);
    const timeout = options?.timeout ?? DEFAULT_TIMEOUT_MS;
    if (!(await this.#areAnswered(timeout, signal))) {
      const names = [...this.#pending.values()].map((name) => `'${name}'`).join(', ');
      const verb = this.#pending.size === 1 ? 'is' : 'are';
      this.#failures.add(
        new ScriptError(`After ${String(timeout)} ms, ${names} ${verb} not answered.`),
      );
    }
    for (const replay of this.#replays) replay.checkEnd();
    this.#failures.throwFirst();
  }

  /** Stops listening and destroys the streams of all clients. Resolves when nothing is left open. Never rejects. */
  async close(): Promise<void> {
    this.#failures.close();
    this.#closing.abort();
    this.#commands.close();
    this.#jobs.stop();
    await this.#server.close({ force: true });
  }

  /** For `await using`: `close()`, and throws the first failure that `done()` has not thrown. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    this.#failures.throwFirst();
  }

  /** Waits until no answer is pending; `false` if it takes too long. */
  async #areAnswered(timeout: number, signal: AbortSignal | undefined): Promise<boolean> {
    const late = deferHandled<false>();
    const cancel = startTimer(timeout, () => {
      late.resolve(false);
    });
    const all = async (): Promise<true> => {
      while (this.#pending.size > 0) await Promise.all(this.#pending.keys());
      return true;
    };
    try {
      return await abortable(Promise.race([all(), late.promise]), signal);
    } finally {
      cancel();
    }
  }

  #createResponder(emit: (event: string, data?: JsonObject) => void): Responder {
    const { commands = {}, greeting, strict = false } = this.#options;
    const scripts = new Map(Object.entries(commands));
    checkScripts(scripts.keys(), this.#schema);
    const builtIn = builtInCommands({
      jobs: this.#jobs,
      schema: this.#schema,
      version: versionIn(this.#recorded[0]?.greeting ?? greeting),
      emit,
      names: () => [...new Set([...Object.keys(builtIn), ...scripts.keys()])],
    });
    return new Responder(
      {
        scripts,
        builtIn: new Map(Object.entries(builtIn)),
        schema: this.#schema,
        jobs: this.#jobs,
        isStrict: strict,
      },
      this.#failures,
    );
  }

  #createServer({ limits, timeouts, ...options }: ScriptedQmpServerOptions) {
    return new ProtocolServer<Input, Output>(
      (_, peer) => {
        this.#current = this.#monitor(peer);
        return this.#current.definition;
      },
      {
        ...pickOptions(options, PROTOCOL_OPTIONS),
        limits: { ...limits, maxPeers: 1, maxBacklog: Infinity },
        // No deadline of the server's own: a client may wait as long as the test does.
        timeouts: { handshake: Infinity, ...timeouts, backlog: Infinity },
      },
    );
  }

  #monitor(peer: () => AsyncProtocol<Input, Output>): Monitor {
    const { greeting = GREETING, pretty = false, queue = Infinity } = this.#options;
    return new Monitor(
      {
        greeting,
        pretty,
        queue,
        responder: this.#responder,
        nextReplay: () => this.#nextReplay(),
        onCommand: (command) => {
          this.#commands.add(command);
        },
        onPending: (name, answered) => {
          this.#pending.set(answered, name);
          void answered.finally(() => this.#pending.delete(answered));
        },
      },
      peer,
    );
  }

  #nextReplay(): Replay | undefined {
    const session = this.#recorded[this.#replays.length] ?? this.#recorded.at(-1);
    if (session === undefined) return undefined;
    const isScripted = (name: string): boolean => this.#responder.isScripted(name);
    const replay = new Replay(session, this.#failures, isScripted);
    this.#replays.push(replay);
    return replay;
  }
}

/** The version in a greeting. */
const versionIn = (greeting: unknown): JsonObject | undefined => {
  const version = memberOf(memberOf(greeting, 'QMP'), 'version');
  return typeof version === 'object' && version !== null ? { ...version } : undefined;
};
