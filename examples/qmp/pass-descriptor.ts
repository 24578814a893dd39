/**
 * Lets QEMU use a disk that it may not open itself: this program opens it, and passes the open file. It needs the package
 * koffi, or Node 26.
 *
 *   npx tsx examples/qmp/pass-descriptor.ts DISK.raw
 */
import { open } from 'node:fs/promises';
import { spawnPeer } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';

const { address } = spawnPeer('qemu-system-x86_64', [
  ...['-M', 'q35', '-m', '64', '-display', 'none', '-nodefaults', '-S'],
  ...['-chardev', 'socket,id=qmp,fd=3,server=off', '-qmp', 'chardev:qmp'],
]);
await using qmp = new QmpClient();
await qmp.connect(address);

const disk = await open(process.argv[2] ?? '', 'r+');
const { path } = await qmp.addFd(disk, { opaque: 'the disk of vm1' });
await disk.close(); // QEMU has a descriptor of its own.

const file = { driver: 'file', filename: path } as const;
await qmp.execute('blockdev-add', { driver: 'raw', 'node-name': 'disk0', file });
const nodes = await qmp.execute('query-named-block-nodes', { flat: true });
const node = nodes.find((one) => one['node-name'] === 'disk0');
console.log(`disk0 is ${path}: ${String(node?.image['virtual-size'])} bytes`);
