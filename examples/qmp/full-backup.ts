/**
 * Saves the whole disk of a running machine, and notes from then on which parts of it are written, so that the next
 * backup can be an incremental one.
 *
 *   npx tsx examples/qmp/full-backup.ts MONITOR BACKUP.qcow2
 */
import { execFileSync } from 'node:child_process';
import { QmpClient } from '../../src/qmp/index.ts';

const [, , monitor = '', backup = ''] = process.argv;

await using qmp = new QmpClient();
await qmp.connect(monitor);
const nodes = await qmp.execute('query-named-block-nodes', { flat: true });
const size = nodes.find((node) => node['node-name'] === 'disk0')?.image['virtual-size'];
execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', backup, String(size)]);

const file = { driver: 'file', filename: backup } as const;
await qmp.execute('blockdev-add', { driver: 'qcow2', 'node-name': 'backup', file });
// Before the backup begins: what is written meanwhile is in the next one, too, and nothing is missing.
await qmp.execute('block-dirty-bitmap-add', { node: 'disk0', name: 'backup0', persistent: true });
await qmp.job('blockdev-backup', { device: 'disk0', target: 'backup', sync: 'full' });
await qmp.execute('blockdev-del', { 'node-name': 'backup' });
