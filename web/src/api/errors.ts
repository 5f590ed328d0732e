/** The errors of requests: the studio refused, it could not be reached, or the answer concerns nobody any more. */

import { text } from "../text";
import type { DataError } from "./types";

interface ProblemFields {
  status: number;
  code: string;
  /** Written for people. */
  detail: string;
  /** The current record, when somebody was faster. */
  current?: unknown;
  errors?: readonly DataError[];
  /** All members of the answer, such as the ids of what stands in the way. */
  extensions?: Readonly<Record<string, unknown>>;
}

/** The studio refused the request, or broke (RFC 9457). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly current: unknown;
  readonly errors: readonly DataError[];
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor({ status, code, detail, current, errors = [], extensions = {} }: ProblemFields) {
    super(detail);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.current = current;
    this.errors = errors;
    this.extensions = extensions;
  }
}

/** No answer came; whether the work was done is unknown. */
export class Unreachable extends Error {}

/** Another user is signed in by now, whom an answer to an earlier request does not concern. */
export class Superseded extends Error {}

/** True when the studio is read-only because its disk is nearly full. */
export function isStorageFull(error: unknown): boolean {
  return error instanceof Problem && error.extensions["reason"] === "storage_full";
}

/** True when the same request may succeed later: nobody answered, the studio broke, or it asked to wait. */
export function isTemporary(error: unknown): boolean {
  if (error instanceof Problem && error.extensions["reason"] === "still_running") return true; // its answer comes later
  if (isStorageFull(error)) return true; // the socket says it without a status
  if (error instanceof Problem) return error.status >= 500 || error.status === 429 || error.status === 408;
  return error instanceof Unreachable;
}

/** Returns the message to show for an error. */
export function errorMessage(error: unknown): string {
  if (error instanceof Problem) {
    const messages = error.errors.map(({ message }) => message).filter((message) => !error.detail.includes(message));
    return [error.detail, ...messages].join(" ");
  }
  if (error instanceof Unreachable) return text.general.studioUnreachable;
  return error instanceof Error ? error.message : String(error);
}
