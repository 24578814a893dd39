/**
 * Keeps ten machines running, each in a process of its own, until Ctrl-C. One that crashes is started again; one whose
 * guest powers off stays off.
 *
 *   npx tsx examples/qmp/ten-vms.ts
 */
import { spawnPeer, supervise } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';

const MACHINE = ['-M', 'q35', '-m', '64', '-display', 'none', '-nodefaults', '-S'];
const MONITOR = ['-chardev', 'socket,id=qmp,fd=3,server=off', '-qmp', 'chardev:qmp'];
const start = () => spawnPeer('qemu-system-x86_64', [...MACHINE, ...MONITOR]).address;

const vms = Array.from({ length: 10 }, (_, at) =>
  supervise(QmpClient, start, {
    name: `vm${String(at + 1)}`,
    // Before every one of its lives: connected, and the guest has not run yet.
    onUp: (qmp) => qmp.execute('cont'),
  }),
);
await Promise.all(vms.map((vm) => vm.up()));
console.log(`${String(vms.length)} machines run`);

await new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
});
// QEMU gets SIGTERM, and SIGKILL if that does not end it. Each stop() resolves when its QEMU has exited.
await Promise.all(vms.map((vm) => vm.stop()));
console.log('all have exited');
