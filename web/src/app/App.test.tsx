// @vitest-environment jsdom
import { render, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { createTestStudio } from "../testing/studio.fixture";
import { App } from "./App";

const NOBODY = { status: 401, code: "forbidden", detail: "Nobody is signed in." };

test("whoever is not signed in gets the sign-in form", async () => {
  const { studio } = createTestStudio({ "GET /me": () => NOBODY });
  render(<App studio={studio} />);
  expect(await screen.findByRole("heading", { name: "Sign in" })).toBeTruthy();
});

test("a message says what was done, offers the way back, and closes", async () => {
  const { studio, user } = createTestStudio({ "GET /me": () => NOBODY });
  render(<App studio={studio} />);
  await screen.findByRole("heading", { name: "Sign in" });
  const runs: string[] = [];
  studio.notices.notify("Moved “Storm”.", { label: "Undo", run: () => runs.push("undo") });
  const messages = screen.getByRole("region", { name: "Messages" });
  await waitFor(() => expect(messages.textContent).toContain("Moved “Storm”."));
  await user.click(screen.getByRole("button", { name: "Undo" }));
  expect(runs).toEqual(["undo"]);
  expect(messages.textContent).toBe("");
});

test("a failure is announced with its reason", async () => {
  const { studio } = createTestStudio({ "GET /me": () => NOBODY });
  render(<App studio={studio} />);
  studio.notices.notifyError("It could not be deleted.", new Error("The studio is busy."));
  expect((await screen.findByRole("alert")).textContent).toContain("It could not be deleted. The studio is busy.");
});
