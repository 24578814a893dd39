/** The packed wirechart-inspect: alone with XState, and beside wirechart. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Inspector, startInspector } from '../../inspector/src/index.ts';
import { openFakePage } from '../inspector/fake-page.ts';
import { cleanUp } from '../support/cleanup.ts';
import { ALONE, evaluate, folderIn, program, run, TOOLS } from './support/project.ts';

async function start(): Promise<Inspector> {
  const inspector = await startInspector();
  cleanUp(() => inspector.close());
  return inspector;
}

const LAMP = `
  const lamp = createMachine({
    id: 'lamp',
    context: { password: 'PLANTED' },
    initial: 'off',
    states: { off: { on: { TOGGLE: 'on' } }, on: {} },
  });`;

describe('wirechart-inspect without the other packages', () => {
  test('is installed without wirechart', async () => {
    const code = `
      import { createRequire } from 'node:module';
      const { resolve } = createRequire(import.meta.url);
      const isThere = (name) => { try { resolve(name); return true; } catch { return false; } };
      console.log(JSON.stringify(['wirechart-inspect', 'wirechart'].map(isThere)));`;
    expect(await evaluate(ALONE, 'main.mjs', code)).toEqual([true, false]);
  });

  test.each([
    [
      'an ES module',
      'main.mjs',
      `import { inspectTo } from 'wirechart-inspect'; import { createActor, createMachine } from 'xstate';`,
    ],
    [
      'a CommonJS module',
      'main.cjs',
      `const { inspectTo } = require('wirechart-inspect'); const { createActor, createMachine } = require('xstate');`,
    ],
  ])('reports from %s: by the option, and by attach()', async (_, name, imports) => {
    const inspector = await start();
    const viewer = await openFakePage(inspector);
    const code = `${imports}${LAMP}
      const { inspect } = inspectTo(${JSON.stringify(inspector.url)}, { name: 'alone' });
      globalThis.kept = createActor(lamp, { id: 'one', inspect }).start();
      globalThis.attached = createActor(lamp, { id: 'two' }).start();
      inspect.attach(attached);
      attached.send({ type: 'TOGGLE' });`;
    await run(process.execPath, [program(ALONE, name, code)]);
    expect((await viewer.actor('one')).base.value).toBe('off');
    const { id } = await viewer.actor('two');
    await viewer.until((it) =>
      it.of('state').some(({ actor, state }) => actor === id && state.value === 'on'),
    );
    expect(JSON.stringify(viewer.entries)).not.toContain('PLANTED');
  });

  test('records to a file', async () => {
    const path = join(folderIn(ALONE), 'trace.jsonl');
    const code = `
      import { recordTo } from 'wirechart-inspect';
      import { createActor, createMachine } from 'xstate';
      ${LAMP}
      const recording = recordTo(${JSON.stringify(path)});
      createActor(lamp, { inspect: recording.inspect }).start().send({ type: 'TOGGLE' });
      await recording.close();`;
    await run(process.execPath, [program(ALONE, 'main.mjs', code)]);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain('"type":"service.register"');
    expect(text).not.toContain('PLANTED');
  });

  test('gives browsers a module without imports', async () => {
    const code = `
      import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
      const file = import.meta.resolve('wirechart-inspect').replace('index.js', 'browser.js');
      const text = readFileSync(new URL(file), 'utf8');
      console.log(JSON.stringify([text.match(/^import .*/gm), /\\bnode:/.test(text)]));`;
    expect(await evaluate(ALONE, 'main.mjs', code)).toEqual([null, false]);
  });
});

describe('wirechart-inspect beside wirechart', () => {
  test('shows the connections of wirechart, and hides what their protocols hide', async () => {
    const inspector = await start();
    const viewer = await openFakePage(inspector);
    viewer.send({ type: 'wire', on: true });
    const code = `
      import { AsyncProtocol, lines, streamPair } from 'wirechart';
      import { setSanitize } from 'wirechart/inspect';
      import { inspectTo } from 'wirechart-inspect';
      setSanitize((key, value) => (key === 'host' ? 'hidden' : value));
      const { inspect } = inspectTo(${JSON.stringify(inspector.url)}, { name: 'both' });
      const redact = (message) => message.replace(/(?<=pin ).*/, '…');
      const protocol = new AsyncProtocol({ codec: lines(), redact }, { name: 'vm1', inspect });
      const [near, far] = streamPair();
      far.resume().on('end', () => far.end());
      await protocol.connect({ stream: near });
      setInterval(() => void protocol.send('pin PLANTED'), 10);`;
    const child = spawn(process.execPath, [program(TOOLS, 'main.mjs', code)], { stdio: 'inherit' });
    const exited = once(child, 'exit');
    await viewer.until((it) => it.of('message').length > 0);
    expect(viewer.of('message')[0]).toMatchObject({ direction: 'out', text: 'pin …' });
    child.kill();
    await exited;
    expect(JSON.stringify(viewer.entries)).not.toContain('PLANTED');
  });
});
