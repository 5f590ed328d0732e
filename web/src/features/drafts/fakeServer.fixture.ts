/** A server for tests: it has notes as the real one does, and its network can be cut before or after a write. */

import { contentOf } from "../../api/blobContent";
import { Problem, Unreachable } from "../../api/errors";
import { sampleBlob } from "../../api/samples.fixture";
import type { Blob } from "../../api/types";

export function blob(content: string, revision: number, id = "blob-1"): Blob {
  return sampleBlob({ id, revision, data: { content, style: "creative" } });
}

export class FakeServer {
  blobs = new Map<string, Blob>();
  creates = new Map<string, Blob>();
  network: "up" | "down" | "answer lost" = "up";
  refusal: Problem | null = null;
  saves = 0;
  writing = 0;
  mostWriting = 0;
  gate: Promise<void> = Promise.resolve();

  async save(id: string, data: unknown, base: number): Promise<Blob> {
    return this.#answer(() => {
      const current = this.blobs.get(id);
      if (!current) throw refusal(404, "There is nothing of yours under this id.");
      if (current.trashed_at) throw refusal(409, "This blob is in the trash.", current);
      if (current.revision !== base) throw refusal(409, "Someone changed this.", current);
      return this.put({ ...current, data, revision: base + 1 });
    });
  }

  async create(key: string, _bucket: string, data: unknown): Promise<Blob> {
    return this.#answer(() => {
      const known = this.creates.get(key);
      if (known) return known;
      const created = this.put({ ...blob("", 1, `blob-${this.blobs.size + 1}`), data });
      this.creates.set(key, created);
      return created;
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

  async #answer(write: () => Blob): Promise<Blob> {
    this.saves += 1;
    this.writing += 1;
    this.mostWriting = Math.max(this.mostWriting, this.writing);
    await this.gate;
    this.writing -= 1;
    if (this.refusal) throw this.refusal;
    if (this.network === "down") throw new Unreachable("cut");
    const answer = write();
    if (this.network === "answer lost") throw new Unreachable("cut");
    return answer;
  }
}

function refusal(status: number, detail: string, current?: Blob): Problem {
  return new Problem({ status, code: status === 404 ? "not_found" : "conflict", detail, current });
}
