/** A client for language servers. `npx tsx examples/lsp/run.ts` shows it at work. */
import { contentLength } from 'wirechart';
import { defineJsonRpc, type JsonRpcOptions, type RpcSession } from 'wirechart/rpc';
import type { Client, Hello, Server, ServerInfo } from './methods.ts';

const framing = { codec: contentLength(), cancel: 'lsp' } as const;

export class LspClient extends defineJsonRpc<Server, Client, ServerInfo>(framing) {
  /** What the server is told in the handshake; its answer is `negotiated`. */
  hello: Hello = {
    processId: process.pid,
    rootUri: null,
    capabilities: { workspace: { configuration: true }, textDocument: { publishDiagnostics: {} } },
  };
  constructor(options?: Partial<JsonRpcOptions>) {
    super(options);
    // What servers ask of each client. Handlers are called from the handshake on.
    this.handle('workspace/configuration', ({ items }) => items.map(() => null));
    this.handle('window/workDoneProgress/create', () => null);
  }
  protected override async handshake({ request, notify }: RpcSession<Server>) {
    const info = await request('initialize', this.hello);
    await notify('initialized', {});
    return info;
  }
  protected override async farewell({ request, notify }: RpcSession<Server, ServerInfo>) {
    await request('shutdown');
    await notify('exit');
  }
}
