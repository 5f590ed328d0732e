"""The journal of structural changes: undo and redo."""
