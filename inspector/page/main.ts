/** The page: panes over one model, drawn at most once a frame. */

import { ChartPane } from './chart.ts';
import { Line } from './connection.ts';
import { Detail } from './detail.ts';
import { byId, setAttribute, setText } from './dom.ts';
import { clockTime } from './format.ts';
import { Model } from './model.ts';
import { Recordings } from './recordings.ts';
import { Sender } from './sender.ts';
import { Timeline } from './timeline.ts';
import { Tree } from './tree.ts';

const token = new URLSearchParams(location.search).get('token') ?? '';

const line = new Line(token, {
  onMessages: (messages) => {
    for (const message of messages) model.take(message);
  },
  onChange: (connection) => {
    model.connection = connection;
  },
});
const model = new Model((message) => {
  line.send(message);
});

const choose = (id: string): void => {
  model.selected = id;
};
const timeline = new Timeline(model);
const panes = [
  new Tree(model, choose),
  new ChartPane(model, choose),
  new Detail(model),
  new Sender(model),
  timeline,
];

const live = byId('live', HTMLButtonElement);
const wire = byId('wire', HTMLInputElement);
const state = byId('connection', HTMLElement);
const search = byId('search', HTMLInputElement);
const STATES = {
  connecting: 'The inspector is gone; waiting for it …',
  open: '',
  refused: 'No inspector lets this page in. Use the URL that it printed; its token is in it.',
} as const;

live.addEventListener('click', () => {
  timeline.live();
});
wire.addEventListener('change', () => {
  model.ask({ type: 'wire', on: wire.checked });
});
new Recordings(token);

function draw(): void {
  for (const pane of panes) pane.draw();
  const { cursor } = model;
  const entry = cursor === undefined ? undefined : model.history.entry(cursor);
  setText(live, entry === undefined ? 'Live' : `At ${clockTime(entry.at)} – back to live`);
  setAttribute(live, 'aria-pressed', String(entry === undefined));
  setAttribute(document.body, 'data-past', entry === undefined ? undefined : '');
  if (wire.checked !== model.wire && document.activeElement !== wire) wire.checked = model.wire;
  setText(state, STATES[model.connection]);
}

/** Whatever happened since the last frame is drawn once; nothing is, in a tab that is not seen. */
function frame(): void {
  draw();
  requestAnimationFrame(frame);
}
requestAnimationFrame(frame);

const KEYS: Readonly<Record<string, () => void>> = {
  '/': () => {
    search.focus();
  },
  l: () => {
    timeline.live();
  },
  j: () => {
    timeline.step(1);
  },
  k: () => {
    timeline.step(-1);
  },
};
document.addEventListener('keydown', (event) => {
  const { target } = event;
  if (event.key === 'Escape') {
    if (target instanceof HTMLElement) target.blur();
    timeline.live();
    return;
  }
  const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const run = KEYS[event.key];
  if (run === undefined) return;
  event.preventDefault();
  run();
});

for (const tab of document.querySelectorAll<HTMLButtonElement>('[data-tab]')) {
  tab.addEventListener('click', () => {
    document.body.setAttribute('data-pane', tab.dataset['tab'] ?? 'chart');
  });
}
