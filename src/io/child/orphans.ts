/**
 * Sees to it that no child outlives this process, as far as Node lets it.
 *
 * While there is a child, there is a listener on 'exit', which Node emits however a program ends by
 * itself, and one on each signal that would end it without an 'exit'. What such a signal does to the
 * program is not changed: where nobody else listens, the process still dies by it; where somebody
 * does, it is their affair, and they see no listener of ours.
 */

/** What is killed. */
export interface GuardedChild {
  kill(signal: 'SIGKILL'): unknown;
}

/** The signals that end a process when nobody listens, and that Node lets us hear. */
const GUARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Marks our listeners, also those of another copy of this library in the same process. */
const GUARD_SYMBOL = Symbol.for('wirechart.orphans');

const living = new Set<GuardedChild>();

/** The types of `process` do not have all of the events that any emitter has. */
const emitter: NodeJS.EventEmitter = process;

/** From now on the child is killed when this process ends. */
export function guard(child: GuardedChild): void {
  if (living.size === 0) {
    // First, as a listener that calls process.exit() keeps those after it from being called.
    process.prependListener('exit', killAll);
    for (const signal of GUARDED_SIGNALS) process.prependListener(signal, onSignal);
  }
  living.add(child);
}

/** The child has ended: forgets it, and with the last one the listeners. */
export function unguard(child: GuardedChild): void {
  if (!living.delete(child) || living.size > 0) return;
  process.off('exit', killAll);
  for (const signal of GUARDED_SIGNALS) process.off(signal, onSignal);
}

function killAll(): void {
  for (const child of living) child.kill('SIGKILL');
}

const onSignal = Object.assign(
  (signal: NodeJS.Signals): void => {
    process.off(signal, onSignal);
    if (process.listeners(signal).some((listener) => !(GUARD_SYMBOL in listener))) {
      reraise(signal);
      return;
    }
    killAll();
    process.kill(process.pid, signal);
  },
  { [GUARD_SYMBOL]: true },
);

/**
 * Lets the others have the signal without us: there are libraries that end the process by it when all
 * of its listeners are theirs, and they would wait for us as we for them. They take themselves off
 * before, and at that moment we are back, as we are when all have heard it.
 */
function reraise(signal: NodeJS.Signals): void {
  const comeBack = (): void => {
    emitter.off('removeListener', onRemoved);
    const isBack = process.listeners(signal).includes(onSignal);
    if (living.size > 0 && !isBack) process.prependListener(signal, onSignal);
  };
  const onRemoved = (name: unknown): void => {
    if (name === signal && process.listenerCount(signal) === 0) comeBack();
  };
  // Before Node's own, which would give up the signal for a moment in which it kills us alone.
  emitter.prependListener('removeListener', onRemoved);
  process.nextTick(comeBack);
}
