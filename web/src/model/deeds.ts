/** What a user does to buckets and notes: shown at once, confirmed by the server, taken back when it says no. */

import type { Api } from "../api";
import type { Socket } from "../socket";
import type { Drafts } from "./drafts";
import { type Forest, movedTo, type Place, placeOf, renamed, withBucket, wouldContainItself } from "./forest";
import type { Live } from "./live";
import type { Notices } from "./notices";
import { type Blob, type Bucket, EXPAND, type Instance } from "./nouns";
import { FOREST, INSTANCES, itemsOf, type Reads } from "./reads";

export class Deeds {
  constructor(
    private readonly api: Api,
    private readonly reads: Reads,
    private readonly live: Live,
    private readonly drafts: Drafts,
    private readonly socket: Socket,
    private readonly notices: Notices,
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

  async move(id: string, place: Place): Promise<void> {
    const forest = this.#forest();
    const before = forest && placeOf(forest, id);
    const name = forest?.byId.get(id)?.name;
    if (!forest || !before || wouldContainItself(forest, id, place.parent)) return;
    if (await this.#moved(id, place, `“${name}” could not be moved.`)) {
      const back = () => void this.#moved(id, before, `“${name}” could not be moved back.`);
      this.notices.say(`Moved “${name}”.`, back);
    }
  }

  async trashNote(blobId: string): Promise<void> {
    try {
      await this.api.trashBlob(blobId);
      this.drafts.forget(this.drafts.keyOf(blobId));
      void this.reads.client.invalidateQueries({ queryKey: ["items"] });
      this.notices.say("Moved the note to the trash.", () => void this.#restored(blobId));
    } catch (error) {
      this.notices.fail("The note could not be moved to the trash.", error);
    }
  }

  async takeOut(bucketId: string, blobId: string, after: string | null): Promise<void> {
    const back = () => void this.place(bucketId, blobId, after, "");
    const taken = () => this.api.takeOut(bucketId, blobId);
    if (!(await this.#changeList(bucketId, taken, "The note could not be taken out."))) return;
    this.notices.say("Took the note out of this bucket. It is still in its other places.", back);
  }

  /** `done` is said when it has worked; empty for what speaks for itself. */
  async place(bucketId: string, blobId: string, after: string | null | undefined, done: string): Promise<void> {
    const placed = () => this.api.placeBlob(bucketId, blobId, after);
    if ((await this.#changeList(bucketId, placed, "The note could not be placed there.")) && done)
      this.notices.say(done);
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

  async #restored(blobId: string): Promise<void> {
    try {
      const blob: Blob = await this.api.restoreBlob(blobId);
      for (const id of blob.bucket_ids) void this.reads.client.invalidateQueries({ queryKey: itemsOf(id) });
    } catch (error) {
      this.notices.fail("The note could not be restored.", error);
    }
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
