/** The studio's REST doors, one function each; every failure is a Problem or Unreachable. */

import type {
  Blob,
  Bucket,
  Diff,
  Instance,
  Item,
  JournalEntry,
  Me,
  Node,
  Page,
  PathBucket,
  Purged,
  Revision,
  Run,
  TrashItem,
  User,
} from "./model/nouns";
import { type DataError, Problem, Unreachable } from "./model/problem";

const PATIENCE = 20_000; // ms; a hung request must not keep "saving" on the screen for minutes
const LONG_WORK = 600_000; // ms; a trash of a hundred thousand notes takes its time
const KEEPALIVE_BYTES = 60_000; // browsers allow 64 KiB of keepalive bodies in flight

interface Ask {
  body?: unknown;
  /** Makes a repeat of the same create harmless. */
  key?: string;
  /** Let the request outlive the page. */
  leaving?: boolean;
  /** ms. */
  patience?: number;
}

export class Api {
  /** `signedOut` is told whenever an answer says that the session is over. */
  constructor(
    private readonly fetch: typeof globalThis.fetch,
    private readonly signedOut: () => void,
  ) {}

  me = () => this.#ask<Me>("GET", "/me");
  register = (email: string, password: string, name: string) =>
    this.#ask<{ user: User }>("POST", "/auth/register", { body: { email, password, name } });
  login = (email: string, password: string) =>
    this.#ask<{ user: User }>("POST", "/auth/login", { body: { email, password } });
  link = (token: string) => this.#ask<{ user: User }>("POST", "/auth/link", { body: { token } });
  logout = () => this.#ask<void>("POST", "/auth/logout");

  forest = () => this.#ask<{ items: Node[] }>("GET", "/tree");
  bucket = (id: string) => this.#ask<Bucket>("GET", `/buckets/${id}`);
  items = (id: string, cursor: string | null) =>
    this.#ask<Page<Item>>("GET", `/buckets/${id}/items?limit=100${onFrom(cursor)}`);
  createBucket = (name: string, type: string, parent: string | null, key: string) =>
    this.#ask<Bucket>("POST", "/buckets", { body: { name, type, parent_bucket_id: parent }, key });
  renameBucket = (id: string, name: string, base_revision: number) =>
    this.#ask<Bucket>("PATCH", `/buckets/${id}`, { body: { name, base_revision } });
  /** `after` is the sibling it comes behind: null for the first place, undefined for the last. */
  moveBucket = (id: string, parent: string | null, after: string | null | undefined) =>
    this.#ask<Bucket>("POST", `/buckets/${id}/move`, {
      body: { parent_bucket_id: parent, ...(after === undefined ? {} : { after }) },
    });

  /** `deep`: with notes of its own rather than the same ones in both places. */
  copyBucket = (id: string, parent: string | null, deep: boolean, key: string) =>
    this.#ask<Bucket>("POST", `/buckets/${id}/copy`, { body: { parent_bucket_id: parent, deep }, key });
  trashBucket = (id: string) => this.#ask<Bucket>("DELETE", `/buckets/${id}`);
  /** `parent` is another one to come back under; left out, the one it had. */
  restoreBucket = (id: string, parent?: string | null) =>
    this.#ask<Bucket>("POST", `/buckets/${id}/restore`, {
      body: parent === undefined ? {} : { parent_bucket_id: parent },
    });

  trash = (cursor: string | null) => this.#ask<Page<TrashItem>>("GET", `/trash?limit=50${onFrom(cursor)}`);
  /** For good: one thing in it, or with null all of it. */
  purge = (id: string | null) =>
    this.#ask<Purged>("DELETE", id === null ? "/trash" : `/trash/${id}`, { patience: LONG_WORK });
  lastActs = () => this.#ask<Page<JournalEntry>>("GET", "/journal?limit=20");

  blob = (id: string) => this.#ask<Blob>("GET", `/blobs/${id}`);
  derived = (parent: string, schema: string) =>
    this.#ask<Page<Blob>>("GET", `/blobs?parent_id=${parent}&schema_id=${schema}&limit=100`);
  createBlob = (schema_id: string, data: unknown, bucket_ids: string[], key: string, leaving: boolean) =>
    this.#ask<Blob>("POST", "/blobs", { body: { schema_id, data, bucket_ids }, key, leaving });
  changeBlob = (id: string, data: unknown, base_revision: number, leaving: boolean) =>
    this.#ask<Blob>("PATCH", `/blobs/${id}`, { body: { data, base_revision }, leaving });
  trashBlob = (id: string) => this.#ask<void>("DELETE", `/blobs/${id}`);
  /** Out of the trash; with a revision, its data as it was then. */
  restoreBlob = (id: string, revision: number | string | null = null) =>
    this.#ask<Blob>("POST", `/blobs/${id}/restore`, { body: { revision } });
  revisions = (id: string, cursor: string | null) =>
    this.#ask<Page<Revision>>("GET", `/blobs/${id}/revisions?limit=100${onFrom(cursor)}`);
  /** From that revision to the present one. */
  diff = (id: string, from: number | string) =>
    this.#ask<Diff>("GET", `/blobs/${id}/diff?from=${encodeURIComponent(from)}`);
  nameRevision = (id: string, number: number, name: string | null) =>
    this.#ask<Revision>("PUT", `/blobs/${id}/revisions/${number}/name`, { body: { name } });
  places = (id: string) => this.#ask<{ items: PathBucket[][] }>("GET", `/blobs/${id}/places`);
  placeBlob = (bucket: string, blob: string, after: string | null | undefined) =>
    this.#ask<void>("PUT", `/buckets/${bucket}/blobs/${blob}`, { body: after === undefined ? {} : { after } });
  takeOut = (bucket: string, blob: string) => this.#ask<void>("DELETE", `/buckets/${bucket}/blobs/${blob}`);

  runs = (status: "requested" | "running") => this.#ask<Page<Run>>("GET", `/runs?status=${status}&limit=200`);
  instances = () => this.#ask<Page<Instance>>("GET", "/instances?limit=200");
  createInstance = (processor_id: string, bucket_id: string | null, enabled: boolean) =>
    this.#ask<Instance>("POST", "/instances", { body: { processor_id, bucket_id, enabled, settings: {} } });
  changeInstance = (id: string, enabled: boolean) =>
    this.#ask<Instance>("PATCH", `/instances/${id}`, { body: { enabled } });

  async #ask<T>(method: string, path: string, { body, key, leaving, patience = PATIENCE }: Ask = {}): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (method !== "GET") headers["X-Reyna-Csrf"] = "1";
    if (key) headers["Idempotency-Key"] = key;
    const init: RequestInit = { method, headers, credentials: "same-origin", signal: AbortSignal.timeout(patience) };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      init.body = JSON.stringify(body);
      init.keepalive = leaving === true && init.body.length < KEEPALIVE_BYTES;
    }
    const answer = await this.#answer(`/api${path}`, init);
    if (answer.status === 204 || answer.headers.get("Content-Length") === "0") return undefined as T;
    const said = await jsonOf(answer);
    if (answer.ok) return said as T;
    // A wrong password is also a 401, and says nothing about the session.
    if (answer.status === 401 && !path.startsWith("/auth/")) this.signedOut();
    throw problemOf(answer.status, said);
  }

  async #answer(path: string, init: RequestInit): Promise<Response> {
    try {
      return await this.fetch(path, init);
    } catch (error) {
      throw new Unreachable(String(error));
    }
  }
}

function onFrom(cursor: string | null): string {
  return cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
}

/** What the body says; a success that cannot be read must not pass for one. */
async function jsonOf(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch (error) {
    if (answer.ok) throw new Unreachable(`unreadable answer: ${error}`);
    return null;
  }
}

function problemOf(status: number, said: unknown): Problem {
  const body = (typeof said === "object" && said !== null ? said : {}) as Record<string, unknown>;
  const detail =
    typeof body["detail"] === "string" ? body["detail"] : `The studio answered ${status} without a reason.`;
  const errors = Array.isArray(body["errors"]) ? (body["errors"] as DataError[]) : [];
  return new Problem(
    status,
    typeof body["code"] === "string" ? body["code"] : "unknown",
    detail,
    body["current"],
    errors,
    body,
  );
}
