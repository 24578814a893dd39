/**
 * Actor logic of a protocol's author, as its handshake or its farewell: it runs as a child of the actor that
 * waits for it, so an inspector shows it with its own states.
 *
 * The child is no part of the persisted snapshot: its input is a session, which cannot be restored.
 */

import {
  type AnyActorLogic,
  type AnyActorRef,
  createActor,
  type PromiseActorLogic,
  type SnapshotFrom,
} from 'xstate';
import { type Deferred, defer } from '../async/deferred.ts';
import { memberOf } from '../core/shape.ts';
import type { RunLogic } from '../core/session-logic.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import { fromWait, type WaitInput } from './wait.ts';

/** Sent by the actor to itself when it has its child: inspectors look for children in snapshots. */
const CHILD_STARTED = { type: 'childStarted' };

/** What an actor of XState tells its children, and what they tell it. */
interface Scope {
  readonly self: AnyActorRef;
  readonly stopChild: (child: AnyActorRef) => void;
}

/** One running child. */
class LogicRun {
  readonly #child: AnyActorRef;
  readonly #output: Deferred<unknown> = defer();

  constructor(parent: AnyActorRef, logic: AnyActorLogic, input: object) {
    this.#child = createActor(logic, { parent, id: idOf(logic), input });
    this.#child.start();
    parent.send(CHILD_STARTED);
  }

  get children(): Record<string, AnyActorRef> {
    return { [this.#child.id]: this.#child };
  }

  get output(): Promise<unknown> {
    return this.#output.promise;
  }

  /**
   * The child has told its parent something: that it has ended, as XState tells it; or what logic without an
   * output, such as `fromCallback()`, sends back to end the run.
   */
  onEvent(event: { readonly type: string }, scope: Scope): void {
    switch (event.type) {
      case `xstate.done.actor.${this.#child.id}`:
        this.#output.resolve(memberOf(event, 'output'));
        break;
      case `xstate.error.actor.${this.#child.id}`:
        this.#output.reject(memberOf(event, 'error'));
        break;
      case 'DONE':
        this.#output.resolve(memberOf(event, 'output'));
        this.stop(scope);
        break;
      case 'FAIL':
        this.#output.reject(memberOf(event, 'error'));
        this.stop(scope);
        break;
    }
  }

  stop({ stopChild }: Scope): void {
    stopChild(this.#child);
  }
}

/** The name of the child: that of the machine, if its author has given it one. */
function idOf(logic: AnyActorLogic): string {
  const id = memberOf(logic, 'id');
  return typeof id === 'string' && id !== '(machine)' ? id : 'logic';
}

/**
 * `fromWait()` whose `run` may also run actor logic, once, as a child of the actor. The child is stopped with
 * the actor, after the signal has been aborted.
 */
export function fromWaitWithLogic<Input extends WaitInput>(
  run: (input: Input, signal: StopSignal, runLogic: RunLogic) => Promise<unknown>,
): PromiseActorLogic<unknown, Input> {
  const runs = new WeakMap<AnyActorRef, LogicRun>();
  const wait = fromWait<unknown, Input>((input, signal, self) =>
    run(input, signal, (logic, given) => {
      // Its shape was checked, and what it accepts is between XState and its author.
      const started = new LogicRun(self, logic as AnyActorLogic, given);
      runs.set(self, started);
      return started.output;
    }),
  );
  return {
    ...wait,
    transition: (snapshot, event, scope) => {
      const child = runs.get(scope.self);
      const next = wait.transition(snapshot, event, scope);
      if (child === undefined) return next;
      if (event.type === 'xstate.stop') child.stop(scope);
      else child.onEvent(event, scope);
      return next.status === 'active' ? withChildren(next, child.children) : next;
    },
    getPersistedSnapshot: (snapshot) => withChildren(snapshot, undefined),
  };
}

const withChildren = <Input>(
  snapshot: SnapshotFrom<PromiseActorLogic<unknown, Input>>,
  children: Record<string, AnyActorRef> | undefined,
) => Object.assign({}, snapshot, { children });
