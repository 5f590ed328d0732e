/** A studio for component tests: a real one on a fake server, and a page that shows components in it. */

import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { StudioContext } from "../studio/context";
import { DialogContext, type DialogRequest } from "../studio/dialogs";
import { Studio } from "../studio/studio";

/** Answers one kind of request; an answer with a `status` of its own is sent with it. */
export type Answer = (body: unknown, path: string) => unknown;

/** Requests by method and path pattern, such as "PATCH /blobs/*". */
export type Answers = Record<string, Answer>;

export interface ProblemAnswer {
  status: number;
  code: string;
  detail: string;
  [member: string]: unknown;
}

const NO_SUCH_REQUEST: ProblemAnswer = {
  status: 404,
  code: "not_found",
  detail: "The fake server does not know this.",
};
const EMPTY_PAGE = { items: [], next_cursor: null };
const DEFAULT_ANSWERS: Answers = {
  "GET /tree": () => EMPTY_PAGE,
  "GET /instances": () => EMPTY_PAGE,
  "GET /models": () => EMPTY_PAGE,
  "GET /auth/registration": () => ({ registration: "open" }),
};

export interface TestStudio {
  studio: Studio;
  /** The requests that were sent, as "METHOD /path". */
  requests: string[];
  /** The dialogs that components opened. */
  dialogs: (DialogRequest | null)[];
  user: ReturnType<typeof userEvent.setup>;
  show(children: ReactNode): void;
}

export function createTestStudio(answers: Answers = {}): TestStudio {
  const requests: string[] = [];
  const dialogs: (DialogRequest | null)[] = [];
  const fetch = fakeFetch({ ...DEFAULT_ANSWERS, ...answers }, requests);
  const { document, location } = window;
  const addEventListener = window.addEventListener.bind(window);
  location.hash = "";
  const studio = new Studio({ document, location, addEventListener, fetch } as unknown as Window, {
    local: window.localStorage,
    session: window.sessionStorage,
    openWindowChannel: () => null,
    openAccountChannel: () => null,
  });
  const show = (children: ReactNode) => {
    render(
      <StudioContext value={studio}>
        <QueryClientProvider client={studio.queries.client}>
          <DialogContext value={(dialog) => dialogs.push(dialog)}>{children}</DialogContext>
        </QueryClientProvider>
      </StudioContext>,
    );
  };
  return { studio, requests, dialogs, user: userEvent.setup(), show };
}

function fakeFetch(answers: Answers, requests: string[]) {
  return async (url: string, init: RequestInit): Promise<Response> => {
    const path = url.replace(/^\/api/, "").replace(/\?.*$/, "");
    const request = `${init.method} ${path}`;
    requests.push(request);
    const known = Object.keys(answers).find((pattern) => matches(pattern, request));
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
    const answer = known === undefined ? NO_SUCH_REQUEST : await answers[known]?.(body, path);
    return new Response(JSON.stringify(answer), { status: isProblem(answer) ? answer.status : 200 });
  };
}

function matches(pattern: string, request: string): boolean {
  return new RegExp(`^${pattern.replaceAll("*", "[^/]+")}$`).test(request);
}

function isProblem(answer: unknown): answer is ProblemAnswer {
  return typeof answer === "object" && answer !== null && "status" in answer && typeof answer.status === "number";
}
