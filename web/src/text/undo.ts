/** Words about undo and redo, and what an entry of the journal did in the past tense, to stand behind "Undone:". */

export const undo = {
  done: { undo: "Undone", redo: "Done again" },
  skipped: "Left as it is",
  outcome: (outcome: string, act: string) => `${outcome}: ${act}.`,
  failed: { undo: "Not undone.", redo: "Not done again." },
  lookupFailed: "It could not be undone.",
  showIt: "Show it",
  anyway: { undo: "Undo anyway", redo: "Redo anyway" },
  skipIt: "Skip it",
  aBucket: "a bucket",
  aNote: "a note",
  quoted: (name: string) => `“${name}”`,
  bulk: (count: number) => `${count} changes that were made as one`,
  acts: {
    create_bucket: (bucket: string, _note: string) => `made ${bucket}`,
    copy_bucket: (bucket: string, _note: string) => `made the copy ${bucket}`,
    use_template: (bucket: string, _note: string) => `made ${bucket} of a template`,
    change_bucket: (bucket: string, _note: string) => `changed ${bucket}`,
    move_bucket: (bucket: string, _note: string) => `moved ${bucket}`,
    place_blob: (bucket: string, note: string) => `placed ${note} in ${bucket}`,
    take_out: (bucket: string, note: string) => `took ${note} out of ${bucket}`,
    trash_blob: (_bucket: string, note: string) => `moved ${note} to the trash`,
    trash_bucket: (bucket: string, _note: string) => `moved ${bucket} to the trash`,
    restore_blob: (_bucket: string, note: string) => `restored ${note}`,
    restore_bucket: (bucket: string, _note: string) => `restored ${bucket}`,
  },
};
