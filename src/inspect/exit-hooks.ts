/**
 * What is done when the process is about to exit. All outlets share one listener of each kind: more than
 * ten of them would make Node warn of a leak.
 */

type Exit = 'beforeExit' | 'exit';

const hooks = { beforeExit: new Set<() => void>(), exit: new Set<() => void>() };

const runAll: Readonly<Record<Exit, () => void>> = {
  beforeExit: () => {
    for (const hook of [...hooks.beforeExit]) hook();
  },
  exit: () => {
    for (const hook of [...hooks.exit]) hook();
  },
};

/** Calls `hook` when the process emits the event. It must not throw. */
export function onExit(event: Exit, hook: () => void): void {
  if (hooks[event].size === 0) process.on(event, runAll[event]);
  hooks[event].add(hook);
}

/** Calls it no longer. */
export function offExit(event: Exit, hook: () => void): void {
  if (hooks[event].delete(hook) && hooks[event].size === 0) process.off(event, runAll[event]);
}
