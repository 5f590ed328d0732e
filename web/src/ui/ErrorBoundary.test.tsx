// @vitest-environment jsdom
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { expect, test } from "vitest";
import { ErrorBoundary } from "./ErrorBoundary";

test("a fault in one part leaves the others, and can be tried again", async () => {
  const caught: unknown[] = [];
  let isBroken = true;
  const Pane = (): ReactNode => {
    if (isBroken) throw new Error("a fault");
    return <p>The pane</p>;
  };
  render(
    <>
      <ErrorBoundary>
        <Pane />
      </ErrorBoundary>
      <p>The other pane</p>
    </>,
    { onCaughtError: (error) => caught.push(error) },
  );
  expect(caught).toHaveLength(1);
  expect(screen.getByRole("alert").textContent).toContain("Your texts are safe");
  expect(screen.getByText("The other pane")).toBeTruthy();
  isBroken = false;
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(screen.getByText("The pane")).toBeTruthy();
});
