/** Exports text from the page: to the clipboard, or as a file. */

import { graphemesOf, truncate } from "../../language/segmentation";

const MAX_NAME_GRAPHEMES = 60; // of a title that become the name of a file
const MAX_NAME_BYTES = 240; // that every file system has room for, with the ending
const REVOKE_DELAY_MS = 10_000; // some browsers read the address only after the click has been handled

/** Returns false when the browser does not allow it: then there is still the file. */
export async function copyToClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/markdown;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), REVOKE_DELAY_MS);
}

/** Returns a name that every file system takes, in the letters of any language that the title has. */
export function fileNameFor(title: string): string {
  const graphemes = graphemesOf(title.normalize()).map((sign) => (/^[\p{L}\p{N} _-]/u.test(sign) ? sign : " "));
  const stem = graphemes.join("").trim().replace(/\s+/g, " ");
  let length = MAX_NAME_GRAPHEMES;
  while (new TextEncoder().encode(truncate(stem, length)).length > MAX_NAME_BYTES) length -= 1;
  return `${truncate(stem, length).trim() || "note"}.md`;
}
