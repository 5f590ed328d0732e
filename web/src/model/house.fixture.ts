/** A studio for tests: it holds notes as the real one does, and its line can be cut before or after a write. */

import { type Blob, contentOf } from "./nouns";
import { Problem, Unreachable } from "./problem";

export function blob(content: string, revision: number, id = "blob-1"): Blob {
  return {
    id,
    processor_id: "user-input",
    schema_id: "text-input-v1",
    schema_version: "1.0.0",
    data: { content, style: "creative" },
    bucket_ids: ["bucket-1"],
    parent_id: null,
    revision,
    stale: false,
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    trashed_at: null,
  };
}

export class House {
  blobs = new Map<string, Blob>();
  creates = new Map<string, Blob>();
  line: "up" | "down" | "answer lost" = "up";
  refusal: Problem | null = null;
  saves = 0;
  busy = 0;
  mostBusy = 0;
  gate: Promise<void> = Promise.resolve();

  async save(id: string, data: unknown, base: number): Promise<Blob> {
    return this.#through(() => {
      const current = this.blobs.get(id);
      if (!current) throw new Problem(404, "not_found", "There is nothing of yours under this id.");
      if (current.trashed_at) throw new Problem(409, "conflict", "This blob is in the trash.", current);
      if (current.revision !== base) throw new Problem(409, "conflict", "Someone changed this.", current);
      return this.put({ ...current, data, revision: base + 1 });
    });
  }

  async create(key: string, _bucket: string, data: unknown): Promise<Blob> {
    return this.#through(() => {
      const known = this.creates.get(key);
      if (known) return known;
      const made = this.put({ ...blob("", 1, `blob-${this.blobs.size + 1}`), data });
      this.creates.set(key, made);
      return made;
    });
  }

  put(next: Blob): Blob {
    this.blobs.set(next.id, next);
    return next;
  }

  text(id = "blob-1"): string {
    const known = this.blobs.get(id);
    return known ? contentOf(known) : "";
  }

  async #through(write: () => Blob): Promise<Blob> {
    this.saves += 1;
    this.busy += 1;
    this.mostBusy = Math.max(this.mostBusy, this.busy);
    await this.gate;
    this.busy -= 1;
    if (this.refusal) throw this.refusal;
    if (this.line === "down") throw new Unreachable("cut");
    const answer = write();
    if (this.line === "answer lost") throw new Unreachable("cut");
    return answer;
  }
}
