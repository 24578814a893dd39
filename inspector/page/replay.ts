/** The buttons "Copy as test" and "Save test": a test that makes the selected actor's machine do the same again. */

import { replayTest } from '../shared/replay.ts';
import type { Entry } from '../shared/view.ts';
import { html } from './dom.ts';
import { Copier } from './entry-copy.ts';
import { actorName } from './format.ts';
import type { Model } from './model.ts';

/** How long the shape of a machine, which names its actors, is waited for. */
const SHAPE_MS = 2_000;
const RETRY_MS = 50;

/** Makes the buttons, which say themselves what became of it. */
export function replayButtons(model: Model): HTMLElement {
  const copier = new Copier();
  const run = (use: (text: string) => void) => () => {
    whenShapeIsKnown(model, () => {
      const text = testOf(model);
      if (text === undefined) copier.status.textContent = 'Select a machine first.';
      else use(text);
    });
  };
  const copy = html('button', { type: 'button', title: TITLE }, 'Copy as test');
  copy.addEventListener(
    'click',
    run((text) => {
      copier.copy(text, 'the test');
    }),
  );
  const save = html('button', { type: 'button', title: TITLE }, 'Save test');
  save.addEventListener(
    'click',
    run((text) => {
      saveFile(text, `${fileName(model)}.test.ts`);
    }),
  );
  return html('span', { class: 'replay' }, copy, save, copier.status);
}

const TITLE = 'A Vitest that makes the selected machine do again what it did up to this moment';

/** The test of the selected actor up to the shown moment. */
function testOf(model: Model): string | undefined {
  const { actor, history } = model;
  if (actor === undefined) return undefined;
  const known = history.actors.get(actor.id)?.actor ?? actor;
  const children: string[] = [];
  for (const { actor: child } of history.actors.values())
    if (child.parent === actor.id) children.push(child.name);
  return replayTest({
    actor: known,
    entries: entriesOf(model, actor.id),
    shape: model.shapeOf(actor),
    children,
    nameOf: (id) => history.actors.get(id)?.actor.name,
  });
}

function entriesOf(model: Model, id: string): Entry[] {
  const entries: Entry[] = [];
  for (const entry of model.history.entries()) {
    if (entry.seq > model.seq) break;
    if (entry.actor === id) entries.push(entry);
  }
  return entries;
}

function whenShapeIsKnown(model: Model, run: () => void): void {
  const until = performance.now() + SHAPE_MS;
  const check = (): void => {
    const { actor } = model;
    const isKnown = actor === undefined || model.shapeOf(actor) !== undefined;
    if (isKnown || model.machines.shapes.has(actor.chart) || performance.now() > until) run();
    else setTimeout(check, RETRY_MS);
  };
  check();
}

const fileName = ({ actor }: Model): string =>
  (actor === undefined ? '' : actorName(actor)).replace(/[^\w-]+/g, '-').slice(0, 60) || 'machine';

function saveFile(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  html('a', { href: url, download: name }).click();
  // The browser may read it a little later.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}
