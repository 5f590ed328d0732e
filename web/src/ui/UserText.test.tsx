// @vitest-environment jsdom
import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { Message } from "./Message";
import { QuotedText, TextWithName, UserPath, UserText } from "./UserText";

function namesIn(container: HTMLElement): (string | null)[] {
  return [...container.querySelectorAll('bdi[dir="auto"]')].map((element) => element.textContent);
}

test("what users wrote has its own direction inside of our sentence", () => {
  const { container } = render(<Message text="Rename {name}" values={{ name: <UserText>ספר</UserText> }} />);
  expect(container.textContent).toBe("Rename ספר");
  expect(namesIn(container)).toEqual(["ספר"]);
});

test("so has what a message quotes, and what a command names", () => {
  const quoted = render(<QuotedText text="Moved “ספר” into “פרק”." />).container;
  expect(quoted.textContent).toBe("Moved “ספר” into “פרק”.");
  expect(namesIn(quoted)).toEqual(["ספר", "פרק"]);
  const command = render(<TextWithName text="Rename ספר" name="ספר" />).container;
  expect(namesIn(command)).toEqual(["ספר"]);
});

test("a path is written from the root down", () => {
  const path = [
    { id: "bucket-1", name: "Novel" },
    { id: "bucket-2", name: "Storm" },
  ];
  const { container } = render(<UserPath path={path} />);
  expect(container.textContent).toBe("Novel › Storm");
});
