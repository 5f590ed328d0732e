/** Keys as they are called on the machine that is used. */

const MAC: Record<string, string> = { Ctrl: "⌘", Alt: "⌥", Shift: "⇧", Enter: "↩", Del: "⌫" };

/** "Ctrl Shift Z", or "⌘ ⇧ Z" on a Mac. */
export function keysInWords(keys: string, platform: string = navigator.platform): string {
  if (!/^(Mac|iP)/.test(platform)) return keys;
  return keys
    .split(" ")
    .map((key) => MAC[key] ?? key)
    .join(" ");
}
