/** Lets the reference server list its tools, work and ask us: `npx tsx examples/mcp/run.ts`. */
import { fileURLToPath } from 'node:url';
import { spawnPeer } from 'wirechart';
import { McpClient } from './client.ts';

const everything = '@modelcontextprotocol/server-everything/dist/index.js';
const program = fileURLToPath(import.meta.resolve(everything));
// The end of the session closes its standard input, and then ends it: as MCP wants it.
const server = spawnPeer(process.execPath, [program, 'stdio'], { stdio: 'stdio' });
await using client = new McpClient({ timeouts: { handshake: 60_000 } });
client.roots = [{ uri: 'file:///srv/data', name: 'data' }];
client.sample = (question) =>
  Promise.resolve({
    role: 'assistant',
    model: 'none',
    content: { type: 'text', text: `${String(question.messages.length)} message, no idea` },
  });
await client.connect(server.address);
console.log(client.negotiated?.serverInfo.name, 'has echo:');
console.log((await client.tools()).find(({ name }) => name === 'echo'));
const onProgress = console.log.bind(console, 'progress');
const long = 'trigger-long-running-operation';
console.log(await client.call(long, { duration: 0.2, steps: 2 }, { onProgress }));
console.log(await client.call('trigger-sampling-request', { prompt: 'What is 6 × 7?' }));
console.log(await client.call('get-roots-list'));
