/** JSON-RPC in the framing of LSP: requests and replies. */

import { alternate } from '../measure.ts';
import { contentLength, JsonRpc } from '../package.ts';
import { withPeer } from '../peer.ts';
import { RPC, tableOf, type Table } from '../table.ts';
import { type Setting } from './comparison.ts';
import { type Connect, pipelined, RESPONDER, variantsOf, withRpc } from './exchange.ts';

/** A request of an editor: where the pointer is. */
const METHOD = 'textDocument/hover';

const CLIENTS: Readonly<Record<string, Connect>> = {
  'JsonRpc.request()': withJsonRpc,
  [RPC]: (path) => withRpc(path, METHOD),
};

export async function* rpc({ plan, directory }: Setting): AsyncGenerator<Table> {
  for (const depth of [1, 64, 1024]) {
    const series = await withPeer(RESPONDER, directory, (path) =>
      alternate(
        variantsOf(CLIENTS, path, (client, count) => pipelined(client, count, depth)),
        plan,
      ),
    );
    yield tableOf(`JSON-RPC, ${String(depth)} in flight`, 'requests/s', series);
  }
}

async function withJsonRpc(path: string) {
  const rpc = new JsonRpc({ codec: contentLength() });
  await rpc.connect(`${path}.rpc`);
  return {
    request: () => rpc.request(METHOD),
    close: () => rpc.disconnect({ force: true }),
  };
}
