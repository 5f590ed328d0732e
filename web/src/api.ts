/** The studio's REST doors, one function each; every failure is a Problem or Unreachable. */

import type { Blob, Bucket, Instance, Item, Me, Node, Page, Run, User } from "./model/nouns";
import { type DataError, Problem, Unreachable } from "./model/problem";

const PATIENCE = 20_000; // ms; a hung request must not keep "saving" on the screen for minutes
const KEEPALIVE_BYTES = 60_000; // browsers allow 64 KiB of keepalive bodies in flight

interface Ask {
  body?: unknown;
  /** Makes a repeat of the same create harmless. */
  key?: string;
  /** Let the request outlive the page. */
  leaving?: boolean;
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
    this.#ask<Page<Item>>(
      "GET",
      `/buckets/${id}/items?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`,
    );
  createBucket = (name: string, type: string, parent: string | null, key: string) =>
    this.#ask<Bucket>("POST", "/buckets", { body: { name, type, parent_bucket_id: parent }, key });
  renameBucket = (id: string, name: string, base_revision: number) =>
    this.#ask<Bucket>("PATCH", `/buckets/${id}`, { body: { name, base_revision } });
  /** `after` is the sibling it comes behind: null for the first place, undefined for the last. */
  moveBucket = (id: string, parent: string | null, after: string | null | undefined) =>
    this.#ask<Bucket>("POST", `/buckets/${id}/move`, {
      body: { parent_bucket_id: parent, ...(after === undefined ? {} : { after }) },
    });

  blob = (id: string) => this.#ask<Blob>("GET", `/blobs/${id}`);
  derived = (parent: string, schema: string) =>
    this.#ask<Page<Blob>>("GET", `/blobs?parent_id=${parent}&schema_id=${schema}&limit=100`);
  createBlob = (schema_id: string, data: unknown, bucket_ids: string[], key: string, leaving: boolean) =>
    this.#ask<Blob>("POST", "/blobs", { body: { schema_id, data, bucket_ids }, key, leaving });
  changeBlob = (id: string, data: unknown, base_revision: number, leaving: boolean) =>
    this.#ask<Blob>("PATCH", `/blobs/${id}`, { body: { data, base_revision }, leaving });
  trashBlob = (id: string) => this.#ask<void>("DELETE", `/blobs/${id}`);
  restoreBlob = (id: string) => this.#ask<Blob>("POST", `/blobs/${id}/restore`, { body: {} });
  placeBlob = (bucket: string, blob: string, after: string | null | undefined) =>
    this.#ask<void>("PUT", `/buckets/${bucket}/blobs/${blob}`, { body: after === undefined ? {} : { after } });
  takeOut = (bucket: string, blob: string) => this.#ask<void>("DELETE", `/buckets/${bucket}/blobs/${blob}`);

  runs = (status: "requested" | "running") => this.#ask<Page<Run>>("GET", `/runs?status=${status}&limit=200`);
  instances = () => this.#ask<Page<Instance>>("GET", "/instances?limit=200");
  createInstance = (processor_id: string, bucket_id: string | null, enabled: boolean) =>
    this.#ask<Instance>("POST", "/instances", { body: { processor_id, bucket_id, enabled, settings: {} } });
  changeInstance = (id: string, enabled: boolean) =>
    this.#ask<Instance>("PATCH", `/instances/${id}`, { body: { enabled } });

  async #ask<T>(method: string, path: string, { body, key, leaving }: Ask = {}): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (method !== "GET") headers["X-Reyna-Csrf"] = "1";
    if (key) headers["Idempotency-Key"] = key;
    const init: RequestInit = { method, headers, credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE) };
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
  );
}
