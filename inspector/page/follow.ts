/** Follows the selected actor into the next run of its program. */

import type { ProgramView } from '../shared/view.ts';
import { actorAt, type ActorPath, pathOf } from './actor-path.ts';
import type { Model } from './model.ts';

/** The actors of a new run start one after the other. What has not started by then is not waited for. */
const PATIENCE_MS = 10_000;

/** The new run, where the selected actor is expected. */
interface Following {
  readonly program: ProgramView;
  readonly path: ActorPath;
  readonly until: number;
  /** What was selected meanwhile: another selection is the user's. */
  selected: string;
  isSaid: boolean;
}

/** Moves the selection when the program of the selected actor is started again. */
export class Follow {
  readonly #model: Model;
  readonly #onFollow: (program: ProgramView) => void;
  /** The later runs that were considered. */
  readonly #seen = new Set<string>();
  #following: Following | undefined;
  #version = -1;

  /** @param onFollow - Called when the selection has moved to another run, to tell the user. */
  constructor(model: Model, onFollow: (program: ProgramView) => void) {
    this.#model = model;
    this.#onFollow = onFollow;
  }

  draw(): void {
    const { actorsVersion } = this.#model;
    if (actorsVersion === this.#version) return;
    this.#version = actorsVersion;
    this.#notice();
    this.#step(performance.now());
  }

  /** Finds a program that is another run of the selected actor's one. */
  #notice(): void {
    const { programs, selected } = this.#model;
    for (const id of this.#seen) if (!programs.has(id)) this.#seen.delete(id);
    for (const program of programs.values()) {
      const { id, restartOf } = program;
      if (restartOf === undefined || this.#seen.has(id)) continue;
      this.#seen.add(id);
      if (selected?.startsWith(`${restartOf}/`)) this.#begin(program, selected);
    }
  }

  #begin(program: ProgramView, selected: string): void {
    const path = pathOf(this.#model, selected);
    if (path === undefined) return;
    const until = performance.now() + PATIENCE_MS;
    this.#following = { program, path, until, selected, isSaid: false };
  }

  #step(now: number): void {
    const following = this.#following;
    if (following === undefined) return;
    if (this.#model.selected !== following.selected || now > following.until) {
      this.#following = undefined;
      return;
    }
    // A moment of the last run stays as the user has pinned it.
    if (!this.#model.isLive) return;
    const found = actorAt(this.#model, following.path, following.program.id);
    if (found === undefined) return;
    this.#model.selected = found.id;
    following.selected = found.id;
    if (!following.isSaid) this.#onFollow(following.program);
    following.isSaid = true;
    if (found.isExact) this.#following = undefined;
  }
}

/** What the user is told. */
export const followText = ({ name, pid }: ProgramView): string =>
  `${name} was started again. This is its new run${pid > 0 ? ` (pid ${String(pid)})` : ''}.`;
