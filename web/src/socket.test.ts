import { afterEach, expect, test } from "vitest";
import type { ServerSays } from "./model/nouns";
import { Unreachable } from "./model/problem";
import { type Line, Socket } from "./socket";

/** The other end of the line: says what it is told to, and remembers what it was told. */
class End {
  onmessage: ((frame: { data: string }) => void) | null = null;
  onclose: ((closed: { code: number }) => void) | null = null;
  sent: Record<string, unknown>[] = [];

  send(frame: string): void {
    this.sent.push(JSON.parse(frame) as Record<string, unknown>);
  }

  close(): void {
    this.onclose?.({ code: 1000 });
  }

  says(said: object): void {
    this.onmessage?.({ data: JSON.stringify(said) });
  }

  hello(cursor: string): void {
    this.says({ type: "hello", protocol: 1, user_id: "user-ana", cursor });
  }

  event(event_id: string, cursor: string): void {
    this.says({ type: "bucket.created", bucket_id: "bucket-1", event_id, cursor });
  }

  breaks(code = 1006): void {
    this.onclose?.({ code });
  }
}

class Page {
  said: ServerSays[] = [];
  lines: Line["kind"][] = [];
  signedOut = 0;
  ends: End[] = [];
  #waiting: ((end: End) => void)[] = [];

  socket = new Socket({
    open: () => {
      const end = new End();
      this.ends.push(end);
      this.#waiting.shift()?.(end);
      return end as unknown as WebSocket;
    },
    says: (said) => this.said.push(said),
    line: (line) => this.lines.push(line.kind),
    signedOut: () => {
      this.signedOut += 1;
    },
  });

  /** The next connection, once it is made. */
  next(): Promise<End> {
    return new Promise((opened) => this.#waiting.push(opened));
  }

  async live(cursor = "1"): Promise<End> {
    const opened = this.next();
    this.socket.start();
    const end = await opened;
    end.hello(cursor);
    return end;
  }
}

const page = () => {
  const made = new Page();
  pages.push(made);
  return made;
};
let pages: Page[] = [];

afterEach(() => {
  for (const one of pages) one.socket.stop();
  pages = [];
});

test("an answer finds the request that it belongs to, in whatever order answers come", async () => {
  const one = page();
  const end = await one.live();
  const [first, second] = [one.socket.ask("ping", {}), one.socket.ask("run_processor", { blob_ids: ["blob-1"] })];
  const [a, b] = end.sent.map((sent) => sent["request_id"]);
  end.says({ type: "ok", request_id: b, runs: [] });
  end.says({ type: "error", request_id: a, code: "invalid", detail: "Not like this." });
  expect((await second)["runs"]).toEqual([]);
  await expect(first).rejects.toMatchObject({ status: 409, code: "invalid", detail: "Not like this." });
});

test("what is asked while the line breaks is answered with that", async () => {
  const one = page();
  const end = await one.live();
  const asked = one.socket.ask("ping", {});
  end.breaks();
  await expect(asked).rejects.toBeInstanceOf(Unreachable);
  await expect(one.socket.ask("ping", {})).rejects.toBeInstanceOf(Unreachable);
});

test("after a break it resumes behind the last event it had", async () => {
  const one = page();
  const end = await one.live("e-1");
  end.event("event-1", "e-2");
  end.event("event-2", "e-3");
  const again = one.next();
  end.breaks();
  const back = await again;
  back.hello("e-9");
  expect(back.sent).toEqual([{ action: "resume", cursor: "e-3" }]);
  expect(one.lines).toEqual(["live", "lost", "live"]);
});

test("an event that comes twice is heard once", async () => {
  const one = page();
  const end = await one.live();
  end.event("event-1", "2");
  end.event("event-1", "2");
  expect(one.said.filter((said) => said.type === "bucket.created")).toHaveLength(1);
});

test("a resume that breaks off is resumed from where it began, whatever was live meanwhile", async () => {
  const one = page();
  const end = await one.live("e-1");
  end.event("event-1", "e-2");
  const first = one.next();
  end.breaks();
  const half = await first;
  half.hello("e-9");
  half.event("event-9", "e-9");
  const second = one.next();
  half.breaks();
  const whole = await second;
  whole.hello("e-10");
  expect(whole.sent).toEqual([{ action: "resume", cursor: "e-2" }]);
  whole.event("event-3", "e-3");
  whole.says({ type: "resumed", replayed: 1, cursor: "e-10" });
  const third = one.next();
  whole.breaks();
  const last = await third;
  last.hello("e-11");
  expect(last.sent).toEqual([{ action: "resume", cursor: "e-10" }]);
});

test("a cursor that is too old is answered with a reset, and the page hears of it", async () => {
  const one = page();
  const end = await one.live("e-1");
  const again = one.next();
  end.breaks();
  const back = await again;
  back.hello("f-1");
  back.says({ type: "reset", reason: "the cursor is unknown" });
  expect(one.said.at(-1)?.type).toBe("reset");
  const third = one.next();
  back.breaks();
  const last = await third;
  last.hello("f-2");
  expect(last.sent).toEqual([{ action: "resume", cursor: "f-1" }]);
});

test("being signed out ends it, and says so", async () => {
  const one = page();
  const end = await one.live();
  end.breaks(4001);
  expect(one.signedOut).toBe(1);
  expect(one.ends).toHaveLength(1);
});

test("a refused origin is told in words and not tried again", async () => {
  const one = page();
  const end = await one.live();
  end.breaks(4003);
  one.socket.check();
  expect(one.lines.at(-1)).toBe("refused");
  expect(one.ends).toHaveLength(1);
});

test("frames that a newer server may send are passed over", async () => {
  const one = page();
  const end = await one.live();
  end.says({ type: "something.new" });
  end.onmessage?.({ data: "not json" });
  expect(one.said.map((said) => said.type)).toEqual(["hello"]);
});
