import { beforeEach, expect, test } from "vitest";
import { StorageStatus } from "../studio/storageStatus";
import { ApiClient, type NewBlob } from "./client";
import { Problem, Superseded } from "./errors";
import { HttpClient } from "./http";

interface Sent {
  path: string;
  user: string | null;
  answer(status: number, body?: unknown): void;
}

let sent: Sent[];
let others: number;
let http: HttpClient;
let api: ApiClient;
let storage: StorageStatus;

beforeEach(() => {
  sent = [];
  others = 0;
  storage = new StorageStatus();
  const fetch = (path: string, init: RequestInit) =>
    new Promise<Response>((answered) => {
      const user = new Headers(init.headers).get("X-Reyna-User");
      const answer = (status: number, body: unknown = {}) => answered(new Response(JSON.stringify(body), { status }));
      sent.push({ path, user, answer });
    });
  const session = {
    signedOut: () => undefined,
    anotherUser: () => {
      others += 1;
      http.user = null;
    },
  };
  http = new HttpClient(fetch as typeof globalThis.fetch, session, storage);
  api = new ApiClient(http);
});

function newNote(content: string): NewBlob {
  return { schemaId: "text-input-v1", data: { content }, bucketIds: [], idempotencyKey: "key", isLeaving: false };
}

const REFUSAL = { code: "conflict", reason: "another_user", detail: "Somebody else is signed in." };

test("every request says whom it means, once somebody is here", () => {
  void api.getMe();
  http.user = "user-ana";
  void api.getTree();
  void api.logOut();
  void api.logIn("bo@example.test", "secret");
  expect(sent.map(({ user }) => user)).toEqual([null, "user-ana", "user-ana", null]);
});

test("a refusal because somebody else is signed in is told, and is no failure to speak of", async () => {
  http.user = "user-ana";
  const request = api.createBlob(newNote("Ana's"));
  sent[0]?.answer(409, REFUSAL);
  await expect(request).rejects.toBeInstanceOf(Superseded);
  expect(others).toBe(1);
});

test("what comes for somebody who is not here any more is given to nobody", async () => {
  http.user = "user-ana";
  const requests = [api.getTree(), api.getBucket("bucket-1")];
  http.user = "user-bo";
  sent[0]?.answer(200, { items: [] });
  sent[1]?.answer(409, REFUSAL);
  for (const one of requests) await expect(one).rejects.toBeInstanceOf(Superseded);
  expect(others).toBe(0);
});

const STORAGE_FULL = { code: "fault", reason: "storage_full", detail: "Nothing new is written until there is room." };

/** Asks for a new note, and answers. */
async function write(status: number, body: unknown = {}): Promise<void> {
  const request = api.createBlob(newNote("The ship"));
  sent.at(-1)?.answer(status, body);
  await request;
}

test("the storage is full from the write that is refused for it to the next one that succeeds", async () => {
  expect(storage.isFull.get()).toBe(false);
  await expect(write(507, STORAGE_FULL)).rejects.toBeInstanceOf(Problem);
  expect(storage.isFull.get()).toBe(true);
  await expect(write(507, STORAGE_FULL)).rejects.toBeInstanceOf(Problem);
  expect(storage.isFull.get()).toBe(true);
  await write(201);
  expect(storage.isFull.get()).toBe(false);
});

test("a write that fails for another reason says nothing about the storage", async () => {
  await expect(write(503, { code: "fault", reason: "unavailable" })).rejects.toBeInstanceOf(Problem);
  expect(storage.isFull.get()).toBe(false);
  await expect(write(507, STORAGE_FULL)).rejects.toBeInstanceOf(Problem);
  await expect(write(422, { code: "invalid", reason: "invalid" })).rejects.toBeInstanceOf(Problem);
  expect(storage.isFull.get()).toBe(true);
});

test("what is done also while the storage is full does not say that there is room", async () => {
  await expect(write(507, STORAGE_FULL)).rejects.toBeInstanceOf(Problem);
  const sends = [() => api.getTree(), () => api.logIn("ana@example.test", "secret"), () => api.emptyTrash()];
  for (const send of sends) {
    const request = send();
    sent.at(-1)?.answer(200);
    await request;
  }
  expect(storage.isFull.get()).toBe(true);
});
