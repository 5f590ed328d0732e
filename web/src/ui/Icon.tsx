/** The icons of the page, drawn with the colour of the text around them. */

import type { ReactNode } from "react";

const SHAPES = {
  book: "M4 5.5c2.600-1 5.200-.6 8 1.300 2.800-1.900 5.400-2.300 8-1.300v13c-2.600-1-5.200-.6-8 1.300-2.800-1.900-5.400-2.300-8-1.300zM12 6.800v13",
  page: "M6.500 3.500h7l4 4v13h-11zM13.500 3.500v4h4M9 12h6M9 15.500h6",
  folder: "M3.500 6.500h6l2 2h9v10.500h-17z",
  music:
    "M9 17.500v-11l9-2v11M9 17.500a2.500 2 0 1 1-5 0 2.500 2 0 0 1 5 0zM18 15.500a2.500 2 0 1 1-5 0 2.500 2 0 0 1 5 0z",
  person: "M12 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM5 20c.5-4 3-6 7-6s6.500 2 7 6",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500l5 5",
  more: "M5.500 12h.01M12 12h.01M18.500 12h.01",
  plus: "M12 5v14M5 12h14",
  chevron: "M9 6l6 6-6 6",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.500l4.500 4.500L19 7.500",
  cloudOff: "M4 4l16 16M8.500 8a6 6 0 0 1 9 3.500 4 4 0 0 1 1.500 7M16 18.500H7.500a4.500 4.500 0 0 1-1-8.900",
  alert: "M12 4.500l8.500 15h-17zM12 10v4M12 16.700h.01",
  spark: "M12 3.500l1.800 5.700 5.700 1.800-5.700 1.800L12 18.500l-1.800-5.700L4.500 11l5.700-1.800z",
  processor: "M4 7h7M15 7h5M4 12h3M11 12h9M4 17h9M17 17h3M13 5v4M9 10v4M15 15v4",
  stop: "M7 7h10v10H7z",
  left: "M15 6l-6 6 6 6",
  undo: "M8.500 5L4.500 9l4 4M5 9h9a5.500 5.500 0 0 1 0 11h-3.500",
  redo: "M15.500 5l4 4-4 4M19 9h-9a5.500 5.500 0 0 0 0 11h3.500",
  download: "M12 4v11M7.500 11l4.500 4.500L16.500 11M5 19.500h14",
  upload: "M12 15.500V4.500M7.500 9L12 4.500 16.500 9M5 19.500h14",
  pause: "M9 6v12M15 6v12",
  play: "M8 5.500l10.500 6.500L8 18.500z",
  image: "M4 5.500h16v13H4zM4 16l4.500-4.500 4 4 3-3L20 17M15.500 9h.01",
  type: "M3.500 18l4.500-12 4.500 12M5 14h6M20.500 18v-6.500M20.500 14.500a3 3.500 0 1 1-6 0 3 3.500 0 0 1 6 0z",
  trash: "M4.500 6.500h15M9.500 6.500v-2h5v2M6.500 6.500l1 13.500h9l1-13.500M10 10.500v5.500M14 10.500v5.500",
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name }: { name: IconName }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={SHAPES[name]} />
    </svg>
  );
}

const ICONS_BY_TYPE: Record<string, IconName> = {
  book: "book",
  chapter: "page",
  scene: "page",
  topic: "page",
  album: "music",
  track: "music",
  stems: "music",
  character: "person",
  characters: "person",
};

/** Returns the icon of a bucket of this type. */
export function iconOfType(type: string): IconName {
  return ICONS_BY_TYPE[type.toLowerCase()] ?? "folder";
}
