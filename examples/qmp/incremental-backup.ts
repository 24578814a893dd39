/**
 * Saves what was written to a disk since the last backup, with progress. Ctrl-C cancels it.
 *
 *   npx tsx examples/qmp/incremental-backup.ts MONITOR LAST.qcow2 NEXT.qcow2
 */
import { execFileSync } from 'node:child_process';
import { QmpClient } from '../../src/qmp/index.ts';

const [, , monitor = '', last = '', next = ''] = process.argv;
const cancel = new AbortController();
process.once('SIGINT', () => {
  cancel.abort();
});

execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', last, '-F', 'qcow2', next]);
await using qmp = new QmpClient();
await qmp.connect(monitor);
const file = { driver: 'file', filename: next } as const;
await qmp.execute('blockdev-add', { driver: 'qcow2', 'node-name': 'backup', file });
const bar = (fraction: number) => `\r[${'#'.repeat(fraction * 20).padEnd(20)}]`;
try {
  await qmp.job(
    'blockdev-backup',
    { device: 'disk0', target: 'backup', sync: 'incremental', bitmap: 'backup0' },
    { signal: cancel.signal, onProgress: ({ fraction }) => process.stdout.write(bar(fraction)) },
  );
} catch (error) {
  if (!cancel.signal.aborted) throw error;
  console.log('\ncancelled: the next backup will have all of it');
} finally {
  if (qmp.runstate === 'RUNNING') await qmp.execute('blockdev-del', { 'node-name': 'backup' });
}
