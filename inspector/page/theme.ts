/** The button that chooses dark or light colours. By default they are those of the system. */

import { byId, setAttribute } from './dom.ts';
import { kept, storedText, storeText } from './settings.ts';

const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

/** Shows the chosen colours at once. */
export class ThemeButton {
  readonly #button = byId('theme', HTMLButtonElement);
  #theme: Theme = THEMES.find((theme) => theme === storedText(kept, 'theme')) ?? 'system';

  constructor() {
    this.#button.addEventListener('click', () => {
      this.#theme = THEMES[(THEMES.indexOf(this.#theme) + 1) % THEMES.length] ?? 'system';
      storeText(kept, 'theme', this.#theme === 'system' ? undefined : this.#theme);
      this.#apply();
    });
    this.#apply();
  }

  #apply(): void {
    const theme = this.#theme;
    setAttribute(document.documentElement, 'data-theme', theme === 'system' ? undefined : theme);
    const text = `Colours: ${theme === 'system' ? 'as the system' : theme}`;
    setAttribute(this.#button, 'aria-label', text);
    setAttribute(this.#button, 'title', text);
  }
}
