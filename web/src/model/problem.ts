/** The two ways an answer can be no answer: the house said no, or the house could not be reached. */

export interface DataError {
  path: string;
  message: string;
}

/** The house said no, or broke: `detail` is written for people (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly current: unknown = undefined,
    readonly errors: readonly DataError[] = [],
    /** What else was said of it, such as the ids of what stands in the way. */
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
  }
}

/** No answer came; whether the work was done is unknown. */
export class Unreachable extends Error {}

/** Worth trying again unchanged: nobody answered, the house broke, or it asked for patience. */
export function isPassing(error: unknown): boolean {
  if (error instanceof Problem) return error.status >= 500 || error.status === 429 || error.status === 408;
  return error instanceof Unreachable;
}

/** What to tell the person at the screen. */
export function inWords(error: unknown): string {
  if (error instanceof Problem) {
    const places = error.errors.map((place) => place.message).filter((message) => !error.detail.includes(message));
    return [error.detail, ...places].join(" ");
  }
  if (error instanceof Unreachable) return "The studio cannot be reached right now.";
  return error instanceof Error ? error.message : String(error);
}
