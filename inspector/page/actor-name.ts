/** The name of an actor as an element, in which its session is muted. */

import type { ActorView } from '../shared/view.ts';
import { html, setAttribute } from './dom.ts';
import { actorName, nameParts } from './format.ts';

/** An element with the name of an actor. */
export function nameElement(actor: ActorView): HTMLElement {
  const element = html('span', { class: 'name' });
  showName(element, actor);
  return element;
}

/** Shows the name of an actor in an element, if it does not yet. */
export function showName(element: Element, actor: ActorView): void {
  const text = actorName(actor);
  if (element.getAttribute('title') === text && element.textContent === text) return;
  const [name, session] = nameParts(actor);
  const muted = session === undefined ? undefined : html('span', { class: 'session' }, session);
  element.replaceChildren(name, ...(muted === undefined ? [] : [' ', muted]));
  setAttribute(element, 'title', text);
}
