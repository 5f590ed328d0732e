/** The page put together: who speaks with whom; components receive it whole. */

import { Api } from "./api";
import { Deeds } from "./model/deeds";
import type { Kept } from "./model/draft";
import { Drafts } from "./model/drafts";
import type { Forest } from "./model/forest";
import { type Aside, Keeper, type Shelf } from "./model/keeper";
import { Live } from "./model/live";
import { Notices } from "./model/notices";
import type { User } from "./model/nouns";
import { expandedIn, type Theme, themeIn } from "./model/prefs";
import { FOREST, itemsOf, queryClient, Reads } from "./model/reads";
import type { Runs } from "./model/runs";
import { type Store, storeOf } from "./model/store";
import { Turns } from "./model/turns";
import { type Where, whereIn } from "./model/where";
import { firstLine } from "./model/words";
import { type Line, Socket } from "./socket";

const SIGNED_OUT = "You were signed out. Sign in to go on; what you wrote is kept on this computer.";

export type Session = { kind: "unknown" } | { kind: "out"; why: string | null } | { kind: "in"; user: User };

export class Studio {
  readonly session: Store<Session> = storeOf<Session>({ kind: "unknown" });
  readonly line: Store<Line> = storeOf<Line>({ kind: "connecting" });
  readonly runs: Store<Runs> = storeOf<Runs>(new Map());
  readonly asides: Store<readonly Aside[]> = storeOf<readonly Aside[]>([]);
  readonly theme: Store<Theme>;
  readonly expanded: Store<ReadonlySet<string>>;
  readonly where: Where;
  readonly notices = new Notices();
  readonly api: Api;
  readonly drafts: Drafts;
  readonly reads: Reads;
  readonly live: Live;
  readonly socket: Socket;
  readonly turns: Turns;
  readonly deeds: Deeds;
  readonly #keeper: Keeper;
  #lastUser: string | null = null;

  constructor(window: Window, shelf: Shelf) {
    this.theme = themeIn(shelf.local, window.document.documentElement);
    this.expanded = expandedIn(shelf.local);
    this.where = whereIn(window);
    this.#keeper = new Keeper(shelf);
    this.api = new Api(window.fetch.bind(window), () => this.#signedOut(SIGNED_OUT));
    this.drafts = this.#makeDrafts();
    this.reads = new Reads(this.api, this.drafts, queryClient());
    this.live = new Live(this.api, this.reads, this.drafts, this.runs);
    this.socket = new Socket({
      open: () => new WebSocket(`${window.location.origin.replace(/^http/, "ws")}/ws`),
      says: (said) => this.live.hear(said),
      line: (line) => {
        this.line.set(() => line);
        if (line.kind === "live") this.drafts.retry();
      },
      signedOut: () => this.#signedOut(SIGNED_OUT),
    });
    const names = { bucket: (id: string) => this.#bucketName(id), note: (id: string) => this.#noteName(id) };
    this.turns = new Turns(this.api, this.socket, this.notices, names, this.where.go);
    const aside = (text: string, reason: string) => this.setAside(text, reason);
    const { api, reads, live, drafts, socket, notices, turns, where } = this;
    this.deeds = new Deeds(api, reads, live, drafts, socket, notices, turns, where, aside);
    this.#watch(window);
  }

  /** Somebody is signed in: take up their unsaved work, and listen. */
  async enter(user: User): Promise<void> {
    if (this.#lastUser !== null && this.#lastUser !== user.id) this.#forgetAll();
    const isBack = this.#lastUser === user.id;
    this.#lastUser = user.id;
    this.session.set(() => ({ kind: "in", user }));
    this.socket.start();
    if (isBack) this.drafts.retry();
    else for (const kept of await this.#keeper.leftBehind(user.id)) this.drafts.adopt(kept);
    this.asides.set(() => this.#keeper.asides());
  }

  /** Signs out; unsaved work stays on this computer, under its user. */
  async leave(): Promise<void> {
    await this.api.logout();
    this.#forgetAll();
    this.#lastUser = null;
    this.#signedOut(null);
  }

  setAside(text: string, reason: string): void {
    const aside = { id: `${Date.now()}-${Math.random()}`, text, reason, at: Date.now() };
    this.#changeAsides((asides) => [...asides, aside]);
  }

  throwAway(id: string): void {
    this.#changeAsides((asides) => asides.filter((aside) => aside.id !== id));
  }

  #changeAsides(change: (asides: Aside[]) => Aside[]): void {
    const next = change(this.#keeper.asides());
    if (!this.#keeper.setAsides(next)) this.notices.say("This browser's storage is full: copy what you set aside.");
    this.asides.set(() => next);
  }

  #bucketName(id: string): string | undefined {
    return this.reads.client.getQueryData<Forest>(FOREST)?.byId.get(id)?.name;
  }

  #noteName(id: string): string | undefined {
    const draft = this.drafts.draft(this.drafts.keyOf(id));
    return draft ? firstLine(draft.text, 40) : undefined;
  }

  #signedOut(why: string | null): void {
    if (this.session.get().kind === "out") return;
    this.socket.stop();
    this.session.set(() => ({ kind: "out", why }));
  }

  #forgetAll(): void {
    this.drafts.clear();
    this.reads.client.clear();
    this.runs.set(() => new Map());
  }

  #makeDrafts(): Drafts {
    return new Drafts({
      // REST rather than the socket: it may outlive the page, and a create carries a key that makes its repeat harmless.
      save: (id, data, base, leaving) => this.api.changeBlob(id, data, base, leaving),
      create: (key, bucket, data, leaving) => this.api.createBlob("text-input-v1", data, [bucket], key, leaving),
      read: (id) => this.live.readNote(id),
      keep: (kept: Kept) => this.#keeper.keep(kept),
      drop: (key) => this.#keeper.drop(key),
      setAside: (text, reason) => this.setAside(text, reason),
      created: (draft) => {
        if (draft.bucketId) void this.reads.client.invalidateQueries({ queryKey: itemsOf(draft.bucketId) });
      },
      now: () => Date.now(),
      after: (milliseconds, then) => {
        const timer = setTimeout(then, milliseconds);
        return () => clearTimeout(timer);
      },
    });
  }

  #watch(window: Window): void {
    const { document } = window;
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.drafts.drain();
      else this.socket.check();
    });
    window.addEventListener("pagehide", () => this.drafts.drain());
    window.addEventListener("online", () => {
      this.socket.check();
      this.drafts.retry();
    });
    window.addEventListener("offline", () => this.socket.check());
    window.addEventListener("beforeunload", (leaving) => {
      // What is merely on its way is kept and taken up again; what only this window has is worth a question.
      const worth = this.drafts.unsaved().some((draft) => draft.state.kind !== "saving" || !draft.kept);
      if (worth) leaving.preventDefault();
    });
  }
}
