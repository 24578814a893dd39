/**
 * Actor logic that works on a connection, which it looks for when it starts: the common part of
 * `protocolMessages`, `qmpEvents` and `qmpCommand`.
 *
 * What ends an actor is reported in a microtask. The parent has then finished the step that started the actor,
 * and all events that it had before; if one of these made it leave the state, the actor is stopped and reports
 * nothing. An error that no state handles would stop the parent.
 */

import type { ActorLogic, AnyActorRef, EventObject, Snapshot } from 'xstate';
import { checkNames, type Names } from '../core/options.ts';
import { noteRedactor } from '../core/redactors.ts';
import { restoreError, saveError } from '../core/saved-error.ts';
import { memberOf } from '../core/shape.ts';
import {
  type ConnectionInput,
  findConnection,
  type Sought,
  storableName,
} from './find-connection.ts';

/** What a running actor tells its parent, and how it ends. Calls of a stopped actor have no effect. */
export interface Reports<Output> {
  /** Sends an event to the parent. Never throws. */
  readonly tell: (event: EventObject) => void;
  readonly done: (output: Output) => void;
  readonly fail: (error: unknown) => void;
}

/** The work of one actor. */
export interface Work<Output, Input extends ConnectionInput> extends Sought {
  /** The names of the input's members. */
  readonly names: Names<Input>;
  /**
   * Starts to work on a connection, and returns a function that stops it. What it throws fails the actor.
   *
   * @param connection - Its actor, which may not have been started yet, or may have ended.
   */
  readonly start: (connection: AnyActorRef, input: Input, reports: Reports<Output>) => () => void;
  /**
   * What the work of an actor depends on, beside its connection: React restarts an actor with a new link. The
   * work is started anew if that is not the same after the step in which the actor was started.
   */
  readonly identify?: (connection: AnyActorRef) => unknown;
  /** What inspectors show of the input. Default: all of it, by the general rules. */
  readonly redact?: (input: Input) => unknown;
  /** What is stored of the input. Default: all of it, and the name of the connection instead of an actor. */
  readonly save?: (input: Input) => Input;
  /** Why an actor that was stored and restored fails. Default: it starts to work again. */
  readonly refuseRestored?: (input: Input) => Error;
}

/** The snapshot of such an actor. */
type ConnectionLogicSnapshot<Output, Input> = Snapshot<Output> & {
  readonly input: Input | undefined;
};

/** Such logic, with its own type of events. */
export type ConnectionLogic<Output, Input, Event extends EventObject> = ActorLogic<
  ConnectionLogicSnapshot<Output, Input>,
  Event,
  Input | undefined
>;

/** Sent by an actor to itself when it has ended, under the names that XState's promise actors use. */
const DONE = { type: 'xstate.promise.resolve' };
const FAILED = { type: 'xstate.promise.reject' };

/** How an actor has ended. */
type End<Output> = { readonly output: Output } | { readonly error: unknown };

/** One life of an actor: from its start to its stop, or its end. */
class Life<Output, Input extends ConnectionInput> implements Reports<Output> {
  /** How it has ended, once it has. */
  end: End<Output> | undefined;
  readonly #self: AnyActorRef;
  readonly #work: Work<Output, Input>;
  readonly #input: Input;
  #stop: (() => void) | undefined;
  #isOver = false;

  constructor(self: AnyActorRef, work: Work<Output, Input>, input: Input) {
    this.#self = self;
    this.#work = work;
    this.#input = input;
  }

  /** Never throws. */
  begin(): void {
    const connection = this.#attempt();
    const { identify } = this.#work;
    if (connection === undefined || identify === undefined) return;
    const identity = identify(connection);
    queueMicrotask(() => {
      if (this.#isOver) return;
      if (this.#find() === connection && identify(connection) === identity) return;
      this.#stop?.();
      this.#attempt();
    });
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stop?.();
    this.#stop = undefined;
  }

  readonly tell = (event: EventObject): void => {
    const parent = this.#self._parent;
    // A parent that has failed leaves its children running, and takes no events.
    if (this.#isOver || parent === undefined || !isActive(parent)) return;
    try {
      relay(this.#self, parent, event);
    } catch (error) {
      // An inspector has thrown. XState reports the errors of subscribers in the same way.
      setTimeout(() => {
        throw error;
      });
    }
  };

  readonly done = (output: Output): void => {
    this.#endWith({ output }, DONE);
  };

  readonly fail = (error: unknown): void => {
    this.#endWith({ error }, FAILED);
  };

  #attempt(): AnyActorRef | undefined {
    try {
      checkNames(this.#work.owner, this.#input, this.#work.names);
      const connection = this.#find();
      this.#stop = this.#work.start(connection, this.#input, this);
      return connection;
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  #find(): AnyActorRef {
    const given = givenRefs.get(this.#self) ?? this.#input.connection;
    return findConnection(this.#self, given, this.#work);
  }

  #endWith(end: End<Output>, event: EventObject): void {
    queueMicrotask(() => {
      if (this.#isOver) return;
      this.stop();
      this.end = end;
      this.#self.send(event);
    });
  }
}

/** Sends an event as `fromCallback()` of XState does, so that inspectors see where it comes from. */
function relay(source: AnyActorRef, target: AnyActorRef, event: EventObject): void {
  const own = memberOf(target.system, '_relay');
  if (typeof own === 'function') Reflect.apply(own, target.system, [source, target, event]);
  else target.send(event);
}

/** The actors that were given as the connection of others: snapshots have only their names. */
const givenRefs = new WeakMap<AnyActorRef, AnyActorRef>();

/** Returns actor logic that does the work. */
export function connectionLogic<Output, Input extends ConnectionInput, Event extends EventObject>(
  work: Work<Output, Input>,
): ConnectionLogic<Output, Input, Event> {
  const lives = new WeakMap<AnyActorRef, Life<Output, Input>>();
  const restored = new WeakSet<AnyActorRef>();
  return {
    getInitialSnapshot: ({ self }, input) => {
      const { redact } = work;
      if (redact && input) noteRedactor(input, { redact: () => redact(input) });
      return active(input && withoutRef(self, input));
    },
    start: ({ input }, { self }) => {
      // Any input is optional in the types of XState, also that of a command.
      const life = new Life(self, work, (input ?? {}) as Input);
      lives.set(self, life);
      if (restored.has(self) && work.refuseRestored && input) {
        life.fail(work.refuseRestored(input));
      } else life.begin();
    },
    transition: (snapshot, { type }, { self }) => {
      const life = lives.get(self);
      if (type === 'xstate.stop') {
        life?.stop();
        return { status: 'stopped', output: undefined, error: undefined, input: snapshot.input };
      }
      return ended(life?.end, snapshot);
    },
    getPersistedSnapshot: ({ status, error, input }) => {
      const saved = input && (work.save?.(input) ?? input);
      // The output was reported, and may be large, secret, or no JSON.
      const stored = {
        status,
        ...(saved && { input: saved }),
        ...(status === 'error' && { error: saveError(error) }),
      };
      // XState's type wants all members, also those that JSON has not.
      return JSON.parse(JSON.stringify(stored)) as Snapshot<unknown>;
    },
    restoreSnapshot: (persisted, { self }) => {
      restored.add(self);
      return restoredSnapshot<Output, Input>(persisted);
    },
  };
}

const active = <Output, Input>(
  input: Input | undefined,
): ConnectionLogicSnapshot<Output, Input> => ({
  status: 'active',
  output: undefined,
  error: undefined,
  input,
});

/** Returns the snapshot of an actor that has ended; else the one that it has. */
function ended<Output, Input>(
  end: End<Output> | undefined,
  snapshot: ConnectionLogicSnapshot<Output, Input>,
): ConnectionLogicSnapshot<Output, Input> {
  const { input } = snapshot;
  if (end === undefined) return snapshot;
  return 'error' in end
    ? { status: 'error', output: undefined, error: end.error, input }
    : { status: 'done', output: end.output, error: undefined, input };
}

/** An input as plain data: with the name of the connection. The actor itself is kept elsewhere. */
function withoutRef<Input extends ConnectionInput>(self: AnyActorRef, input: Input): Input {
  const { connection } = input;
  // In plain JavaScript it may be anything.
  if (!isObject(connection)) return input;
  givenRefs.set(self, connection);
  return { ...input, connection: storableName(self, connection) };
}

/** What was stored comes from a file, and may be anything. */
function restoredSnapshot<Output, Input>(
  persisted: unknown,
): ConnectionLogicSnapshot<Output, Input> {
  const status = memberOf(persisted, 'status');
  const input = memberOf(persisted, 'input') as Input | undefined;
  switch (status) {
    case 'done':
      // The parent had the output before it was stored.
      return { status, output: undefined as Output, error: undefined, input };
    case 'error': {
      const error = restoreError(memberOf(persisted, 'error'));
      return { status, output: undefined, error, input };
    }
    default:
      return active(input);
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isActive = (ref: AnyActorRef): boolean => memberOf(ref.getSnapshot(), 'status') === 'active';

/** Calls `onEnd` when an actor has ended, in whatever way; returns a function that prevents that. */
export function whenEnded(ref: AnyActorRef, onEnd: () => void): () => void {
  // XState does not notify a new subscriber that the actor was stopped before.
  if (!isActive(ref)) onEnd();
  const subscription = ref.subscribe({ complete: onEnd, error: onEnd });
  return () => {
    subscription.unsubscribe();
  };
}
