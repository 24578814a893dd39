/** Clients of a real QEMU: commands, and its whole schema. */

import type { Socket } from 'node:net';
import { basename, join } from 'node:path';
import { QMPClient as NodeQemu } from 'node-qemu';
import { findQemu } from '../../scripts/programs.ts';
import { alternate, type Plan, rate, type Variant, withCpuTime } from '../measure.ts';
import { type AnyQapi, QmpClient } from '../package.ts';
import { isListening, withProgram } from '../programs.ts';
import { hasQemuQmp, runPython } from '../python.ts';
import { destroy, dial } from '../rpc.ts';
import { HAND, tableOf, type Table } from '../table.ts';
import type { Setting } from './comparison.ts';
import { type Client, pipelined, variantsOf } from './exchange.ts';

const RIVAL = 'node-qemu';
const PYTHON = 'qemu.qmp (Python)';

/** A client that also has the largest reply of QEMU. */
interface QemuClient extends Client {
  readonly schema: () => Promise<unknown>;
}

const CLIENTS: Readonly<Record<string, (path: string) => Promise<QemuClient>>> = {
  [HAND]: byHand,
  QmpClient: (path) => withWirechart(path, true),
  'QmpClient, oob: false': (path) => withWirechart(path, false),
  [RIVAL]: withNodeQemu,
};

/** A machine without devices, whose CPU is stopped. A monitor serves one client at a time. */
const argsOf = (path: string): readonly string[] => [
  ...['-M', 'none', '-display', 'none', '-nodefaults', '-S'],
  ...['-qmp', `unix:${path},server=on,wait=off`],
];

export async function* qemu({ plan, directory }: Setting): AsyncGenerator<Table> {
  const path = join(directory, 'qemu.sock');
  const program = basename(findQemu() ?? 'qemu-system-x86_64');
  const isUp = () => isListening(path);
  yield* withProgram(program, argsOf(path), isUp, () => compare(path, plan));
}

async function* compare(path: string, plan: Plan): AsyncGenerator<Table> {
  const hasPython = hasQemuQmp();
  if (!hasPython) console.error('skipped: python3 has no module qemu.qmp');
  for (const depth of [1, 7, 64]) {
    const variants = variantsOf(CLIENTS, path, (client, count) =>
      withCpuTime(count, () => pipelined(client, count, depth)),
    );
    if (hasPython) variants.push(pythonOf(path, 'query-status', depth));
    const series = await alternate(variants, plan);
    const title = `query-status, ${String(depth)} in flight`;
    yield tableOf(title, 'requests/s', series, 0, RIVAL);
    yield tableOf(`${title}: CPU time, lower is better`, 'µs/request', series, 1, RIVAL);
  }
  const variants = variantsOf(CLIENTS, path, schemas);
  if (hasPython) variants.push(pythonOf(path, 'query-qmp-schema', 1));
  const series = await alternate(variants.map(few), plan);
  yield tableOf('query-qmp-schema', 'replies/s', series, 0, RIVAL);
  yield tableOf('query-qmp-schema: CPU time, lower is better', 'µs/reply', series, 1, RIVAL);
}

/** A reply takes 30 to 150 ms. */
const few = (variant: Variant): Variant => ({ ...variant, count: 5 });

function schemas(client: Client, count: number) {
  const { schema } = client as QemuClient;
  return withCpuTime(count, () =>
    rate(count, async () => {
      for (let done = 0; done < count; done += 1) await schema();
    }),
  );
}

const pythonOf = (path: string, command: string, depth: number): Variant => ({
  name: PYTHON,
  count: 500,
  run: (count) => runPython([path, command, String(count), String(depth)]),
});

async function withWirechart(path: string, oob: boolean): Promise<QemuClient> {
  const client = new QmpClient<AnyQapi>({ oob });
  await client.connect(path);
  return {
    request: () => client.execute('query-status'),
    schema: () => client.execute('query-qmp-schema'),
    close: () => client.disconnect(),
  };
}

async function withNodeQemu(path: string): Promise<QemuClient> {
  const client = new NodeQemu({ socketPath: path });
  await client.connect();
  return {
    request: () => client.queryStatus(),
    schema: () => client.execute('query-qmp-schema'),
    close: () => client.close(),
  };
}

async function byHand(path: string): Promise<QemuClient> {
  const socket = await dial(path);
  const client = new HandClient(socket);
  await client.greeted;
  await client.execute('qmp_capabilities');
  return {
    request: () => client.execute('query-status'),
    schema: () => client.execute('query-qmp-schema'),
    close: () => destroy(socket),
  };
}

/** The shortest commands there are: without ids, so that it depends on the order of the replies. */
class HandClient {
  readonly greeted: Promise<unknown>;
  readonly #socket: Socket;
  readonly #pending: ((value: unknown) => void)[] = [];
  #rest = '';
  #text = '';

  constructor(socket: Socket) {
    this.#socket = socket;
    this.greeted = new Promise((resolve) => {
      this.#pending.push(resolve);
    });
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      const text = this.#rest + chunk;
      let at = 0;
      for (let end; (end = text.indexOf('\n', at)) !== -1; at = end + 1) {
        this.#settle(JSON.parse(text.slice(at, end)) as { readonly return?: unknown });
      }
      this.#rest = text.slice(at);
    });
  }

  execute(command: string): Promise<unknown> {
    return new Promise((resolve) => {
      this.#pending.push(resolve);
      if (this.#text === '') process.nextTick(this.#flush);
      this.#text += `{"execute":"${command}"}`;
    });
  }

  #settle(message: { readonly return?: unknown }): void {
    this.#pending.shift()?.(message.return);
  }

  readonly #flush = (): void => {
    this.#socket.write(this.#text);
    this.#text = '';
  };
}
