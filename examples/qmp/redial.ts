/**
 * QEMU dials this program, again after each session, and a supervisor waits for it: a machine whose manager may be
 * restarted at any time, without a socket that the machine serves.
 *
 * QEMU: -chardev socket,id=qmp,path=SOCKET,server=off,reconnect-ms=1000 -qmp chardev:qmp
 * Before version 9.2 it is reconnect=1.
 *
 *   npx tsx examples/qmp/redial.ts SOCKET
 */
import { on, once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { supervise } from '../../src/index.ts';
import { QmpClient } from '../../src/qmp/index.ts';

const [, , path = ''] = process.argv;
// Paused, so that no byte of the greeting is lost before the client reads.
const server = createServer({ pauseOnConnect: true }).listen(path);
// Keeps the connections that arrive between two attempts.
const connections = on(server, 'connection');
await once(server, 'listening');
console.log('waiting for QEMU');

const vm = supervise(
  QmpClient,
  async () => {
    const { value } = (await connections.next()) as IteratorYieldResult<[Socket]>;
    return { stream: value[0] };
  },
  {
    onUp: async (qmp) => {
      console.log((await qmp.execute('query-status')).status);
    },
  },
);
process.once('SIGINT', () => {
  server.close();
  void vm.stop();
});
