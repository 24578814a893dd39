/**
 * Moves a running guest from one QEMU to another, with progress. Ctrl-C cancels the migration: the guest stays.
 *
 *   npx tsx examples/qmp/migrate.ts [BYTES PER SECOND]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnPeer } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'migration-'));
const uri = `unix:${join(directory, 'socket')}`;
const bandwidth = Number(process.argv[2] ?? 2 ** 30);
const cancel = new AbortController();
process.once('SIGINT', () => {
  cancel.abort();
});

/** Starts a machine; that at the target must have the same devices as that at the source. */
async function start(name: string, ...args: readonly string[]): Promise<QmpClient> {
  const machine = ['-M', 'q35', '-m', '128', '-display', 'none', '-nodefaults', ...args];
  const monitor = ['-chardev', 'socket,id=qmp,fd=3,server=off', '-qmp', 'chardev:qmp'];
  const qmp = new QmpClient({ name });
  await qmp.connect(spawnPeer('qemu-system-x86_64', [...machine, ...monitor]).address);
  return qmp;
}

await using source = await start('source');
await using target = await start('target', '-incoming', 'defer');
await target.execute('migrate-incoming', { uri });
await source.execute('migrate-set-parameters', { 'max-bandwidth': bandwidth });
try {
  const resumed = target.waitFor('RESUME');
  const { downtime } = await source.migrate(uri, {
    signal: cancel.signal,
    onProgress: ({ fraction }) => {
      console.log(`${(fraction * 100).toFixed()} % of the memory`);
    },
  });
  await resumed;
  console.log(`the guest runs at the target; it was stopped for ${String(downtime)} ms`);
} catch (error) {
  if (!cancel.signal.aborted) throw error;
  console.log(`cancelled: at the source, it is ${(await source.execute('query-status')).status}`);
} finally {
  rmSync(directory, { recursive: true });
}
