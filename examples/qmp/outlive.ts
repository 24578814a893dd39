/**
 * Machines that outlive the program that started them: the first run starts one in the background, each later run finds
 * it by its socket.
 *
 *   npx tsx examples/qmp/outlive.ts DIRECTORY [quit]
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ConnectError } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';

const [, , directory = '.', command] = process.argv;
const [socket, pidFile] = [`${directory}/qmp.sock`, `${directory}/pid`];

/** Returns when the machine runs in the background, and its monitor listens. */
function start(): void {
  execFileSync('qemu-system-x86_64', [
    ...['-M', 'q35', '-m', '64', '-display', 'none', '-nodefaults'],
    ...['-daemonize', '-pidfile', pidFile, '-qmp', `unix:${socket},server=on,wait=off`],
  ]);
}

await using qmp = new QmpClient();
try {
  await qmp.connect(socket);
  console.log('found it');
} catch (error) {
  // Nothing listens there: it was never started, or it has ended. Any other failure is one.
  if (!(error instanceof ConnectError) || error.phase !== 'connection') throw error;
  start();
  await qmp.connect(socket);
  console.log('started it');
}
const { status } = await qmp.execute('query-status');
console.log(`process ${readFileSync(pidFile, 'utf8').trim()}: ${status}`);
if (command === 'quit') await qmp.execute('quit');
