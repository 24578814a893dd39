/**
 * A client for servers of the Model Context Protocol. `npx tsx examples/mcp/run.ts` shows it at work.
 *
 * Both sides ask: the client for tools, the server for the folders (roots) that it may use, and for text of the
 * language model (sampling).
 */
import { jsonLines, RefusedError, WirechartError } from 'wirechart';
import { defineJsonRpc, type JsonRpcOptions, type RequestOptions } from 'wirechart/rpc';
import type { RpcSession } from 'wirechart/rpc';
import type { Client, Root, Sampled, Sampling, Server, ServerInfo, Tool } from './methods.ts';

const framing = { codec: jsonLines(), cancel: 'mcp' } as const;
const VERSION = '2025-06-18';

/** A tool has failed; the message is what it says. */
export class ToolError extends WirechartError {
  readonly code = 'ERR_TOOL';
}

export class McpClient extends defineJsonRpc<Server, Client, ServerInfo>(framing) {
  roots: readonly Root[] = [];
  /** Set it to answer the server with text of a model; `signal` says that it has lost interest. */
  sample?: (question: Sampling, signal: AbortSignal) => Promise<Sampled>;

  constructor(options?: Partial<JsonRpcOptions>) {
    super(options);
    this.handle('ping', () => ({}));
    this.handle('roots/list', () => ({ roots: this.roots }));
  }
  /** The tools of the server, which come in pages: the next one begins at `cursor`. */
  async tools(cursor?: string): Promise<readonly Tool[]> {
    const { tools, nextCursor } = await this.request('tools/list', cursor ? { cursor } : {});
    return nextCursor ? [...tools, ...(await this.tools(nextCursor))] : tools;
  }
  /** Calls a tool, and resolves with its texts. `options`: `signal`, `timeout` and `onProgress`. */
  async call(name: string, args: object = {}, options?: RequestOptions): Promise<string> {
    const result = await this.request('tools/call', { name, arguments: args }, options);
    const text = result.content.map((part) => part.text ?? `(${part.type})`).join('\n');
    if (result.isError) throw new ToolError(`${name}: ${text}`);
    return text;
  }
  protected override async handshake({ request, notify }: RpcSession<Server>) {
    const { sample } = this;
    if (sample) this.handle('sampling/createMessage', (asked, { signal }) => sample(asked, signal));
    const info = await request('initialize', {
      protocolVersion: VERSION,
      capabilities: { roots: {}, ...(sample && { sampling: {} }) },
      clientInfo: { name: 'wirechart-example', version: '1.0.0' },
    });
    const { protocolVersion } = info;
    if (protocolVersion !== VERSION) throw new RefusedError(`It speaks MCP ${protocolVersion}`);
    await notify('notifications/initialized');
    return info;
  }
}
