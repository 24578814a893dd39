/**
 * The part of the Model Context Protocol (2025-06-18) that the example uses: the methods of both sides, as
 * interfaces of functions. `request()`, `notify()` and `handle()` get their types from them.
 */

/** What one side is, and can do. */
export interface Side {
  readonly protocolVersion: string;
  readonly capabilities: Readonly<Record<string, object>>;
}
export interface Implementation {
  readonly name: string;
  readonly version: string;
}
export interface Tool {
  readonly name: string;
  readonly description?: string;
}
export interface Content {
  readonly type: string;
  readonly text?: string;
}
export interface ToolResult {
  readonly content: readonly Content[];
  readonly isError?: boolean;
}
export interface Root {
  readonly uri: string;
  readonly name?: string;
}
/** A question to the language model of the client. */
export interface Sampling {
  readonly messages: readonly { readonly role: string; readonly content: Content }[];
  readonly maxTokens: number;
}
export interface Sampled {
  readonly role: 'assistant';
  readonly content: Content;
  readonly model: string;
}

/** What a client may ask of a server, or tell it. */
export interface Server {
  initialize(params: Side & { readonly clientInfo: Implementation }): Side & {
    readonly serverInfo: Implementation;
  };
  'notifications/initialized'(): void;
  'tools/list'(params: { readonly cursor?: string }): {
    readonly tools: readonly Tool[];
    readonly nextCursor?: string;
  };
  'tools/call'(params: { readonly name: string; readonly arguments: object }): ToolResult;
}

/** What a server may ask of a client, or tell it. */
export interface Client {
  ping(): object;
  'roots/list'(): { readonly roots: readonly Root[] };
  'sampling/createMessage'(params: Sampling): Sampled;
}
/** What the handshake resolves with. */
export type ServerInfo = ReturnType<Server['initialize']>;
