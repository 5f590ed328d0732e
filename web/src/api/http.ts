/** Sends requests to the studio's REST API; every failure is a Problem, Unreachable or Superseded. */

import { text } from "../text";
import { Problem, Superseded, Unreachable } from "./errors";
import type { paths } from "./generated/openapi";
import type { DataError } from "./types";
import type { WriteObserver } from "./writeObserver";

const REQUEST_TIMEOUT_MS = 20_000; // a hung request must not keep "saving" on the screen for minutes
const KEEPALIVE_BYTES = 60_000; // browsers allow 64 KiB of keepalive bodies in flight
const CSRF_HEADER = "X-Reyna-Csrf";
const USER_HEADER = "X-Reyna-User";
const LOGOUT = "/auth/logout";
const ANOTHER_USER = "another_user"; // the reason of a refusal

export type Method = "get" | "post" | "put" | "patch" | "delete";
type ApiPaths = { [P in keyof paths as P extends `/api${infer Rest}` ? Rest : never]: paths[P] };
export type Path = keyof ApiPaths;
type Operation<P extends Path, M extends Method> = ApiPaths[P][M];

type PathInput<O> = O extends { parameters: { path: infer T } } ? { path: T } : { path?: never };
type QueryInput<O> = O extends { parameters: { query?: infer T } } ? { query?: T } : { query?: never };
type BodyInput<O> = O extends { requestBody: { content: { "application/json": infer T } } }
  ? { body: T }
  : O extends { requestBody?: { content: { "application/json": infer T } } }
    ? { body?: T }
    : { body?: never };

interface RequestOptions {
  /** Makes a repetition of the same create harmless. */
  idempotencyKey?: string | undefined;
  /** Lets the request outlive the page. */
  isLeaving?: boolean | undefined;
  timeoutMs?: number | undefined;
}

// One operation after the other: the parts of all of them would be combined with each other.
type InputOf<O> = O extends unknown ? PathInput<O> & QueryInput<O> & BodyInput<O> & RequestOptions : never;

/** What a request takes, as the OpenAPI document has it. */
export type Input<P extends Path, M extends Method> = InputOf<Operation<P, M>>;

type Content<R> = R extends { content: { "application/json": infer T } } ? T : undefined;

/** What a successful answer holds, as the OpenAPI document has it. */
export type Output<P extends Path, M extends Method> =
  Operation<P, M> extends { responses: infer R } ? Content<R[keyof R & (200 | 201 | 202 | 204)]> : never;

/** Receives what an answer says about the session. */
export interface SessionObserver {
  /** The session is over. */
  signedOut(): void;
  /** The session belongs to another user. */
  anotherUser(): void;
}

interface AnyInput extends RequestOptions {
  path?: Record<string, unknown> | undefined;
  query?: Record<string, unknown> | undefined;
  body?: unknown;
}

export class HttpClient {
  /** The user that requests are meant for: the studio refuses them when somebody else is signed in, and an answer that
   * comes after this has changed raises Superseded. */
  user: string | null = null;

  constructor(
    private readonly fetch: typeof globalThis.fetch,
    private readonly session: SessionObserver,
    private readonly writes: WriteObserver,
  ) {}

  /** The headers of a write that is not sent by this client. */
  writeHeaders(): Record<string, string> {
    return { [CSRF_HEADER]: "1", ...(this.user && { [USER_HEADER]: this.user }) };
  }

  async request<P extends Path, M extends Method>(method: M, path: P, input: Input<P, M>): Promise<Output<P, M>> {
    try {
      const answer = await this.#send(method.toUpperCase(), fillPath(path, input), input);
      if (needsStorage(method, path)) this.writes.writeSucceeded();
      return answer as Output<P, M>;
    } catch (error) {
      this.writes.writeFailed(error);
      throw error;
    }
  }

  async #send(method: string, path: string, input: AnyInput): Promise<unknown> {
    const user = this.user;
    const response = await this.#fetch(`/api${path}`, requestInit(method, path, user, input));
    if (user !== this.user) throw new Superseded();
    if (response.status === 204 || response.headers.get("Content-Length") === "0") return undefined;
    const content = await readJson(response);
    if (user !== this.user) throw new Superseded();
    if (response.ok) return content;
    const problem = toProblem(response.status, content);
    if (problem.extensions["reason"] === ANOTHER_USER) {
      this.session.anotherUser();
      throw new Superseded();
    }
    // A wrong password is also a 401, and says nothing about the session.
    if (response.status === 401 && !path.startsWith("/auth/")) this.session.signedOut();
    throw problem;
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    try {
      return await this.fetch(url, init);
    } catch (error) {
      throw new Unreachable(String(error));
    }
  }
}

function requestInit(method: string, path: string, user: string | null, input: AnyInput): RequestInit {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers[CSRF_HEADER] = "1";
  if (input.idempotencyKey) headers["Idempotency-Key"] = input.idempotencyKey;
  if (user && (!path.startsWith("/auth/") || path === LOGOUT)) headers[USER_HEADER] = user;
  const signal = AbortSignal.timeout(input.timeoutMs ?? REQUEST_TIMEOUT_MS);
  const init: RequestInit = { method, headers, credentials: "same-origin", signal };
  if (input.body === undefined) return init;
  headers["Content-Type"] = "application/json";
  const body = JSON.stringify(input.body);
  return { ...init, body, keepalive: input.isLeaving === true && body.length < KEEPALIVE_BYTES };
}

/** Fills in `{id}` and the like, and appends the query without what is null or undefined. */
function fillPath(template: string, { path = {}, query = {} }: AnyInput): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return search ? `${filled}?${search}` : filled;
}

/** True for a write that a studio with a full disk refuses; it still signs in, and deletes for good. */
function needsStorage(method: Method, path: string): boolean {
  return method !== "get" && !path.startsWith("/auth/") && !path.startsWith("/trash");
}

/** Returns the body. Raises Unreachable for a success that cannot be read, which must not pass for one. */
async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    if (response.ok) throw new Unreachable(`unreadable answer: ${error}`);
    return null;
  }
}

function toProblem(status: number, content: unknown): Problem {
  const body = (typeof content === "object" && content !== null ? content : {}) as Record<string, unknown>;
  return new Problem({
    status,
    code: typeof body["code"] === "string" ? body["code"] : "unknown",
    detail: typeof body["detail"] === "string" ? body["detail"] : text.general.answeredWithoutReason(status),
    current: body["current"],
    errors: Array.isArray(body["errors"]) ? (body["errors"] as DataError[]) : [],
    extensions: body,
  });
}
