/** The files on their way into buckets: a few are sent at a time, and each becomes a blob when it is there. */

import { errorMessage, Superseded } from "../../api/errors";
import type { Blob } from "../../api/types";
import type { FileUpload, StartUpload } from "../../api/uploads";
import { type ActionDependencies, newIdempotencyKey } from "../../studio/actionDependencies";
import { keys } from "../../studio/queries";
import { text } from "../../text";
import { createStore, type Store } from "../../ui/store";
import { kindOfFile, kindOfMedia, MAX_NOTE_BYTES, schemaOf, titleOfFile } from "./fileKinds";
import { measureImage } from "./measureImage";

const MAX_PARALLEL = 2;

export type UploadStatus = "waiting" | "sending" | "paused" | "storing" | "failed";

/** A file on its way; it is taken off the list when its blob is there. */
export interface UploadView {
  readonly id: string;
  readonly bucketId: string;
  readonly name: string;
  readonly size: number;
  /** Bytes. */
  readonly sent: number;
  readonly status: UploadStatus;
  readonly error: string | null;
  /** False for a file that would fail again. */
  readonly mayBeRetried: boolean;
}

type Dependencies = Pick<ActionDependencies, "api" | "queries" | "notices"> & { start: StartUpload };

interface Entry {
  readonly file: File;
  /** Keeps a blob from being made twice. */
  readonly key: string;
  transport: FileUpload | null;
  /** The file that it became, once all is sent. */
  fileId: string | null;
}

export class Uploads {
  readonly shown: Store<readonly UploadView[]> = createStore<readonly UploadView[]>([]);
  readonly #entries = new Map<string, Entry>();
  #count = 0;

  constructor(private readonly dependencies: Dependencies) {}

  /** Sends files into a bucket, each as what it is. */
  add(bucketId: string, files: readonly File[]): void {
    for (const file of files) {
      this.#count += 1;
      const id = `upload-${this.#count}`;
      const refusal = refusalOf(file);
      this.#entries.set(id, { file, key: newIdempotencyKey("file"), transport: null, fileId: null });
      const view: UploadView = {
        id,
        bucketId,
        name: file.name,
        size: file.size,
        sent: 0,
        status: refusal === null ? "waiting" : "failed",
        error: refusal,
        mayBeRetried: refusal === null,
      };
      this.shown.set((views) => [...views, view]);
    }
    this.#startNext();
  }

  pause(id: string): void {
    if (this.#viewOf(id)?.status === "sending") this.#entries.get(id)?.transport?.pause();
    this.#change(id, { status: "paused" });
    this.#startNext();
  }

  /** Goes on with one that was paused, or tries one that failed again. */
  resume(id: string): void {
    this.#change(id, { status: "waiting", error: null });
    this.#startNext();
  }

  /** Gives one up, or takes one that failed off the list. */
  cancel(id: string): void {
    this.#entries.get(id)?.transport?.cancel();
    this.#remove(id);
    this.#startNext();
  }

  /** Gives all of them up, for another user is signed in. */
  clear(): void {
    for (const entry of this.#entries.values()) entry.transport?.cancel();
    this.#entries.clear();
    this.shown.set(() => []);
  }

  #startNext(): void {
    for (const view of this.shown.get()) {
      const active = this.shown.get().filter(({ status }) => status === "sending" || status === "storing");
      if (active.length >= MAX_PARALLEL) return;
      const entry = this.#entries.get(view.id);
      if (view.status === "waiting" && entry) this.#send(view, entry);
    }
  }

  #send(view: UploadView, entry: Entry): void {
    if (kindOfFile(entry.file) === "note" || entry.fileId !== null) {
      void this.#store(view, entry);
      return;
    }
    this.#change(view.id, { status: "sending" });
    if (entry.transport) {
      entry.transport.resume();
      return;
    }
    entry.transport = this.dependencies.start(entry.file, {
      progress: (sent) => this.#change(view.id, { sent }),
      done: (fileId) => {
        entry.fileId = fileId;
        entry.transport = null; // it is a file of the user by now, and stays one
        if (this.#entries.get(view.id) === entry) void this.#store(view, entry);
      },
      failed: (error) => {
        entry.transport = null;
        this.#fail(view.id, error);
      },
    });
  }

  /** Makes the blob of a file that is there, or the note of a text. */
  async #store(view: UploadView, entry: Entry): Promise<void> {
    const { api, notices, queries } = this.dependencies;
    this.#change(view.id, { status: "storing", sent: view.size });
    try {
      const { schemaId, data } = await this.#contentOf(view, entry);
      const blob: Blob = await api.createBlob({
        schemaId,
        data,
        bucketIds: [view.bucketId],
        idempotencyKey: entry.key,
        isLeaving: false,
      });
      if (this.#entries.get(view.id) !== entry) return void api.trashBlob(blob.id).catch(() => undefined);
      this.#remove(view.id);
      if (this.shown.get().length === 0) notices.notify(text.files.added(view.name));
      await queries.invalidate(keys.items(view.bucketId));
    } catch (error) {
      this.#fail(view.id, error);
    } finally {
      this.#startNext();
    }
  }

  async #contentOf({ bucketId }: UploadView, { file, fileId }: Entry): Promise<{ schemaId: string; data: unknown }> {
    if (fileId === null) return { schemaId: schemaOf("note", ""), data: { content: await readText(file) } };
    const { id, name, media_type, size, sha256 } = await this.dependencies.api.getFile(fileId);
    const kind = kindOfMedia(media_type);
    if (kind === null) throw new NoPlace(text.files.noPlace(media_type));
    const bucketType = this.dependencies.queries.cachedForest()?.byId.get(bucketId)?.type ?? "";
    const pixels = kind === "image" ? await measureImage(file) : null;
    const facts = { file_id: id, file_name: file.name || name, media_type, bytes: size, sha256, ...pixels };
    return { schemaId: schemaOf(kind, bucketType), data: { ...facts, title: titleOfFile(file.name || name) } };
  }

  #fail(id: string, error: unknown): void {
    if (error instanceof Superseded) return;
    this.#change(id, { status: "failed", error: errorMessage(error), mayBeRetried: !(error instanceof NoPlace) });
    this.#startNext();
  }

  #viewOf(id: string): UploadView | undefined {
    return this.shown.get().find((view) => view.id === id);
  }

  #change(id: string, change: Partial<UploadView>): void {
    this.shown.set((views) => views.map((view) => (view.id === id ? { ...view, ...change } : view)));
  }

  #remove(id: string): void {
    this.#entries.delete(id);
    this.shown.set((views) => views.filter((view) => view.id !== id));
  }
}

/** Another attempt would not help. */
class NoPlace extends Error {}

/** Returns why a file cannot be added at all; null when it may be tried. */
function refusalOf(file: File): string | null {
  const kind = kindOfFile(file);
  if (kind === null) return text.files.noPlace(file.type);
  if (kind === "note" && file.size > MAX_NOTE_BYTES) return text.files.textTooLong;
  return file.size === 0 ? text.files.isEmpty : null;
}

/** Returns the text of a file. Raises an Error for one that is no text in UTF-8. */
async function readText(file: File): Promise<string> {
  try {
    const content = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    if (content.includes("\0")) throw new NoPlace(text.files.noText);
    return content.replace(/\r\n?/g, "\n");
  } catch {
    throw new NoPlace(text.files.noText);
  }
}
