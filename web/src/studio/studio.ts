/** The studio in this window: its parts, created and connected. Components receive it whole. */

import { NOTE_SCHEMA } from "../api/blobContent";
import { ApiClient } from "../api/client";
import { Connection, type ConnectionStatus } from "../api/connection";
import { HttpClient } from "../api/http";
import type { User } from "../api/types";
import { createUploadStarter } from "../api/uploads";
import { AccountBroadcast } from "../features/accounts/accountBroadcast";
import { type BrowserStorage, DraftStorage, type SetAsideText } from "../features/drafts/draftStorage";
import { Drafts } from "../features/drafts/drafts";
import { Uploads } from "../features/files/uploads";
import { RevisionActions } from "../features/history/revisionActions";
import { BucketActions } from "../features/library/bucketActions";
import { PitchActions } from "../features/pitches/pitchActions";
import { PlacementActions } from "../features/placements/placementActions";
import { AcceptanceActions } from "../features/processors/acceptance/acceptanceActions";
import type { Batches } from "../features/processors/batches/batches";
import { BatchUpdates } from "../features/processors/batches/batchUpdates";
import { DeadLetterActions } from "../features/processors/deadLetters/deadLetterActions";
import { ExpansionActions } from "../features/processors/expansionActions";
import { PipelineActions } from "../features/processors/pipelines/pipelineActions";
import { InstanceActions } from "../features/processors/registry/instanceActions";
import { RunActions } from "../features/processors/runList/runActions";
import type { Runs } from "../features/processors/runs";
import { TemplateActions } from "../features/templates/templateActions";
import { TrashActions } from "../features/trash/trashActions";
import { UndoRedo } from "../features/undo/undoRedo";
import { firstLine } from "../language/segmentation";
import { text } from "../text";
import { createStore, type Store } from "../ui/store";
import { LiveUpdates } from "./liveUpdates";
import { Notices } from "./notices";
import {
  createExpandedStore,
  createOutlineViewStore,
  createSideWidthStore,
  createThemeStore,
  type OutlineView,
  type Theme,
} from "./preferences";
import { createQueryClient, keys, Queries } from "./queries";
import { createRoute, type Route } from "./route";
import { StorageStatus } from "./storageStatus";
import { openWebSocket, watchWindow } from "./window";
import { createWritingStore, type WritingPreferences } from "./writingPreferences";

const MAX_NOTE_NAME = 40; // graphemes

/** `isAnother`: another user is signed in in this browser. `invitation` is the token of one that was followed. */
export type Session =
  | { kind: "unknown" }
  | { kind: "out"; reason: string | null; isAnother?: boolean; invitation?: string }
  | { kind: "in"; user: User };

export class Studio {
  readonly session: Store<Session> = createStore<Session>({ kind: "unknown" });
  readonly connectionStatus: Store<ConnectionStatus> = createStore<ConnectionStatus>({ kind: "connecting" });
  readonly runs: Store<Runs> = createStore<Runs>(new Map());
  readonly batches: Store<Batches> = createStore<Batches>([]);
  readonly setAsideTexts: Store<readonly SetAsideText[]> = createStore<readonly SetAsideText[]>([]);
  readonly theme: Store<Theme>;
  readonly writing: Store<WritingPreferences>;
  readonly sideWidth: Store<number>;
  readonly outlineView: Store<OutlineView>;
  readonly expanded: Store<ReadonlySet<string>>;
  readonly route: Route;
  readonly notices = new Notices();
  readonly storage = new StorageStatus();
  readonly api: ApiClient;
  readonly drafts: Drafts;
  readonly queries: Queries;
  readonly batchUpdates: BatchUpdates;
  readonly undoRedo: UndoRedo;
  readonly buckets: BucketActions;
  readonly trash: TrashActions;
  readonly templateActions: TemplateActions;
  readonly placements: PlacementActions;
  readonly revisions: RevisionActions;
  readonly expansions: ExpansionActions;
  readonly acceptances: AcceptanceActions;
  readonly instances: InstanceActions;
  readonly runActions: RunActions;
  readonly pipelineActions: PipelineActions;
  readonly deadLetters: DeadLetterActions;
  readonly pitches: PitchActions;
  readonly uploads: Uploads;
  readonly #http: HttpClient;
  readonly #connection: Connection;
  readonly #liveUpdates: LiveUpdates;
  readonly #draftStorage: DraftStorage;
  readonly #accountBroadcast: AccountBroadcast;
  #lastUser: string | null = null;

  constructor(window: Window, browser: BrowserStorage) {
    const { documentElement } = window.document;
    this.theme = createThemeStore(browser.local, documentElement);
    this.sideWidth = createSideWidthStore(browser.local, documentElement);
    this.outlineView = createOutlineViewStore(browser.local);
    this.writing = createWritingStore(browser.local, documentElement, navigator.language);
    this.expanded = createExpandedStore(browser.local);
    this.route = createRoute(window);
    this.#draftStorage = new DraftStorage(browser);
    this.#accountBroadcast = new AccountBroadcast(browser.openAccountChannel(), browser.local, window, (user) =>
      this.#handleAccountChange(user),
    );
    const session = {
      signedOut: () => this.#endSession(text.accounts.signedOut),
      anotherUser: () => this.#handleAnotherUser(),
    };
    this.#http = new HttpClient(window.fetch.bind(window), session, this.storage);
    this.api = new ApiClient(this.#http);
    this.drafts = this.#createDrafts();
    this.queries = new Queries(this.api, this.drafts, createQueryClient());
    this.batchUpdates = new BatchUpdates(this.api, this.batches);
    this.#liveUpdates = new LiveUpdates(this);
    this.#connection = this.#createConnection(window, session);
    const names = { bucket: (id: string) => this.#bucketName(id), note: (id: string) => this.#noteName(id) };
    const { api, drafts, notices, queries, route } = this;
    const connection = this.#connection;
    this.undoRedo = new UndoRedo({ api, connection, notices, names, open: route.go });
    const setAside = (aside: string, reason: string) => this.setAside(aside, reason);
    const dependencies = { api, connection, drafts, notices, queries, route, setAside, undoRedo: this.undoRedo };
    this.trash = new TrashActions(dependencies);
    this.buckets = new BucketActions({ ...dependencies, trash: this.trash });
    this.templateActions = new TemplateActions({ ...dependencies, trash: this.trash });
    this.placements = new PlacementActions(dependencies);
    this.revisions = new RevisionActions(dependencies);
    this.expansions = new ExpansionActions(dependencies);
    this.acceptances = new AcceptanceActions(dependencies);
    this.instances = new InstanceActions(dependencies);
    this.runActions = new RunActions({ ...dependencies, runs: this.runs, batches: this.batchUpdates });
    this.pitches = new PitchActions({ ...dependencies, runActions: this.runActions });
    this.pipelineActions = new PipelineActions(dependencies);
    this.deadLetters = new DeadLetterActions(dependencies);
    this.uploads = new Uploads({ ...dependencies, start: createUploadStarter(() => this.#http.writeHeaders()) });
    watchWindow(window, connection, drafts);
  }

  /** Starts the session of a user: takes up their unsaved work, and connects. */
  async startSession(user: User): Promise<void> {
    if (this.#lastUser !== null && this.#lastUser !== user.id) this.#forgetUser();
    const isBack = this.#lastUser === user.id;
    this.#lastUser = user.id;
    this.#http.user = user.id;
    this.#accountBroadcast.send(user.id);
    this.session.set(() => ({ kind: "in", user }));
    this.#connection.start();
    if (isBack) this.drafts.retry();
    else {
      const orphans = await this.#draftStorage.takeOver(user.id);
      if (this.#lastUser !== user.id) return; // somebody else has come in meanwhile
      for (const draft of orphans) this.drafts.resume(draft);
    }
    this.setAsideTexts.set(() => this.#draftStorage.readSetAsideTexts());
  }

  /** Signs out; unsaved work stays on this computer, under its user. */
  async signOut(): Promise<void> {
    await this.api.logOut();
    this.#accountBroadcast.send(null);
    this.#forgetUser();
    this.#endSession(null);
  }

  /** Goes on as whoever is signed in in this browser now. */
  continueAsSignedIn(): void {
    this.session.set(() => ({ kind: "unknown" }));
  }

  setAside(aside: string, reason: string): void {
    const entry = { id: `${Date.now()}-${Math.random()}`, text: aside, reason, at: Date.now() };
    this.#changeSetAsideTexts((texts) => [...texts, entry]);
  }

  discardSetAsideText(id: string): void {
    this.#changeSetAsideTexts((texts) => texts.filter((entry) => entry.id !== id));
  }

  #changeSetAsideTexts(change: (texts: SetAsideText[]) => SetAsideText[]): void {
    const next = change(this.#draftStorage.readSetAsideTexts());
    if (!this.#draftStorage.writeSetAsideTexts(next)) this.notices.notify(text.drafts.browserFull);
    this.setAsideTexts.set(() => next);
  }

  #bucketName(id: string): string | undefined {
    return this.queries.cachedForest()?.byId.get(id)?.name;
  }

  #noteName(id: string): string | undefined {
    const draft = this.drafts.get(this.drafts.keyOf(id));
    return draft ? firstLine(draft.text, MAX_NOTE_NAME) : undefined;
  }

  #endSession(reason: string | null): void {
    if (this.session.get().kind === "out") return;
    this.#connection.stop();
    this.session.set(() => ({ kind: "out", reason }));
  }

  /** Another window signed in to this account or another one, or signed out. */
  #handleAccountChange(user: string | null): void {
    if (this.#lastUser === null || user === this.#lastUser) return;
    if (user === null) this.#endSession(text.accounts.signedOut);
    else this.#handleAnotherUser();
  }

  /** Another user is signed in in this browser: nothing of the former one stays in memory, or is sent. */
  #handleAnotherUser(): void {
    if (this.#lastUser === null) return;
    this.#forgetUser();
    this.#connection.stop();
    this.session.set(() => ({ kind: "out", reason: text.accounts.anotherAccount, isAnother: true }));
  }

  #forgetUser(): void {
    this.#lastUser = null;
    this.#http.user = null;
    this.#draftStorage.signOut();
    this.route.go(null);
    this.expanded.set(() => new Set());
    this.setAsideTexts.set(() => []);
    this.notices.clear();
    this.uploads.clear();
    this.drafts.clear();
    this.queries.client.clear();
    this.runs.set(() => new Map());
    this.batches.set(() => []);
  }

  #createConnection(window: Window, session: { signedOut(): void; anotherUser(): void }): Connection {
    return new Connection({
      writes: this.storage,
      open: (cursor) => openWebSocket(window, this.#http.user, cursor),
      onMessage: (message) => {
        this.#liveUpdates.apply(message);
        if (message.type === "hello" || message.type === "reset") void this.runActions.refreshBatches();
      },
      onStatus: (status) => {
        this.connectionStatus.set(() => status);
        if (status.kind === "live") this.drafts.retry();
      },
      onSignedOut: session.signedOut,
      onAnotherUser: session.anotherUser,
    });
  }

  #createDrafts(): Drafts {
    return new Drafts({
      // REST rather than the socket: it may outlive the page, and a create carries a key that makes its repeat harmless.
      save: (blobId, data, baseRevision, isLeaving) => this.api.changeBlob({ blobId, data, baseRevision, isLeaving }),
      create: (key, bucketId, data, isLeaving) =>
        this.api.createBlob({
          schemaId: NOTE_SCHEMA,
          data,
          bucketIds: [bucketId],
          idempotencyKey: key,
          isLeaving,
        }),
      read: (blobId) => this.#liveUpdates.readNote(blobId),
      store: (draft) => this.#draftStorage.store(draft),
      removeStored: (key) => this.#draftStorage.remove(key),
      setAside: (aside, reason) => this.setAside(aside, reason),
      onMerged: () => this.notices.notify(text.drafts.mergedIn),
      onCreated: (draft) => {
        if (draft.bucketId) void this.queries.invalidate(keys.items(draft.bucketId));
      },
      now: () => Date.now(),
      after: (milliseconds, callback) => {
        const timer = setTimeout(callback, milliseconds);
        return () => clearTimeout(timer);
      },
    });
  }
}
