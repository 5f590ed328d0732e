import { expect, test } from "vitest";
import { sampleRevision } from "../../api/samples.fixture";
import type { Revision } from "../../api/types";
import { describeOrigin, formatDay, groupByDay, revisionKey } from "./revisionGroups";

function revision(number: number, created_at: string, fields: Partial<Revision> = {}): Revision {
  return sampleRevision({ id: `blob-1:${number}`, number, created_at, ...fields });
}

function numbers(revisions: Revision[]): number[][][] {
  const row = (day: ReturnType<typeof groupByDay>[number]) =>
    day.sessions.map(({ newest, older }) => [newest.number, ...older.map((one) => one.number)]);
  return groupByDay(revisions).map(row);
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
  expect(revisionKey(revision(3, "2026-05-17T12:00:00"))).toBe(3);
  expect(revisionKey(revision(3, "2026-05-17T12:00:00", { id: "blob-1:3:01J", conflict: true }))).toBe("blob-1:3:01J");
});

test("who made a version is said in words", () => {
  expect(describeOrigin(revision(1, "", { author_kind: "processor", author: "style-analyzer" }))).toBe(
    "Made by style-analyzer",
  );
  expect(describeOrigin(revision(1, "", { conflict: true }))).toBe("Refused save");
});

test("days are called as people call them", () => {
  const now = new Date("2026-05-17T01:00:00");
  expect(formatDay("2026-05-17", now)).toBe("Today");
  expect(formatDay("2026-05-16", now)).toBe("Yesterday");
  expect(formatDay("2025-12-31", now)).toBe("December 31, 2025");
});
