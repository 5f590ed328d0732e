// @vitest-environment jsdom
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { createTestStudio } from "../../testing/studio.fixture";
import { SignIn } from "./SignIn";

const SIGN_IN = { reason: null, isAnother: false, invitation: null };

test("a refusal is shown, and the form stays open", async () => {
  const refusal = { status: 401, code: "forbidden", detail: "This email and password do not fit." };
  const { show, user } = createTestStudio({ "POST /auth/login": () => refusal });
  show(<SignIn {...SIGN_IN} />);
  await user.type(screen.getByRole("textbox", { name: "Email" }), "ana@example.org");
  await user.type(screen.getByLabelText("Password"), "a wrong one");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect((await screen.findByRole("alert")).textContent).toBe("This email and password do not fit.");
  expect(screen.getByRole("textbox", { name: "Email" })).toHaveProperty("value", "ana@example.org");
});

test("whoever follows an invitation creates an account with it", async () => {
  const accounts: unknown[] = [];
  const { show, user } = createTestStudio({
    "POST /auth/register": (body) => {
      accounts.push(body);
      return { status: 409, code: "conflict", detail: "This address has an account." };
    },
  });
  show(<SignIn {...SIGN_IN} invitation="token-1" />);
  await user.type(screen.getByRole("textbox", { name: "Name" }), "Ana");
  await user.type(screen.getByRole("textbox", { name: "Email" }), "ana@example.org");
  await user.type(screen.getByLabelText("Password"), "a long one");
  await user.click(screen.getByRole("button", { name: "Make the account" }));
  await screen.findByRole("alert");
  expect(accounts).toEqual([{ name: "Ana", email: "ana@example.org", password: "a long one", invitation: "token-1" }]);
});

test("an account is offered only where everybody may make one", async () => {
  const { show } = createTestStudio({ "GET /auth/registration": () => ({ registration: "closed" }) });
  show(<SignIn {...SIGN_IN} reason="You were signed out." />);
  expect(screen.getByRole("status").textContent).toBe("You were signed out.");
  await expect.poll(() => screen.queryByRole("button", { name: "Make an account" })).toBeNull();
});

test("one can go on with the account that another window signed in to", async () => {
  const { show, studio, user } = createTestStudio();
  studio.session.set(() => ({ kind: "out", reason: null, isAnother: true }));
  show(<SignIn {...SIGN_IN} isAnother />);
  await user.click(screen.getByRole("button", { name: "Go on with the account that is signed in" }));
  expect(studio.session.get()).toEqual({ kind: "unknown" });
});
