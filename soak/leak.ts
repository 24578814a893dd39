/** A phase that leaks on purpose, to test the verdict. It runs only when it is named with `--only`. */

import { inTenParts, type Phase, type Work } from './phase.ts';

async function run(work: Work): Promise<void> {
  const kept: unknown[] = [];
  const listener = (): void => undefined;
  const timers: NodeJS.Timeout[] = [];
  try {
    await inTenParts(work, async (_, to) => {
      kept.push(Array.from({ length: 200_000 }, (_unused, at) => ({ at })));
      process.on('SIGUSR2', listener);
      timers.push(setTimeout(listener, 600_000));
      await work.sample(to);
    });
  } finally {
    process.removeAllListeners('SIGUSR2');
    for (const timer of timers) clearTimeout(timer);
  }
  work.print(`${String(kept.length)} blocks were leaked`);
}

export const leak: Phase = { name: 'leak', unit: 'leaks', count: 10, run };
