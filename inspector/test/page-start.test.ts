import { describePage, openPage } from './browser.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { cleanUp, expectIdleAfterEach } from '../../test/support/cleanup.ts';
import { lit, rows, shown } from './watching.ts';

expectIdleAfterEach();

const ROOT = join(import.meta.dirname, '../..');

describePage('npm start -- --inspect', () => {
  test('prints where its run can be seen, and goes slowly', { timeout: 90_000 }, async () => {
    const args = ['--import', 'tsx', 'scripts/start.ts', '--inspect'];
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    cleanUp(async () => {
      child.kill('SIGKILL');
      await exited;
    });
    const url = await new Promise<string>((resolve) => {
      // All is read: a program whose output nobody takes would wait.
      createInterface(child.stdout).on('line', (line) => {
        const printed = /inspector +(http:\S+)/.exec(line)?.[1];
        if (printed !== undefined) resolve(printed);
      });
    });
    const open = await openPage(url, { expectMistakes: true });
    cleanUp(() => open.close());
    const { page } = open;
    // Each of them long enough to be looked at.
    await shown(lit(page, 'protocol.IDLE'));
    await shown(lit(page, 'protocol.CONNECTING.establishing'));
    await shown(
      page.locator('#chart .line.deadline[data-on]').filter({ hasText: 'handshakeTimeout' }),
    );
    await shown(lit(page, 'protocol.RUNNING.open'));
    page.setDefaultTimeout(40_000);
    await shown(rows(page, /●RUNNING\.ending/));
    await shown(rows(page, /●IDLE.*after .* in DISCONNECTING/));
    // The inspector stays, until it is told to end.
    child.kill('SIGINT');
    await exited;
    expect(child.exitCode).toBe(130);
  });
});
