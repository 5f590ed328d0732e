/** What is shown while no bucket is open: how to begin. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { keysInWords } from "../model/keys";
import { useAsk, useForest, useStudio } from "./context";
import { Icon } from "./icons";

export function Welcome({ name }: { name: string }): ReactNode {
  const ask = useAsk();
  const forest = useForest();
  const { isPending } = useQuery(useStudio().reads.forest);
  if (isPending) return null;
  const isNew = forest.roots.length === 0;
  return (
    <div className="welcome">
      <h1>{isNew ? `Welcome, ${name}` : "What would you like to work on?"}</h1>
      {isNew ? (
        <>
          <p>Three steps to your first page:</p>
          <ol>
            <li>
              <strong>Make a book</strong>, or anything else that holds work: an album, a course, a journal.
            </li>
            <li>
              <strong>Add a chapter</strong> and write a short note in it: what happens, in a few sentences.
            </li>
            <li>
              <strong>Expand it.</strong> The prose appears beside your note as it is written. Your note stays as it is.
            </li>
          </ol>
        </>
      ) : (
        <p>
          Choose a bucket in the tree, or press <kbd>{keysInWords("Ctrl K")}</kbd> and type a few letters of its name.
        </p>
      )}
      <Button className="button primary" onPress={() => ask({ kind: "create", parent: null, type: "book" })}>
        <Icon of="plus" /> {isNew ? "Make your first book" : "New book"}
      </Button>
    </div>
  );
}
