/** Who is there decides what is shown: the door, or the studio. */

import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { Problem } from "../model/problem";
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
    let stopped = false;
    let again: ReturnType<typeof setTimeout> | undefined;
    const link = takeLink();
    const arrive = async (token: string | null, why: string | null = null): Promise<void> => {
      try {
        const { user } = token ? await studio.api.link(token) : await studio.api.me();
        await studio.enter(user);
      } catch (error) {
        if (stopped) return;
        if (error instanceof Problem && token) {
          // Used up already, perhaps by this very browser: then the cookie still says who we are.
          return arrive(null, error.detail);
        }
        if (error instanceof Problem && error.status < 500) {
          studio.session.set(() => ({ kind: "out", why }));
          return;
        }
        setTrouble("The studio does not answer. Trying again…");
        again = setTimeout(() => void arrive(token, why), AGAIN);
      }
    };
    void arrive(link);
    return () => {
      stopped = true;
      clearTimeout(again);
    };
  }, [studio]);
  return (
    <main className="door" aria-busy="true">
      {slow && <p role="status">{trouble ?? "Opening the studio…"}</p>}
    </main>
  );
}
