// @vitest-environment jsdom
import { waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { Problem } from "../../api/errors";
import { sampleNode } from "../../api/samples.fixture";
import type { FileUpload, StartUpload } from "../../api/uploads";
import { type Answers, createTestStudio } from "../../testing/studio.fixture";
import { Uploads } from "./uploads";

type Events = Parameters<StartUpload>[1];

interface Sent {
  file: File;
  events: Events;
  acts: string[];
}

/** Uploads on a transport that a test plays. */
async function createUploads(answers: Answers = {}, bucketType = "album") {
  const created: unknown[] = [];
  const sent: Sent[] = [];
  const start: StartUpload = (file, events): FileUpload => {
    const acts: string[] = [];
    sent.push({ file, events, acts });
    return { pause: () => acts.push("pause"), resume: () => acts.push("resume"), cancel: () => acts.push("cancel") };
  };
  const tree = { items: [sampleNode({ id: "bucket-1", type: bucketType })], next_cursor: null };
  const { studio } = createTestStudio({
    "GET /tree": () => tree,
    "GET /files/*/meta": (_, path) => factsOf(path.split("/")[2] ?? ""),
    "POST /blobs": (body) => {
      created.push(body);
      return { id: `blob-${created.length}` };
    },
    ...answers,
  });
  await studio.queries.client.fetchQuery(studio.queries.forest);
  const { api, queries, notices } = studio;
  const uploads = new Uploads({ api, queries, notices, start });
  const views = () => uploads.shown.get().map(({ name, status, sent, error }) => ({ name, status, sent, error }));
  return { uploads, sent, created, views, notices };
}

function factsOf(id: string) {
  const type = id.startsWith("file-image") ? "image/png" : id.startsWith("file-pdf") ? "application/pdf" : "audio/wav";
  return { id, name: "first name", media_type: type, size: 4, sha256: "a".repeat(64) };
}

const image = (name = "cover.png") => new File(["pict"], name, { type: "image/png" });

test("an image is sent, and becomes a blob of the bucket with its facts", async () => {
  const { uploads, sent, created, views } = await createUploads();
  uploads.add("bucket-1", [image()]);
  expect(views()).toEqual([{ name: "cover.png", status: "sending", sent: 0, error: null }]);
  sent[0]?.events.progress(3);
  expect(views()[0]?.sent).toBe(3);
  sent[0]?.events.done("file-image");
  await waitFor(() => expect(views()).toEqual([]));
  const data = { file_id: "file-image", file_name: "cover.png", media_type: "image/png", bytes: 4, title: "cover" };
  expect(created).toEqual([
    { schema_id: "image-v1", data: { ...data, sha256: "a".repeat(64) }, bucket_ids: ["bucket-1"] },
  ]);
});

test("audio is a stem where stems are kept, and a master elsewhere", async () => {
  const album = await createUploads();
  album.uploads.add("bucket-1", [new File(["…"], "a.wav", { type: "audio/wav" })]);
  album.sent[0]?.events.done("file-audio");
  await waitFor(() => expect(album.created).toMatchObject([{ schema_id: "audio-master-v1" }]));
  const stems = await createUploads({}, "stems");
  stems.uploads.add("bucket-1", [new File(["…"], "drums")]); // the browser does not know the type
  stems.sent[0]?.events.done("file-audio");
  await waitFor(() => expect(stems.created).toMatchObject([{ schema_id: "audio-stem-v1" }]));
});

test("a text becomes a note, and is not sent as a file", async () => {
  const { uploads, sent, created } = await createUploads();
  uploads.add("bucket-1", [new File(["# Storm\r\n\r\nThe ship."], "one.md")]);
  await waitFor(() => expect(created).toMatchObject([{ schema_id: "text-input-v1" }]));
  expect(created).toMatchObject([{ data: { content: "# Storm\n\nThe ship." } }]);
  expect(sent).toEqual([]);
});

test("what has no place, is empty, too long or no text is refused with its reason", async () => {
  const { uploads, sent, views } = await createUploads();
  uploads.add("bucket-1", [
    new File(["…"], "a.zip", { type: "application/zip" }),
    new File([], "b.png", { type: "image/png" }),
    new File(["a".repeat(1_000_001)], "c.txt"),
    new File([new Uint8Array([0xff, 0xfe, 0x00])], "d.txt"),
  ]);
  await waitFor(() => expect(views().every(({ status }) => status === "failed")).toBe(true));
  expect(views().map(({ error }) => error?.split(/[.;]/)[0])).toEqual([
    "Texts, images and audio can be added",
    "There is nothing in this file",
    "A text of more than 1 MB is too long for one note",
    "It cannot be read as text",
  ]);
  expect(sent).toEqual([]);
});

test("two are sent at a time; one that is paused makes room, and goes on where it was", async () => {
  const { uploads, sent, views } = await createUploads();
  uploads.add("bucket-1", [image("1.png"), image("2.png"), image("3.png")]);
  expect(views().map(({ status }) => status)).toEqual(["sending", "sending", "waiting"]);
  uploads.pause("upload-1");
  expect(sent[0]?.acts).toEqual(["pause"]);
  expect(views().map(({ status }) => status)).toEqual(["paused", "sending", "sending"]);
  uploads.cancel("upload-2");
  expect(sent[1]?.acts).toEqual(["cancel"]);
  uploads.resume("upload-1");
  expect(sent[0]?.acts).toEqual(["pause", "resume"]);
  expect(views().map(({ name, status }) => `${name} ${status}`)).toEqual(["1.png sending", "3.png sending"]);
});

test("a refusal is told, and can be tried again without sending twice what is there", async () => {
  let isFull = true;
  const full = { status: 429, code: "too_much", detail: "You may keep no more blobs." };
  const { uploads, sent, created, views } = await createUploads({
    "POST /blobs": (body) => (isFull ? full : created.push(body) && { id: "blob-1" }),
  });
  uploads.add("bucket-1", [image()]);
  sent[0]?.events.failed(new Problem({ status: 413, code: "too_large", detail: "The file is too large." }));
  expect(views()).toMatchObject([{ status: "failed", error: "The file is too large." }]);
  uploads.resume("upload-1");
  sent[1]?.events.done("file-image");
  await waitFor(() => expect(views()).toMatchObject([{ status: "failed", error: "You may keep no more blobs." }]));
  isFull = false;
  uploads.resume("upload-1");
  await waitFor(() => expect(views()).toEqual([]));
  expect(sent).toHaveLength(2);
  expect(created).toHaveLength(1);
});

test("a file that turns out to be neither image nor audio says so", async () => {
  const { uploads, sent, views } = await createUploads();
  uploads.add("bucket-1", [image()]);
  sent[0]?.events.done("file-pdf");
  await waitFor(() => expect(views()[0]?.error).toContain("this is application/pdf"));
  expect(uploads.shown.get()[0]?.mayBeRetried).toBe(false);
});

test("nothing of one user goes on for the next", async () => {
  const { uploads, sent, created, views } = await createUploads();
  uploads.add("bucket-1", [image()]);
  uploads.clear();
  expect(sent[0]?.acts).toEqual(["cancel"]);
  sent[0]?.events.done("file-image");
  expect([views(), created]).toEqual([[], []]);
});
