/** By what holdfast knows its own again: files in folders that it writes, which are never read as manifests; a line in its commits. */

/** In the folder of `--publish local`. holdfast deletes nothing in an output folder without it. */
export const OUTPUT_MARKER = ".holdfast-output";

/** In the folder of `holdfast snapshot`. */
export const SNAPSHOT_MARKER = ".holdfast-snapshot";

export const MARKER_FILES: readonly string[] = [OUTPUT_MARKER, SNAPSHOT_MARKER];

/** Begins the last line of the message of holdfast's own commits; what follows is their signature. */
export const COMMIT_TRAILER = "Holdfast-Commit: ";
