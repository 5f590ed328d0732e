/** Who is there decides what is shown: the door, or the studio. */

import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { inWords, isPassing } from "../model/problem";
import { useStore } from "../model/store";
import type { Studio } from "../studio";
import { StudioContext, useLasting, useStudio } from "./context";
import { Notices } from "./Notices";
import { Shell } from "./Shell";
import { SignIn } from "./SignIn";

const AGAIN = 2_000; // ms between attempts to learn who is signed in

export function App({ studio }: { studio: Studio }): ReactNode {
  return (
    <StudioContext value={studio}>
      <QueryClientProvider client={studio.reads.client}>
        <Door />
        <Notices />
      </QueryClientProvider>
    </StudioContext>
  );
}

function Door(): ReactNode {
  const session = useStore(useStudio().session, (value) => value);
  if (session.kind === "in") return <Shell user={session.user} key={session.user.id} />;
  if (session.kind === "out") return <SignIn why={session.why} />;
  return <Arriving />;
}

/** A sign-in link is followed once and leaves the address at once, so that it stays in no history. */
function takeLink(): string | null {
  const { pathname, hash } = window.location;
  if (!/^\/signin\/?$/.test(pathname)) return null;
  window.history.replaceState(null, "", "/");
  return hash.length > 1 ? decodeURIComponent(hash.slice(1)) : null;
}

function Arriving(): ReactNode {
  const studio = useStudio();
  const [trouble, setTrouble] = useState<string | null>(null);
  const slow = useLasting(true, 400);
  useEffect(() => {
    const leaving = new AbortController();
    arrive(studio, setTrouble, leaving.signal).catch((error: unknown) => setTrouble(String(error)));
    return () => leaving.abort();
  }, [studio]);
  return (
    <main className="door" aria-busy="true">
      {slow && <p role="status">{trouble ?? "Opening the studio…"}</p>}
    </main>
  );
}

/** Through the link, if there is one, or with the cookie; at the door when neither opens. */
async function arrive(studio: Studio, trouble: (text: string) => void, leaving: AbortSignal): Promise<void> {
  let link = takeLink();
  let why: string | null = null;
  while (!leaving.aborted) {
    try {
      const { user } = link ? await studio.api.link(link) : await studio.api.me();
      return await studio.enter(user);
    } catch (error) {
      if (isPassing(error)) {
        trouble("The studio does not answer. Trying again…");
        await new Promise((done) => setTimeout(done, AGAIN));
      } else if (link) {
        // Used up already, perhaps by this very browser: then the cookie still says who we are.
        link = null;
        why = inWords(error);
      } else return studio.session.set(() => ({ kind: "out", why }));
    }
  }
}
