/**
 * S11, access: short tokens, files that others could have read or written, sockets in directories that
 * others can enter, and guessing. `test/inspector/cli.test.ts` has the command: a new token in each run,
 * no `--token`, and the warnings of `--host`; `test/inspector/strangers.test.ts` the throttle.
 */

import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startInspector } from '../../inspector/src/index.ts';
import { tokenFrom } from '../../inspector/src/token.ts';
import { httpRequest, startTestInspector, TOKEN, withToken } from '../inspector/clients.ts';
import { openFakePage } from '../inspector/fake-page.ts';
import { report } from '../inspect/inspectors.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { listen } from '../support/peers.ts';
import { hasOtherUser, runAsOther } from '../support/other-user.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
/** The process's umask must not matter. */
function withUmask(mask: number): void {
  const before = process.umask(mask);
  cleanUp(() => process.umask(before));
}

describe('a token', () => {
  it.each(['12345678', 'x'.repeat(21)])('of less than 128 bits is refused: %s', async (token) => {
    const error = await rejection(startInspector({ token }));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain('The token must be 22 or more letters, digits, - or _');
    expect(String(error)).not.toContain(token);
  });

  it('cannot be guessed at any speed', async () => {
    const inspector = await startTestInspector();
    const statuses = new Set<number | undefined>();
    for (let at = 0; at < 100; at += 1) {
      statuses.add(
        (await httpRequest(inspector, withToken('/recording', `guess-${String(at)}`))).status,
      );
    }
    expect([...statuses]).toEqual([403, 429]);
  });
});

describe('a token file', () => {
  const write = async (mode: number, text = `${TOKEN}\n`): Promise<string> => {
    const file = join(await tempDir(), 'token');
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };

  it.each([0o600, 0o400])('that is ours alone is read (mode %o)', async (mode) => {
    expect(tokenFrom(await write(mode))).toBe(TOKEN);
  });

  it.each([0o666, 0o644, 0o640, 0o620, 0o604, 0o601])(
    'to which others have access is refused (mode %o)',
    async (mode) => {
      const file = await write(mode);
      expect(() => tokenFrom(file)).toThrow(TypeError);
      expect(() => tokenFrom(file)).toThrow(
        `The token file '${file}' is refused: others have access to it (mode ${mode.toString(8)}); use chmod 600`,
      );
    },
  );

  it.runIf(isRoot)('of another user is refused, even with mode 600', async () => {
    const file = await write(0o600);
    chownSync(file, NOBODY, NOBODY);
    expect(() => tokenFrom(file)).toThrow('is refused: it belongs to the user 65534, not to 0');
  });

  it('is not followed when it is a link, not waited for when it is a FIFO, and no directory', async () => {
    const directory = await tempDir();
    const [link, fifo] = [join(directory, 'link'), join(directory, 'fifo')];
    symlinkSync(await write(0o600), link);
    await promisify(execFile)('mkfifo', ['-m', '600', fifo]);
    expect(() => tokenFrom(link)).toThrow(/is refused: ELOOP/);
    expect(() => tokenFrom(fifo)).toThrow('is refused: it is not a regular file');
    expect(() => tokenFrom(directory)).toThrow('is refused: it is not a regular file');
    expect(() => tokenFrom(join(directory, 'none'))).toThrow(/is refused: ENOENT/);
  });

  it.each(['', 'short-secret', `${'x'.repeat(22)} y`, `${'x'.repeat(22)}\n${'y'.repeat(22)}`])(
    'without one token is refused, and its text is not shown: %j',
    async (text) => {
      const file = await write(0o600, text);
      const reading = () => tokenFrom(file);
      expect(reading).toThrow(`The file '${file}' has no token. The token must be 22 or more`);
      if (text !== '') expect(reading).not.toThrow(text);
    },
  );

  it('that is huge is not read', async () => {
    const file = await write(0o600, 'x'.repeat(5_000));
    expect(() => tokenFrom(file)).toThrow('is refused: it is too long');
  });
});

describe('a UNIX socket of an inspector', () => {
  it('is ours alone, in a directory that is ours alone, whatever the umask is', async () => {
    withUmask(0);
    const directory = join(await tempDir(), 'one', 'two');
    const path = join(directory, 'i.sock');
    const inspector = await startTestInspector({ path });
    expect(inspector.socketUrl).toBe(`unix:${path}?token=${TOKEN}`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, '..')).mode & 0o777).toBe(0o700);
    const page = await openFakePage(inspector);
    report(inspector.socketUrl ?? '', { name: 'local' });
    expect(await page.program('local')).toMatchObject({ source: 'live' });
    await inspector.close();
    expect(existsSync(path)).toBe(false);
  });

  it('has a URL for any path', async () => {
    const path = join(await tempDir(), 'a b?#%41é', 'i.sock');
    const inspector = await startTestInspector({ path });
    const page = await openFakePage(inspector);
    report(inspector.socketUrl ?? '', { name: 'odd' });
    expect(await page.program('odd')).toMatchObject({ source: 'live' });
  });

  it('replaces that of an inspector that was killed, but nothing else', async () => {
    const directory = join(await tempDir(), 'own');
    mkdirSync(directory, { mode: 0o700 });
    const [stale, file, live] = ['stale', 'file', 'live'].map((name) => join(directory, name));
    const bind = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    try {
      execFileSync(process.execPath, ['-e', bind, String(stale)]);
    } catch {
      // It was killed.
    }
    expect(statSync(String(stale)).isSocket()).toBe(true);
    const inspector = await startTestInspector({ path: stale });
    expect(inspector.socketUrl).toContain('stale');

    writeFileSync(String(file), 'precious');
    const error = await rejection(startInspector({ path: file }));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain('exists and is not a socket; remove it');

    const server = createServer((socket) => socket.destroy());
    await listen(server, { path: String(live) });
    cleanUp(() => server.close());
    expect(await rejection(startInspector({ path: live }))).toMatchObject({ code: 'EADDRINUSE' });
  });

  it.each([0o755, 0o770, 0o711, 0o777, 0o1777])(
    'is refused in a directory that others can enter (mode %o)',
    async (mode) => {
      const directory = join(await tempDir(), 'open');
      mkdirSync(directory);
      chmodSync(directory, mode);
      const path = join(directory, 'i.sock');
      const error = await rejection(startInspector({ path }));
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toContain(
        `The directory '${directory}' is refused for a socket: others have access to it`,
      );
      expect(existsSync(path)).toBe(false);
    },
  );

  it('is refused behind a link, and below a file', async () => {
    const directory = await tempDir();
    mkdirSync(join(directory, 'own'), { mode: 0o700 });
    symlinkSync(join(directory, 'own'), join(directory, 'link'));
    writeFileSync(join(directory, 'file'), '');
    const behind = await rejection(startInspector({ path: join(directory, 'link', 'i.sock') }));
    expect(String(behind)).toContain('is refused for a socket: it is not a directory');
    const below = await rejection(startInspector({ path: join(directory, 'file', 'i.sock') }));
    expect(below).toMatchObject({ code: expect.stringMatching(/EEXIST|ENOTDIR/) as unknown });
  });

  it.runIf(isRoot)('is refused in a private directory of another user', async () => {
    const directory = join(await tempDir(), 'foreign');
    mkdirSync(directory, { mode: 0o700 });
    chownSync(directory, NOBODY, NOBODY);
    const error = await rejection(startInspector({ path: join(directory, 'i.sock') }));
    expect(String(error)).toContain('it belongs to the user 65534, not to 0');
  });

  it.runIf(isRoot)('cannot be reached by another user', async (context) => {
    if (!hasOtherUser()) return context.skip();
    const top = await tempDir();
    chmodSync(top, 0o755);
    const path = join(top, 'own', 'i.sock');
    await startTestInspector({ path });
    const script = `require('net').connect(process.argv[1]).on('error', (e) => console.log(e.code)).on('connect', () => console.log('IN'))`;
    const other = runAsOther(script, [path]);
    await other.printed('EACCES');
  });

  it.each(['/', '/viewer', '/receiver', '/program', '/recording', '/page/main.js'])(
    'has no page, and no way in with the token alone: %s',
    async (url) => {
      const path = join(await tempDir(), 'own', 'i.sock');
      await startTestInspector({ path });
      for (const headers of [{}, { connection: 'upgrade', upgrade: 'websocket' }]) {
        const sent = request({ socketPath: path, path: withToken(url), headers }).end();
        const [answer] = (await once(sent, 'response')) as [IncomingMessage];
        expect([answer.statusCode, await text(answer)]).toEqual([
          404,
          'This socket is for programs only',
        ]);
      }
    },
  );
});
