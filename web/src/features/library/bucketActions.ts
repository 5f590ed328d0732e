/** What a user does to buckets: shown at once, confirmed by the server, and taken back when it refuses. */

import type { Bucket } from "../../api/types";
import { type ActionDependencies, newIdempotencyKey } from "../../studio/actionDependencies";
import { keys } from "../../studio/queries";
import { text } from "../../text";
import type { TrashActions } from "../trash/trashActions";
import {
  neighbouringPosition,
  type Position,
  positionOf,
  withBucket,
  withBucketMoved,
  withBucketRenamed,
  wouldContainItself,
} from "./forest";

type Dependencies = Pick<ActionDependencies, "api" | "queries" | "notices" | "undoRedo" | "route"> & {
  readonly trash: TrashActions;
};

export class BucketActions {
  constructor(private readonly dependencies: Dependencies) {}

  /** Raises what the server refuses, for the form that asked. */
  async create(bucket: { name: string; type: string; parentId: string | null }): Promise<Bucket> {
    const { api, queries } = this.dependencies;
    const created = await api.createBucket({ ...bucket, idempotencyKey: newIdempotencyKey("bucket") });
    queries.changeForest((forest) => withBucket(forest, created));
    return created;
  }

  /** Raises what the server refuses, for the form that asked. */
  async rename(id: string, name: string): Promise<void> {
    const { api, queries } = this.dependencies;
    const before = queries.cachedForest()?.byId.get(id);
    if (!before || before.name === name) return;
    queries.changeForest((forest) => withBucketRenamed(forest, id, name));
    try {
      const bucket = await api.renameBucket(id, name, before.revision);
      queries.changeForest((forest) => withBucket(forest, bucket));
    } catch (error) {
      this.#readForest();
      throw error;
    }
  }

  /** Sets how many words a bucket is to have, or none. Raises what the server refuses, for the form that asked. */
  async setTarget(bucket: Bucket, words: number | null): Promise<void> {
    const { api, queries } = this.dependencies;
    const { target_words: _, ...others } = bucket.metadata ?? {};
    const metadata = words === null ? others : { ...others, target_words: words };
    const changed = await api.changeBucketMetadata(bucket.id, metadata, bucket.revision);
    queries.changeForest((forest) => withBucket(forest, changed));
    await queries.invalidate(keys.bucket(bucket.id));
  }

  async move(id: string, position: Position, describe: (name: string) => string = text.library.moved): Promise<void> {
    const { queries, notices, undoRedo } = this.dependencies;
    const forest = queries.cachedForest();
    const before = forest && positionOf(forest, id);
    const name = forest?.byId.get(id)?.name ?? "";
    if (!forest || !before || wouldContainItself(forest, id, position.parent)) return;
    if (!(await this.#moveTo(id, position, text.library.moveFailed(name)))) return;
    const inverse = () => void this.#moveTo(id, before, text.library.moveBackFailed(name));
    notices.notify(describe(name), undoRedo.noticeAction({ act: "move_bucket", id, inverse }));
  }

  /** Moves the bucket out of the one it is in, to the position behind that one. */
  async takeOut(id: string): Promise<void> {
    const forest = this.dependencies.queries.cachedForest();
    const position = forest && neighbouringPosition(forest, id, "out");
    if (position) await this.move(id, position, text.library.tookOut);
  }

  /** `deep`: with notes of its own. */
  async copy(copy: { bucketId: string; parentId: string | null; deep: boolean }): Promise<void> {
    const { api, notices, route, trash, undoRedo } = this.dependencies;
    try {
      const { id, name } = await api.copyBucket({ ...copy, idempotencyKey: newIdempotencyKey("copy") });
      this.#readForest(); // what is in it is new too
      const show = { label: text.general.show, run: () => route.go(id) };
      const inverse = () => void trash.trashBucket(id);
      notices.notify(text.library.copied(name), show, undoRedo.noticeAction({ act: "copy_bucket", id, inverse }));
    } catch (error) {
      notices.notifyError(text.library.copyFailed, error);
    }
  }

  async #moveTo(id: string, position: Position, failure: string): Promise<boolean> {
    const { api, queries, notices } = this.dependencies;
    queries.changeForest((forest) => withBucketMoved(forest, id, position));
    try {
      const bucket = await api.moveBucket({ bucketId: id, parentId: position.parent, after: position.after });
      queries.changeForest((forest) => withBucket(forest, bucket));
      return true;
    } catch (error) {
      this.#readForest();
      notices.notifyError(failure, error);
      return false;
    }
  }

  #readForest(): void {
    void this.dependencies.queries.invalidate(keys.forest);
  }
}
