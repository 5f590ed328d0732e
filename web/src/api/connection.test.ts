import { afterEach, expect, test } from "vitest";
import { StorageStatus } from "../studio/storageStatus";
import { Connection, type ConnectionStatus } from "./connection";
import { isTemporary, Superseded, Unreachable } from "./errors";
import type { ServerMessage } from "./serverMessages";

/** The server's end of a connection: sends what a test tells it to, and remembers what it receives. */
class ServerSocket {
  onmessage: ((frame: { data: string }) => void) | null = null;
  onclose: ((closed: { code: number }) => void) | null = null;
  sent: Record<string, unknown>[] = [];

  send(frame: string): void {
    this.sent.push(JSON.parse(frame) as Record<string, unknown>);
  }

  close(): void {
    this.onclose?.({ code: 1000 });
  }

  sends(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  hello(cursor: string): void {
    this.sends({ type: "hello", protocol: 1, user_id: "user-ana", cursor });
  }

  event(event_id: string, cursor: string): void {
    this.sends({ type: "bucket.created", bucket_id: "bucket-1", event_id, cursor });
  }

  closes(code = 1006): void {
    this.onclose?.({ code });
  }
}

class Page {
  messages: ServerMessage[] = [];
  statuses: ConnectionStatus["kind"][] = [];
  signedOut = 0;
  anotherUser = 0;
  ends: ServerSocket[] = [];
  cursors: (string | null)[] = [];
  storage = new StorageStatus();
  #waiting: ((end: ServerSocket) => void)[] = [];

  connection = new Connection({
    writes: this.storage,
    open: (cursor) => {
      this.cursors.push(cursor);
      const end = new ServerSocket();
      this.ends.push(end);
      this.#waiting.shift()?.(end);
      return end as unknown as WebSocket;
    },
    onMessage: (message) => this.messages.push(message),
    onStatus: (status) => this.statuses.push(status.kind),
    onSignedOut: () => {
      this.signedOut += 1;
    },
    onAnotherUser: () => {
      this.anotherUser += 1;
    },
  });

  /** The next connection, once it is made. */
  next(): Promise<ServerSocket> {
    return new Promise((opened) => this.#waiting.push(opened));
  }

  async live(cursor = "1"): Promise<ServerSocket> {
    const opened = this.next();
    this.connection.start();
    const end = await opened;
    end.hello(cursor);
    end.sent = []; // the ping that lets live frames through
    return end;
  }
}

const page = () => {
  const created = new Page();
  pages.push(created);
  return created;
};
let pages: Page[] = [];

afterEach(() => {
  for (const one of pages) one.connection.stop();
  pages = [];
});

test("an answer finds the request that it belongs to, in whatever order answers come", async () => {
  const one = page();
  const end = await one.live();
  const [first, second] = [
    one.connection.request("ping", {}),
    one.connection.request("run_processor", { processor_id: "text-expansion", blob_ids: ["blob-1"] }),
  ];
  const [a, b] = end.sent.map((sent) => sent["request_id"]);
  end.sends({ type: "ok", request_id: b, runs: [] });
  end.sends({ type: "error", request_id: a, code: "invalid", detail: "Not like this." });
  expect((await second)["runs"]).toEqual([]);
  await expect(first).rejects.toMatchObject({ status: 409, code: "invalid", detail: "Not like this." });
});

test("the storage is full from the error that says so to the next write that succeeds", async () => {
  const one = page();
  const end = await one.live();
  const refused = one.connection.request("undo", {});
  const detail = "Nothing new is written until there is room.";
  end.sends({ type: "error", request_id: "1", code: "fault", reason: "storage_full", detail });
  const error = await refused.catch((why: unknown) => why);
  expect(error).toMatchObject({ code: "fault", detail });
  expect(isTemporary(error)).toBe(true);
  expect(one.storage.isFull.get()).toBe(true);
  const ping = one.connection.request("ping", {});
  end.sends({ type: "ok", request_id: "2" });
  await ping;
  expect(one.storage.isFull.get()).toBe(true);
  const done = one.connection.request("undo", {});
  end.sends({ type: "ok", request_id: "3" });
  await done;
  expect(one.storage.isFull.get()).toBe(false);
});

test("what is asked while the line breaks is answered with that", async () => {
  const one = page();
  const end = await one.live();
  const request = one.connection.request("ping", {});
  end.closes();
  await expect(request).rejects.toBeInstanceOf(Unreachable);
  await expect(one.connection.request("ping", {})).rejects.toBeInstanceOf(Unreachable);
});

test("after a break it resumes behind the last event it had", async () => {
  const one = page();
  const end = await one.live("e-1");
  end.event("event-1", "e-2");
  end.event("event-2", "e-3");
  const again = one.next();
  end.closes();
  const back = await again;
  back.hello("e-3");
  expect(one.cursors).toEqual([null, "e-3"]);
  expect(back.sent).toEqual([]);
  expect(one.messages.filter((message) => message.type === "hello")).toHaveLength(1);
  expect(one.statuses).toEqual(["live", "lost", "live"]);
});

test("an event that comes twice is heard once", async () => {
  const one = page();
  const end = await one.live();
  end.event("event-1", "2");
  end.event("event-1", "2");
  expect(one.messages.filter((message) => message.type === "bucket.created")).toHaveLength(1);
});

test("a page that is new says something at once, since live frames wait for it", async () => {
  const one = page();
  const opened = one.next();
  one.connection.start();
  const end = await opened;
  end.hello("e-1");
  expect(end.sent).toEqual([{ action: "ping" }]);
});

test("a replay that breaks off goes on where it was", async () => {
  const one = page();
  const end = await one.live("e-1");
  end.event("event-1", "e-2");
  const first = one.next();
  end.closes();
  const half = await first;
  half.hello("e-2");
  half.event("event-2", "e-3");
  half.event("event-3", "e-4");
  const second = one.next();
  half.closes();
  const whole = await second;
  whole.hello("e-4");
  whole.event("event-4", "e-5");
  whole.sends({ type: "resumed", replayed: 1, cursor: "e-10" });
  const third = one.next();
  whole.closes();
  await third;
  expect(one.cursors).toEqual([null, "e-2", "e-4", "e-10"]);
});

test("a cursor that is too old is answered with a reset, and the page hears of it", async () => {
  const one = page();
  const end = await one.live("e-1");
  const again = one.next();
  end.closes();
  const back = await again;
  back.hello("e-1");
  back.sends({ type: "reset", reason: "the cursor is unknown", cursor: "f-1" });
  expect(one.messages.at(-1)?.type).toBe("reset");
  const third = one.next();
  back.closes();
  await third;
  expect(one.cursors).toEqual([null, "e-1", "f-1"]);
});

test("being signed out ends it, and says so", async () => {
  const one = page();
  const end = await one.live();
  end.closes(4001);
  expect(one.signedOut).toBe(1);
  expect(one.ends).toHaveLength(1);
});

test("a refused origin is told in words and not tried again", async () => {
  const one = page();
  const end = await one.live();
  end.closes(4003);
  one.connection.check();
  expect(one.statuses.at(-1)).toBe("refused");
  expect(one.ends).toHaveLength(1);
});

test("frames that a newer server may send are passed over", async () => {
  const one = page();
  const end = await one.live();
  end.sends({ type: "something.new" });
  end.onmessage?.({ data: "not json" });
  expect(one.messages.map((message) => message.type)).toEqual(["hello"]);
});

test("another account in this browser ends it, and is told as such", async () => {
  const one = page();
  const end = await one.live();
  const request = one.connection.request("undo", {});
  end.closes(4011);
  await expect(request).rejects.toBeInstanceOf(Superseded);
  expect([one.anotherUser, one.signedOut]).toEqual([1, 0]);
  expect(one.ends).toHaveLength(1);
});
