/** What a user does to buckets and notes: shown at once, confirmed by the server, taken back when it says no. */

import type { Api } from "../api";
import type { Socket } from "../socket";
import type { Drafts } from "./drafts";
import {
  everyIdIn,
  type Forest,
  movedTo,
  type Place,
  placeBeside,
  placeOf,
  renamed,
  withBucket,
  without,
  wouldContainItself,
} from "./forest";
import type { Live } from "./live";
import type { Action, Notices } from "./notices";
import { type Blob, type Bucket, EXPAND, type Instance } from "./nouns";
import { Problem } from "./problem";
import { FOREST, INSTANCES, itemsOf, type Reads, revisionsOf, TRASHED } from "./reads";
import type { Turns } from "./turns";
import type { Where } from "./where";
import { bothCounted } from "./words";

export class Deeds {
  constructor(
    private readonly api: Api,
    private readonly reads: Reads,
    private readonly live: Live,
    private readonly drafts: Drafts,
    private readonly socket: Socket,
    private readonly notices: Notices,
    private readonly turns: Turns,
    private readonly where: Where,
    /** Keeps a text that would have nowhere to be. */
    private readonly setAside: (text: string, reason: string) => void,
  ) {}

  /** Raises what the server refuses, for the form that asked. */
  async createBucket(name: string, type: string, parent: string | null): Promise<Bucket> {
    const bucket = await this.api.createBucket(name, type, parent, `bucket-${Date.now()}-${Math.random()}`);
    this.live.forest((forest) => withBucket(forest, bucket));
    return bucket;
  }

  /** Raises what the server refuses, for the form that asked. */
  async rename(id: string, name: string): Promise<void> {
    const before = this.#forest()?.byId.get(id);
    if (!before || before.name === name) return;
    this.live.forest((forest) => renamed(forest, id, name));
    try {
      const bucket = await this.api.renameBucket(id, name, before.revision);
      this.live.forest((forest) => withBucket(forest, bucket));
    } catch (error) {
      this.#readForest();
      throw error;
    }
  }

  async move(id: string, place: Place, done = "Moved"): Promise<void> {
    const forest = this.#forest();
    const before = forest && placeOf(forest, id);
    const name = forest?.byId.get(id)?.name;
    if (!forest || !before || wouldContainItself(forest, id, place.parent)) return;
    if (await this.#moved(id, place, `“${name}” could not be moved.`)) {
      const back = () => void this.#moved(id, before, `“${name}” could not be moved back.`);
      this.notices.say(`${done} “${name}”.`, this.turns.back("move_bucket", id, back));
    }
  }

  /** Out of the bucket it is in, to the place behind that one. */
  async takeOutBucket(id: string): Promise<void> {
    const forest = this.#forest();
    const place = forest && placeBeside(forest, id, "out");
    if (place) await this.move(id, place, "Took out");
  }

  /** `deep`: with notes of its own. */
  async copyBucket(id: string, parent: string | null, deep: boolean): Promise<void> {
    try {
      const copy = await this.api.copyBucket(id, parent, deep, `copy-${Date.now()}-${Math.random()}`);
      this.#readForest(); // what is in it is new too
      const away = () => void this.trashBucket(copy.id);
      const show = { label: "Show", act: () => this.where.go(copy.id) };
      this.notices.say(`Made the copy “${copy.name}”.`, show, this.turns.back("copy_bucket", copy.id, away));
    } catch (error) {
      this.notices.fail("The bucket could not be copied.", error);
    }
  }

  /** With all that it contains. What is unsaved in there is saved first, so that it goes along and comes back. */
  async trashBucket(id: string): Promise<void> {
    const branch = this.#forest()?.byId.get(id);
    const ids = new Set(branch ? everyIdIn(branch) : [id]);
    for (const draft of this.drafts.unsaved()) if (ids.has(draft.bucketId ?? "")) await this.drafts.settle(draft.key);
    try {
      await this.api.trashBucket(id);
    } catch (error) {
      return this.notices.fail("The bucket could not be moved to the trash.", error);
    }
    if (ids.has(this.where.store.get() ?? "")) this.where.go(branch?.parent ?? null);
    this.live.forest((forest) => without(forest, id));
    const back = () => void this.restoreBucket(id, branch?.name ?? "");
    this.notices.say(
      `Moved ${branch ? `“${branch.name}”` : "the bucket"} to the trash.`,
      this.turns.back("trash_bucket", id, back),
    );
  }

  /** False when its parent is not there any more: then `parent` must be said. */
  async restoreBucket(id: string, name: string, parent?: string | null): Promise<boolean> {
    try {
      const bucket = await this.api.restoreBucket(id, parent);
      const show = { label: "Show", act: () => this.where.go(bucket.id) };
      this.notices.say(`Restored “${bucket.name}”.`, show, this.#trashAgain("restore_bucket", id));
      return true;
    } catch (error) {
      if (parent === undefined && error instanceof Problem && "parent_bucket_id" in error.facts) return false;
      this.notices.fail(`“${name}” could not be restored.`, error);
      return true;
    } finally {
      this.#readForest();
    }
  }

  /** A note that the server may not know yet: saved first if it can be, so that the trash has it. */
  async trashDraft(key: string): Promise<void> {
    await this.drafts.settle(key);
    const draft = this.drafts.draft(key);
    if (draft?.blobId) return this.trashNote(draft.blobId);
    if (draft?.text.trim()) this.setAside(draft.text, "Unsaved when it was moved to the trash");
    this.drafts.forget(key);
  }

  async trashNote(blobId: string): Promise<void> {
    const key = this.drafts.keyOf(blobId);
    const what = this.drafts.draft(key) ? "note" : "text";
    // What cannot be saved now would go with the note, and not come back with it.
    const unsaved = (await this.drafts.settle(key)) ? null : this.drafts.draft(key);
    try {
      await this.api.trashBlob(blobId);
    } catch (error) {
      return this.notices.fail(`The ${what} could not be moved to the trash.`, error);
    }
    if (unsaved) this.setAside(unsaved.text, "Unsaved when its note went to the trash");
    this.drafts.forget(key);
    void this.reads.client.invalidateQueries({ queryKey: ["items"] });
    const back = () => void this.restoreNote(blobId);
    this.notices.say(`Moved the ${what} to the trash.`, this.turns.back("trash_blob", blobId, back));
  }

  /** The note as it is now; in no bucket when those it stood in are not there any more. Null when it was refused. */
  async restoreNote(blobId: string): Promise<Blob | null> {
    try {
      const blob = await this.api.restoreBlob(blobId);
      for (const id of blob.bucket_ids) void this.reads.client.invalidateQueries({ queryKey: itemsOf(id) });
      const [home] = blob.bucket_ids;
      if (home === undefined) return blob;
      const show = { label: "Show", act: () => this.where.go(home) };
      this.notices.say("Restored the note.", show, this.#trashAgain("restore_blob", blobId));
      return blob;
    } catch (error) {
      this.notices.fail("The note could not be restored.", error);
      return null;
    } finally {
      void this.reads.client.invalidateQueries({ queryKey: TRASHED });
    }
  }

  /** Gone for good: one thing that was trashed, or with null all of the trash. */
  async purge(id: string | null): Promise<void> {
    try {
      const { blobs, buckets } = await this.api.purge(id);
      this.notices.say(`Deleted for good: ${bothCounted(buckets, blobs)}.`);
    } catch (error) {
      this.notices.fail("It could not be deleted.", error);
    } finally {
      void this.reads.client.invalidateQueries({ queryKey: TRASHED });
    }
  }

  /** The note as it was, as its newest version. True when that has worked. */
  async restoreRevision(blobId: string, revision: number | string): Promise<boolean> {
    const key = this.drafts.keyOf(blobId);
    if (!(await this.drafts.settle(key))) {
      this.notices.say("What you wrote last is not saved yet. Try again when it is.");
      return false;
    }
    const before = this.drafts.draft(key)?.base?.revision;
    try {
      this.drafts.learn(await this.api.restoreBlob(blobId, revision));
    } catch (error) {
      this.notices.fail("That version could not be restored.", error);
      return false;
    }
    const back = { label: "Undo", act: () => void this.restoreRevision(blobId, before ?? revision) };
    this.notices.say("The note is again as it was then. What it was until now is kept.", back);
    return true;
  }

  /** Raises what the server refuses, for the form that asked. */
  async nameRevision(blobId: string, number: number, name: string | null): Promise<void> {
    await this.api.nameRevision(blobId, number, name);
    await this.reads.client.invalidateQueries({ queryKey: revisionsOf(blobId) });
  }

  async takeOut(bucketId: string, blobId: string, after: string | null | undefined): Promise<void> {
    const name = this.#forest()?.byId.get(bucketId)?.name ?? "the bucket";
    const back = () => void this.place(bucketId, blobId, after, "");
    const taken = () => this.api.takeOut(bucketId, blobId);
    if (!(await this.#changeList(bucketId, taken, "The note could not be taken out."))) return;
    const undo = this.turns.back("take_out", blobId, back);
    this.notices.say(`Took the note out of “${name}”. It is still in its other places.`, undo);
  }

  /** `done` is said when it has worked; empty for what speaks for itself. */
  async place(bucketId: string, blobId: string, after: string | null | undefined, done: string): Promise<void> {
    const placed = () => this.api.placeBlob(bucketId, blobId, after);
    if (!(await this.#changeList(bucketId, placed, "The note could not be placed there.")) || !done) return;
    const back = () => void this.takeOut(bucketId, blobId, undefined);
    this.notices.say(done, this.turns.back("place_blob", blobId, back));
  }

  /** Expand what is on the screen: the note is saved first, so that no older text is expanded. */
  async expand(key: string): Promise<void> {
    if (!(await this.drafts.settle(key))) {
      this.notices.fail("The note is not saved yet, so it cannot be expanded.", new Error("Try again in a moment."));
      return;
    }
    const blobId = this.drafts.draft(key)?.blobId;
    if (!blobId) return;
    try {
      await this.socket.ask("run_processor", { processor_id: EXPAND, blob_ids: [blobId], settings: {} });
    } catch (error) {
      this.notices.fail("The note could not be expanded.", error);
    }
  }

  async cancel(runId: string): Promise<void> {
    try {
      await this.socket.ask("cancel_run", { run_id: runId });
    } catch (error) {
      this.notices.fail("It could not be stopped.", error);
    }
  }

  /** Automatic expansion for this bucket and what it contains; the instance nearest to a note decides. */
  async expandAutomatically(bucketId: string, enabled: boolean, here: Instance | undefined): Promise<void> {
    try {
      const done = here
        ? await this.api.changeInstance(here.id, enabled)
        : await this.api.createInstance(EXPAND, bucketId, enabled);
      this.reads.client.setQueryData<Instance[]>(INSTANCES, (all) => [
        ...(all ?? []).filter((one) => one.id !== done.id),
        done,
      ]);
    } catch (error) {
      this.notices.fail("Automatic expansion could not be changed.", error);
    }
  }

  #trashAgain(act: "restore_bucket" | "restore_blob", id: string): Action {
    const inverse = () => void (act === "restore_blob" ? this.trashNote(id) : this.trashBucket(id));
    return this.turns.back(act, id, inverse);
  }

  async #moved(id: string, place: Place, otherwise: string): Promise<boolean> {
    this.live.forest((forest) => movedTo(forest, id, place));
    try {
      const bucket = await this.api.moveBucket(id, place.parent, place.after);
      this.live.forest((forest) => withBucket(forest, bucket));
      return true;
    } catch (error) {
      this.#readForest();
      this.notices.fail(otherwise, error);
      return false;
    }
  }

  async #changeList(bucketId: string, change: () => Promise<void>, otherwise: string): Promise<boolean> {
    try {
      await change();
      return true;
    } catch (error) {
      this.notices.fail(otherwise, error);
      return false;
    } finally {
      void this.reads.client.invalidateQueries({ queryKey: itemsOf(bucketId) });
    }
  }

  #forest(): Forest | undefined {
    return this.reads.client.getQueryData<Forest>(FOREST);
  }

  #readForest(): void {
    void this.reads.client.invalidateQueries({ queryKey: FOREST });
  }
}
