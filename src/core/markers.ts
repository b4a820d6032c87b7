/** Files that mark a folder as holdfast's own output: such a folder is never read as manifests. */

/** In the folder of `--publish local`. holdfast deletes nothing in an output folder without it. */
export const OUTPUT_MARKER = ".holdfast-output";

/** In the folder of `holdfast snapshot`. */
export const SNAPSHOT_MARKER = ".holdfast-snapshot";

export const MARKER_FILES: readonly string[] = [OUTPUT_MARKER, SNAPSHOT_MARKER];
