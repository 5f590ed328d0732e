/** The line to the studio: connects, resumes where it broke off, notices silence, and comes back with patience. */

import { type Answer, isEvent, type ServerSays, understood } from "./model/nouns";
import { Problem, Unreachable } from "./model/problem";

const FIRST_WAIT = 250; // ms before the first new attempt; doubled each time
const LONGEST_WAIT = 15_000; // ms
const PING_EVERY = 20_000; // ms; proxies commonly cut idle lines after 60 s
const PATIENCE = 6_000; // ms for an answer before the line is taken for dead
const REMEMBERED = 4_096; // event ids; delivery is at least once, and a resume may overlap with what is live

export type Line =
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "lost"; since: number }
  | { kind: "refused"; detail: string };

const REFUSALS: Record<number, string> = {
  4003: "This address is not one the studio accepts connections from.",
  4010: "Too many windows are open for this account. Close one and reload.",
};
const NOT_SIGNED_IN = 4001;

interface Hears {
  open(): WebSocket;
  says(said: ServerSays): void;
  line(line: Line): void;
  signedOut(): void;
}

interface Waiting {
  answered(answer: Answer): void;
  lost(): void;
}

export class Socket {
  #socket: WebSocket | null = null;
  #line: Line = { kind: "connecting" };
  #cursor: string | null = null;
  #resuming = false;
  #newest: string | null = null; // what the cursor becomes once a resume is complete
  #seen = new Set<string>();
  #attempts = 0;
  #asked = 0;
  #waiting = new Map<string, Waiting>();
  #again: ReturnType<typeof setTimeout> | undefined;
  #pinging: ReturnType<typeof setInterval> | undefined;
  #stopped = true;

  constructor(private readonly hears: Hears) {}

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#pinging = setInterval(() => this.check(), PING_EVERY);
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#again);
    clearInterval(this.#pinging);
    this.#drop();
    this.#cursor = null;
    this.#attempts = 0;
    this.#seen.clear();
    this.#show({ kind: "connecting" });
  }

  /** Is somebody there? Called on a beat, and when the machine wakes or the network comes back. */
  check(): void {
    if (this.#stopped || this.#line.kind === "refused") return;
    if (!this.#socket) {
      this.#attempts = 0;
      this.#connect();
      return;
    }
    if (this.#line.kind !== "live") return;
    const asked = this.#socket;
    this.ask("ping", {}).catch((error: unknown) => {
      if (error instanceof Unreachable && asked === this.#socket) this.#lost();
    });
  }

  /** The answer's fields. Raises Problem when the house said no, Unreachable when nobody answered in time. */
  ask(action: string, fields: Record<string, unknown>): Promise<Record<string, unknown>> {
    const socket = this.#socket;
    if (!socket || this.#line.kind !== "live") return Promise.reject(new Unreachable("no line"));
    this.#asked += 1;
    const request_id = String(this.#asked);
    return new Promise((answered, failed) => {
      const lost = () => {
        clearTimeout(patience);
        this.#waiting.delete(request_id);
        failed(new Unreachable(`no answer to ${action}`));
      };
      const patience = setTimeout(lost, PATIENCE);
      this.#waiting.set(request_id, {
        lost,
        answered: (answer) => {
          clearTimeout(patience);
          this.#waiting.delete(request_id);
          if (answer.type === "ok") answered(answer);
          else failed(new Problem(409, answer.code, answer.detail, answer["current"], [], answer));
        },
      });
      socket.send(JSON.stringify({ action, request_id, ...fields }));
    });
  }

  #connect(): void {
    clearTimeout(this.#again);
    if (this.#stopped || this.#socket) return;
    const socket = this.hears.open();
    this.#socket = socket;
    const slow = setTimeout(() => this.#lost(), PATIENCE); // a connect can hang without an error
    socket.onmessage = (frame) => {
      if (socket !== this.#socket || typeof frame.data !== "string") return;
      const said = understood(frame.data);
      if (said?.type === "hello") clearTimeout(slow);
      if (said) this.#hear(said);
    };
    socket.onclose = (closed) => {
      clearTimeout(slow);
      if (socket === this.#socket) this.#closed(closed.code);
    };
  }

  #hear(said: ServerSays): void {
    if (said.type === "hello") return this.#greeted(said);
    if (said.type === "ok" || said.type === "error") {
      if (said.request_id) this.#waiting.get(said.request_id)?.answered(said);
      return;
    }
    if (said.type === "resumed" || said.type === "reset") {
      this.#resuming = false;
      this.#cursor = said.cursor ?? this.#newest ?? this.#cursor;
      this.hears.says(said);
      return;
    }
    if (isEvent(said) && this.#isNew(said)) this.hears.says(said);
  }

  #greeted(hello: Extract<ServerSays, { type: "hello" }>): void {
    this.#attempts = 0;
    this.#newest = hello.cursor;
    this.#resuming = this.#cursor !== null;
    if (this.#resuming) this.#socket?.send(JSON.stringify({ action: "resume", cursor: this.#cursor }));
    else {
      this.#cursor = hello.cursor;
      this.hears.says(hello); // after a break the resume fills the gap, so nothing needs to be read anew
    }
    this.#show({ kind: "live" });
  }

  /** While a resume runs, live events may arrive ahead of replayed ones; only its end makes the newest cursor safe. */
  #isNew(event: { event_id?: string; cursor?: string } | { type: "processor.progress" }): boolean {
    if ("cursor" in event && event.cursor) {
      if (this.#resuming) this.#newest = event.cursor;
      else this.#cursor = event.cursor;
    }
    if (!("event_id" in event) || !event.event_id) return true;
    if (this.#seen.has(event.event_id)) return false;
    this.#seen.add(event.event_id);
    if (this.#seen.size > REMEMBERED) {
      const [oldest] = this.#seen;
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    return true;
  }

  #closed(code: number): void {
    if (code === NOT_SIGNED_IN) {
      this.#drop();
      this.hears.signedOut();
      return;
    }
    const detail = REFUSALS[code];
    if (detail) {
      this.#drop();
      this.#show({ kind: "refused", detail });
      return;
    }
    this.#lost();
  }

  #lost(): void {
    this.#drop();
    if (this.#stopped) return;
    this.#show(this.#line.kind === "lost" ? this.#line : { kind: "lost", since: Date.now() });
    const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#attempts);
    this.#attempts += 1;
    // Full jitter: a thousand windows must not all come back in the same instant.
    this.#again = setTimeout(() => this.#connect(), most * (0.3 + 0.7 * Math.random()));
  }

  #drop(): void {
    clearTimeout(this.#again);
    const socket = this.#socket;
    this.#socket = null;
    this.#resuming = false;
    socket?.close();
    for (const waiting of [...this.#waiting.values()]) waiting.lost();
  }

  #show(line: Line): void {
    if (line === this.#line) return;
    this.#line = line;
    this.hears.line(line);
  }
}
