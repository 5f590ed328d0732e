/** The page: who is signed in decides whether it shows the sign-in form or the studio. */

import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { errorMessage, isTemporary } from "../api/errors";
import { SignIn } from "../features/accounts/SignIn";
import { StudioContext, useStudio } from "../studio/context";
import type { Studio } from "../studio/studio";
import { text } from "../text";
import { ErrorBoundary } from "../ui/ErrorBoundary";
import { useDelayedTrue } from "../ui/hooks";
import { useStore } from "../ui/store";
import { NoticeList } from "./NoticeList";
import { Shell } from "./Shell";

const RETRY_MS = 2_000; // between attempts to learn who is signed in
const SLOW_MS = 400;

export function App({ studio }: { studio: Studio }): ReactNode {
  return (
    <ErrorBoundary title={text.app.pageFailed}>
      <StudioContext value={studio}>
        <QueryClientProvider client={studio.queries.client}>
          <SessionGate />
          <ErrorBoundary>
            <NoticeList />
          </ErrorBoundary>
        </QueryClientProvider>
      </StudioContext>
    </ErrorBoundary>
  );
}

function SessionGate(): ReactNode {
  const session = useStore(useStudio().session, (value) => value);
  if (session.kind === "in") return <Shell user={session.user} key={session.user.id} />;
  if (session.kind === "unknown") return <Start />;
  const { reason, isAnother = false, invitation = null } = session;
  return <SignIn reason={reason} isAnother={isAnother} invitation={invitation} />;
}

/** Shown until it is known who is signed in. */
function Start(): ReactNode {
  const studio = useStudio();
  const [problem, setProblem] = useState<string | null>(null);
  const isSlow = useDelayedTrue(true, SLOW_MS);
  useEffect(() => {
    const leaving = new AbortController();
    findSession(studio, setProblem, leaving.signal).catch((error: unknown) => setProblem(String(error)));
    return () => leaving.abort();
  }, [studio]);
  return (
    <main className="sign-in" aria-busy="true">
      {isSlow && <p role="status">{problem ?? text.app.openingStudio}</p>}
    </main>
  );
}

/** Signs in by the link, if there is one, or by the cookie; shows the sign-in form when neither is valid. */
async function findSession(studio: Studio, onProblem: (text: string) => void, leaving: AbortSignal): Promise<void> {
  const invitation = takeToken("join");
  if (invitation) return studio.session.set(() => ({ kind: "out", reason: null, invitation }));
  let link = takeToken("signin");
  let reason: string | null = null;
  while (!leaving.aborted) {
    try {
      const { user } = link ? await studio.api.logInWithLink(link) : await studio.api.getMe();
      return await studio.startSession(user);
    } catch (error) {
      if (isTemporary(error)) {
        onProblem(text.app.studioSilent);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      } else if (link) {
        // Used up already, perhaps by this very browser: then the cookie still says who we are.
        link = null;
        reason = errorMessage(error);
      } else return studio.session.set(() => ({ kind: "out", reason }));
    }
  }
}

/** Takes the token of a sign-in link or an invitation out of the address at once, so that it stays in no history. */
function takeToken(page: "signin" | "join"): string | null {
  const { pathname, hash } = window.location;
  if (!new RegExp(`^/${page}/?$`).test(pathname)) return null;
  window.history.replaceState(null, "", "/");
  return hash.length > 1 ? decodeURIComponent(hash.slice(1)) : null;
}
