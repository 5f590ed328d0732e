/** The WebSocket connection to the studio: resumes where it broke off, notices silence, and reconnects with back-off. */

import { text } from "../text";
import { Problem, Superseded, Unreachable } from "./errors";
import type { components } from "./generated/socketMessages";
import { type Answer, type Greeting, isEvent, parseServerMessage, type ServerMessage } from "./serverMessages";
import type { WriteObserver } from "./writeObserver";

const FIRST_RECONNECT_MS = 250; // before the first new attempt; doubled each time
const MAX_RECONNECT_MS = 15_000;
const PING_INTERVAL_MS = 20_000; // proxies commonly cut idle connections after 60 s
const PING = "ping"; // the only request of this module that writes nothing
const ANSWER_TIMEOUT_MS = 6_000; // after it the connection is taken for dead
const MAX_REMEMBERED_EVENTS = 4_096; // delivery is at least once, and after a break some may come again

export type ConnectionStatus =
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "lost"; since: number }
  | { kind: "refused"; detail: string };

const REFUSALS: Record<number, string> = {
  4003: text.app.originRefused,
  4010: text.app.tooManyWindows,
};
const NOT_SIGNED_IN = 4001;
const ANOTHER_USER = 4011;

type Messages = components["schemas"];
type Action = Extract<Messages[keyof Messages], { action: string }>["action"];
type Fields<A extends Action> = Omit<Extract<Messages[keyof Messages], { action: A }>, "action" | "request_id">;

export interface ConnectionListener {
  writes: WriteObserver;
  /** Opens a WebSocket that goes on behind this cursor; null for a page that knows nothing yet. */
  open(cursor: string | null): WebSocket;
  onMessage(message: ServerMessage): void;
  onStatus(status: ConnectionStatus): void;
  onSignedOut(): void;
  onAnotherUser(): void;
}

interface PendingRequest {
  resolve(answer: Answer): void;
  reject(reason?: Error): void;
}

export class Connection {
  #socket: WebSocket | null = null;
  #status: ConnectionStatus = { kind: "connecting" };
  #cursor: string | null = null;
  #seenEvents = new Set<string>();
  #attempts = 0;
  #requestCount = 0;
  #pending = new Map<string, PendingRequest>();
  #reconnectTimer: ReturnType<typeof setTimeout> | undefined;
  #pingTimer: ReturnType<typeof setInterval> | undefined;
  #isStopped = true;

  constructor(private readonly listener: ConnectionListener) {}

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#pingTimer = setInterval(() => this.check(), PING_INTERVAL_MS);
    this.#connect();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#reconnectTimer);
    clearInterval(this.#pingTimer);
    this.#disconnect(new Superseded());
    this.#cursor = null;
    this.#attempts = 0;
    this.#seenEvents.clear();
    this.#setStatus({ kind: "connecting" });
  }

  /** Checks that the server still answers. Called at intervals, and when the machine wakes or the network returns. */
  check(): void {
    if (this.#isStopped || this.#status.kind === "refused") return;
    if (!this.#socket) {
      this.#attempts = 0;
      this.#connect();
      return;
    }
    if (this.#status.kind !== "live") return;
    const socket = this.#socket;
    this.request(PING, {}).catch((error: unknown) => {
      if (error instanceof Unreachable && socket === this.#socket) this.#reconnectLater();
    });
  }

  /** Returns the answer's fields. Raises Problem when the studio refuses, Unreachable when no answer comes in time. */
  request<A extends Action>(action: A, fields: Fields<A>): Promise<Record<string, unknown>> {
    const socket = this.#socket;
    if (!socket || this.#status.kind !== "live") return Promise.reject(new Unreachable("not connected"));
    this.#requestCount += 1;
    const request_id = String(this.#requestCount);
    return new Promise((resolve, fail) => {
      const reject = (reason: Error = new Unreachable(`no answer to ${action}`)) => {
        clearTimeout(timeout);
        this.#pending.delete(request_id);
        fail(reason);
      };
      const timeout = setTimeout(() => reject(), ANSWER_TIMEOUT_MS);
      this.#pending.set(request_id, {
        reject,
        resolve: (answer) => {
          if (answer.type === "error") return reject(this.#refusal(answer));
          clearTimeout(timeout);
          this.#pending.delete(request_id);
          if (action !== PING) this.listener.writes.writeSucceeded();
          resolve(answer);
        },
      });
      socket.send(JSON.stringify({ action, request_id, ...fields }));
    });
  }

  #refusal(answer: Extract<Answer, { type: "error" }>): Problem {
    const { code, detail, current } = answer;
    const problem = new Problem({ status: 409, code, detail, current, extensions: answer });
    this.listener.writes.writeFailed(problem);
    return problem;
  }

  #connect(): void {
    clearTimeout(this.#reconnectTimer);
    if (this.#isStopped || this.#socket) return;
    const socket = this.listener.open(this.#cursor);
    this.#socket = socket;
    const timeout = setTimeout(() => this.#reconnectLater(), ANSWER_TIMEOUT_MS); // a connect can hang without an error
    socket.onmessage = (frame) => {
      if (socket !== this.#socket || typeof frame.data !== "string") return;
      const message = parseServerMessage(frame.data);
      if (message?.type === "hello") clearTimeout(timeout);
      if (message) this.#receive(message);
    };
    socket.onclose = (closed) => {
      clearTimeout(timeout);
      if (socket === this.#socket) this.#handleClose(closed.code);
    };
  }

  #receive(message: ServerMessage): void {
    if (message.type === "hello") return this.#handleGreeting(message);
    if (message.type === "ok" || message.type === "error") {
      if (message.request_id) this.#pending.get(message.request_id)?.resolve(message);
      return;
    }
    if (message.type === "resumed" || message.type === "reset") {
      this.#cursor = message.cursor ?? this.#cursor;
      this.listener.onMessage(message);
      return;
    }
    if (isEvent(message) && this.#isNew(message)) this.listener.onMessage(message);
  }

  #handleGreeting(hello: Greeting): void {
    this.#attempts = 0;
    if (this.#cursor === null) {
      this.#cursor = hello.cursor;
      this.listener.onMessage(hello); // after a break what was missed follows, so nothing needs to be read anew
      this.#socket?.send(JSON.stringify({ action: PING })); // live frames wait for the first message
    }
    this.#setStatus({ kind: "live" });
  }

  /** Frames come in order, replayed or live: the cursor of the last one is always safe to go on from. */
  #isNew(event: { event_id?: string; cursor?: string } | { type: "processor.progress" }): boolean {
    if ("cursor" in event && event.cursor) this.#cursor = event.cursor;
    if (!("event_id" in event) || !event.event_id) return true;
    if (this.#seenEvents.has(event.event_id)) return false;
    this.#seenEvents.add(event.event_id);
    if (this.#seenEvents.size > MAX_REMEMBERED_EVENTS) {
      const [oldest] = this.#seenEvents;
      if (oldest !== undefined) this.#seenEvents.delete(oldest);
    }
    return true;
  }

  #handleClose(code: number): void {
    if (code === NOT_SIGNED_IN) {
      this.#disconnect();
      this.listener.onSignedOut();
      return;
    }
    if (code === ANOTHER_USER) {
      this.#disconnect(new Superseded());
      this.listener.onAnotherUser();
      return;
    }
    const detail = REFUSALS[code];
    if (detail) {
      this.#disconnect();
      this.#setStatus({ kind: "refused", detail });
      return;
    }
    this.#reconnectLater();
  }

  #reconnectLater(): void {
    this.#disconnect();
    if (this.#isStopped) return;
    this.#setStatus(this.#status.kind === "lost" ? this.#status : { kind: "lost", since: Date.now() });
    const longest = Math.min(MAX_RECONNECT_MS, FIRST_RECONNECT_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    // Jitter: a thousand windows must not all come back in the same instant.
    this.#reconnectTimer = setTimeout(() => this.#connect(), longest * (0.3 + 0.7 * Math.random()));
  }

  #disconnect(reason?: Error): void {
    clearTimeout(this.#reconnectTimer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    for (const request of [...this.#pending.values()]) request.reject(reason);
  }

  #setStatus(status: ConnectionStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.listener.onStatus(status);
  }
}
