/** Names of keys as they are written on the machine that is used. */

const MAC_SYMBOLS: Record<string, string> = { Ctrl: "⌘", Alt: "⌥", Shift: "⇧", Enter: "↩", Del: "⌫" };

/** Returns "Ctrl Shift Z", or "⌘ ⇧ Z" on a Mac. */
export function formatKeys(keys: string, platform: string = navigator.platform): string {
  if (!/^(Mac|iP)/.test(platform)) return keys;
  return keys
    .split(" ")
    .map((key) => MAC_SYMBOLS[key] ?? key)
    .join(" ");
}
