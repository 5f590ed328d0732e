import { expect, test } from "vitest";
import { byDay, dayInWords, madeInWords, whichOf } from "./history";
import type { Revision } from "./nouns";

function revision(number: number, at: string, fields: Partial<Revision> = {}): Revision {
  return {
    id: `blob-1:${number}`,
    number,
    name: null,
    data: {},
    author: "user-ana",
    author_kind: "user",
    conflict: false,
    created_at: at,
    ...fields,
  };
}

function numbers(revisions: Revision[]): number[][][] {
  const row = (day: ReturnType<typeof byDay>[number]) =>
    day.sittings.map(({ newest, between }) => [newest.number, ...between.map((one) => one.number)]);
  return byDay(revisions).map(row);
}

test("saves in one go stand as one, and a pause begins anew", () => {
  const saves = [
    revision(4, "2026-05-17T12:30:00"),
    revision(3, "2026-05-17T12:03:00"),
    revision(2, "2026-05-17T12:01:00"),
    revision(1, "2026-05-17T12:00:00"),
  ];
  expect(numbers(saves)).toEqual([[[4], [3, 2, 1]]]);
});

test("every day stands for itself, also when somebody writes through the night", () => {
  const saves = [revision(2, "2026-05-18T00:01:00"), revision(1, "2026-05-17T23:59:00")];
  expect(numbers(saves)).toEqual([[[2]], [[1]]]);
});

test("what has a name, lost a race or was made by something else is never hidden", () => {
  const saves = [
    revision(5, "2026-05-17T12:02:00"),
    revision(4, "2026-05-17T12:01:50", { name: "First draft" }),
    revision(3, "2026-05-17T12:01:40", { conflict: true }),
    revision(3, "2026-05-17T12:01:30", { author_kind: "restore" }),
    revision(2, "2026-05-17T12:01:20"),
  ];
  expect(numbers(saves)).toEqual([[[5], [4], [3], [3], [2]]]);
});

test("a refused save is asked for by its id, since its number is that of another", () => {
  expect(whichOf(revision(3, "2026-05-17T12:00:00"))).toBe(3);
  expect(whichOf(revision(3, "2026-05-17T12:00:00", { id: "blob-1:3:01J", conflict: true }))).toBe("blob-1:3:01J");
});

test("who made a version is said in words", () => {
  expect(madeInWords(revision(1, "", { author_kind: "processor", author: "style-analyzer" }))).toBe(
    "Made by style-analyzer",
  );
  expect(madeInWords(revision(1, "", { conflict: true }))).toBe("Refused save");
});

test("days are called as people call them", () => {
  const now = new Date("2026-05-17T01:00:00");
  expect(dayInWords("2026-05-17", now)).toBe("Today");
  expect(dayInWords("2026-05-16", now)).toBe("Yesterday");
  expect(dayInWords("2025-12-31", now)).toBe("December 31, 2025");
});
