/** S9, P4: the same for whole programs: what Node itself prints, `npm start`, an example, the inspector. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Exit, run } from '../inspect/programs.ts';
import { runNode } from '../inspector/process.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { ALL_TEXTS, describeOutlets, type Outlet } from './hostile.ts';
import { hostileMonitor } from './hostile-monitor.ts';

expectIdleAfterEach();

const ROOT = join(import.meta.dirname, '../..');

/** Runs one of the TypeScript programs of this repository. */
async function runSource(args: readonly string[], path = process.env['PATH']): Promise<Exit> {
  const env = { ...process.env, PATH: path, NODE_OPTIONS: undefined, NODE_DEBUG: undefined };
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], { cwd: ROOT, env });
  cleanUp(() => child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => (output[name] += chunk.toString()));
  }
  const closed: unknown[] = await once(child, 'close');
  return { code: closed[0], ...output };
}

/** A program with a client of a hostile monitor. */
const withClient = async (said: string, code: string, env: Record<string, string> = {}) =>
  run(
    `import { QmpClient } from './src/qmp/index.js';
     const qmp = new QmpClient({ name: 'vm1' });
     await qmp.connect(${JSON.stringify(await hostileMonitor(said))});
     ${code}`,
    { env },
  );

/** A program called QEMU, whose guest shuts down for a hostile reason; returns its folder. */
async function hostileQemu(said: string): Promise<string> {
  const folder = await tempDir();
  const path = join(folder, 'qemu-system-x86_64');
  const program = `#!${process.execPath}
    const said = ${JSON.stringify(said)};
    const monitor = new (require('node:net').Socket)({ fd: 3 });
    const send = (message) => monitor.write(JSON.stringify(message) + '\\n');
    const event = (event, data = {}) => send({ event, data, timestamp: { seconds: 1, microseconds: 2 } });
    const qemu = { major: 9, minor: 0, micro: 0 };
    send({ QMP: { version: { qemu, package: said }, capabilities: [] } });
    require('node:readline').createInterface({ input: monitor }).on('line', (line) => {
      const { execute, id } = JSON.parse(line);
      if (execute === 'cont') event('RESUME');
      if (execute === 'stop') event('STOP');
      if (execute === 'system_powerdown') event('SHUTDOWN', { guest: true, reason: said });
      send({ return: {}, id });
      if (execute === 'system_powerdown') monitor.end(() => process.exit(0));
    });`;
  writeFileSync(path, program);
  chmodSync(path, 0o755);
  return folder;
}

const OUTLETS: Readonly<Record<string, Outlet>> = {
  'an error that nothing catches': async (said) => {
    const { code, stderr } = await withClient(said, `await qmp.execute('fail');`);
    expect(code).toBe(1);
    return { lines: [stderr] };
  },

  'an error that is printed in colors': async (said) => {
    const { stdout } = await withClient(
      said,
      `const error = await qmp.execute('unparsed').catch((error) => error);
       console.log(error, [error]);
       await qmp.disconnect();`,
      { FORCE_COLOR: '1' },
    );
    // Node's own colors, which it uses for stacks, numbers and texts.
    return { lines: [stdout.replaceAll(/\u001b\[(?:4|24|3[2-9]|90)m/g, '')] };
  },

  'NODE_DEBUG=wirechart': async (said) => {
    const { stderr } = await withClient(
      said,
      `await qmp.execute('cont');
       await qmp.execute('fail').catch(() => undefined);
       await qmp.execute('unparsed').catch(() => undefined);
       await qmp.disconnect();`,
      { NODE_DEBUG: 'wirechart' },
    );
    return { lines: [stderr] };
  },

  'a warning of the process': async (said) => {
    const { stderr } = await withClient(
      said,
      `qmp.on('TALK', ({ data }) => { throw new Error(Object.keys(data)[0]); });
       await qmp.execute('talk');
       await qmp.disconnect();`,
    );
    expect(stderr).toContain('WirechartWarning');
    return { lines: [stderr] };
  },

  'the standard error of a child with tee': async (said) => {
    const program = `process.stderr.write(${JSON.stringify(said.replaceAll('\n', ''))})`;
    const { stderr } = await run(
      `const peer = w.spawnPeer(process.execPath, ['-e', ${JSON.stringify(program)}], { stderr: 'tee' });
       await peer.exited;`,
    );
    return { lines: [stderr] };
  },

  'npm start': async (said) => {
    const path = await hostileMonitor(said);
    const { code, stdout, stderr } = await runSource(['scripts/start.ts', `unix:${path}`]);
    expect(code).toBe(1);
    return { lines: [stdout, stderr], texts: stdout.trim().split('\n') };
  },

  'the example of a machine': async (said) => {
    const { stdout, stderr } = await runSource(['examples/vm.ts'], await hostileQemu(said));
    expect(stderr).toBe('');
    return { lines: [stdout] };
  },

  "the inspector's command": async (said) => {
    const name = said.replaceAll('\0', '');
    const child = runNode(['inspector/src/cli.js', '--port', '0', 'open', `/nowhere/${name}`], {
      XDG_STATE_HOME: await tempDir(),
    });
    expect(await child.exited).not.toBe(0);
    return { lines: [child.output.stdout, child.output.stderr] };
  },
};

describeOutlets(OUTLETS, ALL_TEXTS);
