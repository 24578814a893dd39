/** A client and a server of JSON-RPC whose classes have a handshake and a farewell. */

import { jsonLines, streamPair } from '../../src/index.ts';
import {
  type AnyMethods,
  defineJsonRpc,
  type JsonRpcOptions,
  type RpcSession,
} from '../../src/rpc/index.ts';
import { rawEnd } from './support.ts';

export interface Initialized {
  readonly capabilities: { readonly hover: boolean };
}
export interface Server {
  initialize(params: object): Initialized;
  initialized(params: object): void;
  hover(params: object): string;
  shutdown(): null;
  exit(): void;
}

const Base = defineJsonRpc<Server, AnyMethods, Initialized>({ codec: jsonLines(), cancel: 'lsp' });

/** A client in the manner of LSP. */
export class Client extends Base {
  protected override async handshake({ request, notify }: RpcSession<Server>) {
    const result = await request('initialize', { capabilities: {} });
    await notify('initialized', {});
    return result;
  }
  protected override async farewell({ request, notify }: RpcSession<Server, Initialized>) {
    await request('shutdown');
    await notify('exit');
  }
}

/** Its server. */
export class Peer extends defineJsonRpc<object, Server>({ codec: jsonLines() }) {
  readonly seen: string[] = [];
  constructor(options?: Partial<JsonRpcOptions>) {
    super(options);
    this.handle('initialize', () => ({ capabilities: { hover: true } }));
    this.handle('initialized', () => void this.seen.push('initialized'));
    this.handle('hover', () => 'a number');
    this.handle('shutdown', () => (this.seen.push('shutdown'), null));
    this.handle('exit', () => {
      this.seen.push('exit');
      this.protocol.expectEnd();
    });
  }
}

/** A client on one end of a stream, and the other end, raw. */
export function rawClient(Kind: typeof Client = Client, options?: Partial<JsonRpcOptions>) {
  const [stream, peer] = streamPair();
  const client = new Kind(options);
  return { client, connected: client.connect({ stream }), ...rawEnd(peer) };
}
export const initialized = () => ({
  jsonrpc: '2.0',
  id: 1,
  result: { capabilities: { hover: true } },
});
export const isSent = (written: readonly unknown[], method: string) =>
  written.some((message) => (message as { method?: unknown }).method === method);
