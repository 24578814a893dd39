/** What the server says of a migration. */

import { memberOf } from '../../core/shape.ts';
import { numberIn, textIn } from './job-progress.ts';
import type { MigrationProgress } from './migration-types.ts';

/** What the reply of `query-migrate` says. */
export function migrationIn(info: unknown): MigrationProgress {
  const ram = memberOf(info, 'ram');
  const status = textIn(info, 'status') ?? '';
  const [total, remaining] = [numberIn(ram, 'total'), numberIn(ram, 'remaining')];
  const fraction = total > 0 ? Math.min(1, Math.max(0, 1 - remaining / total)) : 0;
  return {
    status,
    transferred: numberIn(ram, 'transferred'),
    remaining,
    total,
    fraction: status === 'completed' ? 1 : fraction,
    mbps: numberIn(ram, 'mbps'),
    dirtyPagesRate: numberIn(ram, 'dirty-pages-rate'),
    passes: numberIn(ram, 'dirty-sync-count'),
    expectedDowntime: msIn(info, 'expected-downtime'),
    downtime: msIn(info, 'downtime'),
    totalTime: numberIn(info, 'total-time'),
  };
}

/** QEMU 11 says 2^63 - 1 if it cannot tell, which arrives as a bigint. */
function msIn(info: unknown, name: string): number | undefined {
  const ms = memberOf(info, name);
  return typeof ms === 'number' ? ms : undefined;
}
