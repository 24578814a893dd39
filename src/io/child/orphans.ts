/**
 * Kills the children when this process ends, as far as Node allows it.
 *
 * While there are children, there is a listener on 'exit', which Node emits whenever a program ends
 * by itself, and one on each signal that would end the process without an 'exit'. The effect of
 * such a signal does not change: without other listeners, the process still dies by it; otherwise
 * the other listeners decide, and they do not see ours.
 */

/** A child that is killed when this process ends. */
export interface GuardedChild {
  kill(signal: 'SIGKILL'): unknown;
}

/**
 * The signals that end a process without listeners, and that Node can listen to. Not among them:
 *
 * - SIGKILL, and the realtime signals: Node cannot listen to them;
 * - SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, the signs of a crash: with a listener, the
 *   program would run on behind the fault until the event loop turns;
 * - SIGPIPE, SIGXFSZ, which Node ignores, and SIGUSR1, which starts its debugger;
 * - SIGPROF, with which V8's profiler (`--cpu-prof`) takes its samples: a listener would take each
 *   sample for the end, and with the listener's removal the next sample would end the process.
 */
const GUARDED_SIGNALS = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGABRT',
  'SIGALRM',
  'SIGVTALRM',
  'SIGXCPU',
  'SIGUSR2',
] as const;
/** Those that other systems ignore by default, or do not have. */
const LINUX_SIGNALS = ['SIGIO', 'SIGPWR', 'SIGSTKFLT'] as const;

function guardedSignals(): readonly NodeJS.Signals[] {
  // The first process of a container is not ended by a signal without a listener.
  if (process.pid === 1) return [];
  return process.platform === 'linux' ? [...GUARDED_SIGNALS, ...LINUX_SIGNALS] : GUARDED_SIGNALS;
}

/** Other names of the same signals, under which a program may listen. */
const ALIASES: Partial<Record<NodeJS.Signals, NodeJS.Signals>> = {
  SIGABRT: 'SIGIOT',
  SIGIO: 'SIGPOLL',
};

/** Marks our listeners, also those of another copy of this library in the same process. */
const GUARD_SYMBOL = Symbol.for('wirechart.orphans');

const guarded = new Set<GuardedChild>();

/** The type of `process` lacks the event 'removeListener'. */
const emitter: NodeJS.EventEmitter = process;

/** Kills the child when this process ends, until `unguard()`. */
export function guard(child: GuardedChild): void {
  if (guarded.size === 0) {
    // Prepended, because a listener that calls process.exit() prevents the calls of those after it.
    process.prependListener('exit', killAll);
    for (const signal of guardedSignals()) process.prependListener(signal, onSignal);
  }
  guarded.add(child);
}

/** Forgets a child that has ended; with the last one, removes the listeners. */
export function unguard(child: GuardedChild): void {
  if (!guarded.delete(child) || guarded.size > 0) return;
  process.off('exit', killAll);
  for (const signal of guardedSignals()) process.off(signal, onSignal);
}

function killAll(): void {
  for (const child of guarded) child.kill('SIGKILL');
}

const onSignal = Object.assign(
  (signal: NodeJS.Signals): void => {
    process.off(signal, onSignal);
    if (hasOtherListeners(signal)) {
      reraise(signal);
      return;
    }
    killAll();
    process.kill(process.pid, signal);
  },
  { [GUARD_SYMBOL]: true },
);

function hasOtherListeners(signal: NodeJS.Signals): boolean {
  const alias = ALIASES[signal];
  const names = alias === undefined ? [signal] : [signal, alias];
  return names.some((name) =>
    process.listeners(name).some((listener) => !(GUARD_SYMBOL in listener)),
  );
}

/**
 * Leaves the signal to the other listeners, with ours removed: some libraries end the process by a
 * signal only if all of its listeners are theirs, and would wait for us as we for them. They remove
 * their listeners first; at that moment, or else after all listeners were called, ours is added
 * again.
 */
function reraise(signal: NodeJS.Signals): void {
  const restore = (): void => {
    emitter.off('removeListener', onRemoved);
    const isRestored = process.listeners(signal).includes(onSignal);
    if (guarded.size > 0 && !isRestored) process.prependListener(signal, onSignal);
  };
  const onRemoved = (name: unknown): void => {
    if (name === signal && process.listenerCount(signal) === 0) restore();
  };
  // Before Node's own listener, which stops handling the signal when no listener is left: for a
  // moment, the signal would end this process and leave the children.
  emitter.prependListener('removeListener', onRemoved);
  process.nextTick(restore);
}
