/**
 * The part of the Language Server Protocol that the examples use: the methods of both sides, as interfaces of
 * functions. `request()`, `notify()` and `handle()` get their types from them. All of LSP is in the package
 * `vscode-languageserver-protocol`.
 */

export interface Position {
  readonly line: number;
  readonly character: number;
}
export interface Range {
  readonly start: Position;
  readonly end: Position;
}
export interface Location {
  readonly uri: string;
  readonly range: Range;
}
export interface Diagnostic {
  readonly range: Range;
  readonly severity?: number;
  readonly message: string;
}
export interface TextDocument {
  readonly uri: string;
  readonly languageId: string;
  readonly version: number;
  readonly text: string;
}
/** Where in which document. */
export interface Place {
  readonly textDocument: { readonly uri: string };
  readonly position: Position;
}
export interface Hover {
  readonly contents: { readonly kind: string; readonly value: string };
}
export interface Hello {
  readonly processId: number | null;
  readonly rootUri: string | null;
  readonly capabilities: object;
  readonly initializationOptions?: object;
}
export interface ServerInfo {
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly serverInfo?: { readonly name: string; readonly version?: string };
}

/** What a client may ask of a server, or tell it. */
export interface Server {
  initialize(params: Hello): ServerInfo;
  initialized(params: object): void;
  'textDocument/didOpen'(params: { readonly textDocument: TextDocument }): void;
  'textDocument/didChange'(params: {
    readonly textDocument: { readonly uri: string; readonly version: number };
    readonly contentChanges: readonly { readonly text: string }[];
  }): void;
  'textDocument/hover'(params: Place): Hover | null;
  'textDocument/definition'(params: Place): readonly Location[];
  'textDocument/completion'(params: Place): {
    readonly items: readonly { readonly label: string }[];
  };
  shutdown(): null;
  exit(): void;
}

/** What a server may ask of a client, or tell it. */
export interface Client {
  'workspace/configuration'(params: { readonly items: readonly object[] }): readonly unknown[];
  'window/workDoneProgress/create'(params: { readonly token: number | string }): null;
  'textDocument/publishDiagnostics'(params: {
    readonly uri: string;
    readonly diagnostics: readonly Diagnostic[];
  }): void;
}
