/** Long texts, cut, with buttons that show the rest and hide it again. */

import { html } from './dom.ts';

const MAX_SHOWN_CHARACTERS = 300;
/** Browsers become slow with longer texts in one element. */
const MAX_WHOLE_CHARACTERS = 100_000;

/** A text as nodes. A long one is cut, with a button that shows the rest. */
export function longText(
  text: string,
  { most = MAX_SHOWN_CHARACTERS, isWhole = false }: { most?: number; isWhole?: boolean } = {},
): (Node | string)[] {
  if (text.length <= most) return [text];
  const shown = new Text(text.slice(0, most));
  const more = html(
    'button',
    { type: 'button', class: 'more', tabindex: -1 },
    `… ${String(text.length)} characters`,
  );
  const less = html('button', { type: 'button', class: 'less', tabindex: -1 }, 'show less');
  const showWhole = () => {
    shown.data = text.slice(0, MAX_WHOLE_CHARACTERS);
    const isCut = text.length > MAX_WHOLE_CHARACTERS;
    less.textContent = isCut ? 'the rest can be copied · show less' : 'show less';
    more.replaceWith(less);
  };
  more.addEventListener('click', showWhole);
  less.addEventListener('click', () => {
    shown.data = text.slice(0, most);
    less.replaceWith(more);
  });
  if (!isWhole) return [shown, more];
  shown.data = text.slice(0, MAX_WHOLE_CHARACTERS);
  return [shown, less];
}
