import { describePage } from './browser.ts';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AsyncProtocol, jsonLines, streamPair } from '../../src/index.ts';
import { inspectTo, recordTo } from '../../src/inspect/index.ts';
import { actorOf, nested } from '../../test/inspector/machines.ts';
import { cleanUp, expectIdleAfterEach, tempDir, track } from '../../test/support/cleanup.ts';
import { startInspector } from '../src/index.ts';
import { actorRow, detached, activeState, rows, attached, watch, type Watching } from './setup.ts';

expectIdleAfterEach();

const started = ({ inspection }: Watching) => {
  const actor = actorOf(nested);
  cleanUp(() => actor.stop());
  inspection.inspect.attach(actor);
  return actor.start();
};

describePage('the form for events', () => {
  test('sends an event to the machine when control is allowed', async () => {
    const watching = await watch({ control: true });
    const { page } = watching;
    const actor = started(watching);
    await attached(activeState(page, 'nested.off'));
    const suggestions = page.locator('#event-types option');
    await attached(page.locator('#event-types option[value=START]'));
    expect(await suggestions.count()).toBe(1);
    await page.locator('#event-type').fill('START');
    await page.locator('#event-data').fill('{"speed": 3}');
    await page.keyboard.press('Enter');
    await attached(activeState(page, 'nested.on.slow'));
    await attached(rows(page, /→START\{"speed":3\}/));
    expect(actor.getSnapshot().value).toEqual({ on: 'slow' });
    await attached(page.locator('#event-types option[value=PAUSE]'));
  });

  test('explains what is wrong with data that is not an object', async () => {
    const watching = await watch({ control: true });
    const { page } = watching;
    started(watching);
    await attached(activeState(page, 'nested.off'));
    await page.locator('#event-type').fill('START');
    for (const [data, problem] of [
      ['{', 'JSON'],
      ['[1]', 'must be a JSON object'],
    ] as const) {
      await page.locator('#event-data').fill(data);
      await page.locator('#sender button').click();
      await attached(page.locator('#event-problem').filter({ hasText: problem }));
    }
    expect(await rows(page, /→START/).count()).toBe(0);
  });

  test('is hidden when control is not allowed, and in the past', async () => {
    const watching = await watch();
    started(watching);
    await attached(activeState(watching.page, 'nested.off'));
    expect(await watching.page.locator('#sender').isVisible()).toBe(false);

    const controlled = await watch({ control: true });
    started(controlled);
    const sender = controlled.page.locator('#sender');
    await sender.waitFor({ state: 'visible' });
    await rows(controlled.page, 'started').click();
    await sender.waitFor({ state: 'hidden' });

    const refusing = await watch({ control: true });
    const inspection = inspectTo(refusing.inspector.url, { control: false });
    cleanUp(() => inspection.close());
    started({ ...refusing, inspection });
    await attached(activeState(refusing.page, 'nested.off'));
    expect(await refusing.page.locator('#sender').isVisible()).toBe(false);
  });
});

describePage('the messages of a protocol', () => {
  test('are shown in both directions while "wire" is checked', async () => {
    const { page, inspection } = await watch();
    const [ours, theirs] = streamPair();
    const peer = track(new AsyncProtocol({ codec: jsonLines() }));
    const options = { name: 'vm1', inspect: inspection.inspect };
    const protocol = track(new AsyncProtocol({ codec: jsonLines() }, options));
    await peer.connect({ stream: theirs });
    await protocol.connect({ stream: ours });
    await attached(activeState(page, 'protocol.RUNNING.open'));
    await protocol.send({ hidden: 1 });

    // The request takes some time to reach the program. Its events and messages arrive in order.
    let round = 0;
    const untilShown = async (isWanted: boolean) => {
      for (;;) {
        round += 1;
        await protocol.send({ round });
        protocol.expectEnd(round % 2 === 1);
        const event = round % 2 === 1 ? /→EXPECT_END/ : /→EXPECT_MORE/;
        await attached(rows(page, event).nth(Math.ceil(round / 2) - 1));
        const count = await rows(page, `{"round":${String(round)}}`).count();
        if (count > 0 === isWanted) return;
      }
    };

    await page.locator('#wire').check();
    await untilShown(true);
    await peer.send({ hello: '<b>' });
    await attached(rows(page, /⇠15 B\{"hello":"<b>"\}/));
    expect(await rows(page, 'hidden').count()).toBe(0);
    await page.locator('#show-message').uncheck();
    await detached(rows(page, '⇠'));

    await page.locator('#wire').uncheck();
    await page.locator('#show-message').check();
    await untilShown(false);
    await protocol.disconnect({ force: true });
    await attached(activeState(page, 'protocol.IDLE'));
    await expect(peer.disconnect()).rejects.toThrow('ended');
  });
});

describePage('a recording', () => {
  test('is saved, opened elsewhere, and shows the same history', async () => {
    const watching = await watch();
    const { page } = watching;
    const actor = started(watching);
    for (const type of ['START', 'FASTER', 'STOP']) actor.send({ type });
    await attached(rows(page, /●off.*in on\.fast/));
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('#save').click(),
    ]);
    const file = join(await tempDir(), download.suggestedFilename());
    await download.saveAs(file);
    expect(file).toMatch(/wirechart-.*\.jsonl$/);

    const other = await watch();
    await other.page.locator('#file').setInputFiles(file);
    await attached(other.page.locator('.program[data-source=recording]'));
    await attached(activeState(other.page, 'nested.off'));
    await rows(other.page, /●on\.fast/).click();
    await attached(activeState(other.page, 'nested.on.fast'));
    const edge = '[data-source="nested.on.slow"][data-target="nested.on.fast"]';
    await attached(other.page.locator(`.edge${edge}[data-taken]`));
  });

  test('by recordTo() can be dropped on the page', async () => {
    const file = join(await tempDir(), 'trace.jsonl');
    const recording = recordTo(file, { name: 'offline' });
    const protocol = track(
      new AsyncProtocol({ codec: jsonLines() }, { name: 'vm7', inspect: recording.inspect }),
    );
    await expect(protocol.connect('/missing.sock')).rejects.toThrow('ENOENT');
    await recording.close();

    const { page } = await watch();
    const text = readFileSync(file, 'utf8');
    const transfer = await page.evaluateHandle((content) => {
      const data = new DataTransfer();
      data.items.add(new File([content], 'trace.jsonl'));
      return data;
    }, text);
    await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
    await actorRow(page, 'vm7').click();
    await attached(page.locator('.program').filter({ hasText: 'trace.jsonl' }));
    await attached(page.locator('#detail .error').filter({ hasText: 'ENOENT' }));
    await attached(rows(page, /●DISCONNECTING\.destroying/));
  });

  test('that is invalid is rejected with the reason', async () => {
    const file = join(await tempDir(), 'holiday.jpg');
    writeFileSync(file, 'not a recording');
    const inspector = await startInspector();
    cleanUp(() => inspector.close());
    await expect(inspector.open('x', createReadStream(file, 'utf8'))).rejects.toThrow(TypeError);
    const { openPage } = await import('./browser.ts');
    const open = await openPage(inspector.url, { expectErrors: true });
    cleanUp(() => open.close());
    await open.page.locator('#file').setInputFiles(file);
    const problem = open.page.locator('#open-problem');
    await attached(
      problem.filter({ hasText: "Cannot open 'holiday.jpg': This is not a wirechart recording" }),
    );
  });
});
