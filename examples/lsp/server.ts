/**
 * A language server on its own standard input and output: it reports TODO comments, and answers hover. Let an
 * editor start `npx tsx examples/lsp/server.ts`. Standard output is for messages: log with `console.error()`.
 */
import { contentLength, stdioAddress } from 'wirechart';
import { defineJsonRpc, type JsonRpcOptions } from 'wirechart/rpc';
import type { Client, Diagnostic, Hover, Place, Server } from './methods.ts';

const framing = { codec: contentLength(), cancel: 'lsp' } as const;

class TodoServer extends defineJsonRpc<Client, Server>(framing) {
  readonly #texts = new Map<string, string>();
  /** Whether the client has asked for a shutdown before it says exit. */
  wasShutDown = false;

  constructor(options?: Partial<JsonRpcOptions>) {
    super(options);
    this.handle('initialize', () => ({
      capabilities: { textDocumentSync: 1, hoverProvider: true },
      serverInfo: { name: 'todo' },
    }));
    this.handle('textDocument/didOpen', ({ textDocument: { uri, text } }) =>
      this.#check(uri, text),
    );
    this.handle('textDocument/didChange', ({ textDocument: { uri }, contentChanges }) =>
      this.#check(uri, contentChanges.at(-1)?.text ?? ''),
    );
    this.handle('textDocument/hover', (place) => this.#hover(place));
    this.handle('shutdown', () => ((this.wasShutDown = true), null));
    this.handle('exit', () => void this.disconnect());
  }
  #check(uri: string, text: string): Promise<void> {
    this.#texts.set(uri, text);
    const diagnostics = text.split('\n').flatMap((line, at) => todosIn(line, at));
    return this.notify('textDocument/publishDiagnostics', { uri, diagnostics });
  }
  #hover({ textDocument: { uri }, position: { line, character } }: Place): Hover | null {
    const text = this.#texts.get(uri)?.split('\n')[line] ?? '';
    const todo = todosIn(text, line).find(({ range }) => range.start.character <= character);
    return todo ? { contents: { kind: 'plaintext', value: `To be done: ${todo.message}` } } : null;
  }
}

function todosIn(text: string, line: number): Diagnostic[] {
  return [...text.matchAll(/TODO:? *(.*)/g)].map(({ index, 0: { length }, 1: message = '' }) => {
    const range = { start: { line, character: index }, end: { line, character: index + length } };
    return { range, severity: 3, message };
  });
}

const server = new TodoServer();
await server.connect(stdioAddress());
await server.closed;
process.exitCode = server.wasShutDown ? 0 : 1;
