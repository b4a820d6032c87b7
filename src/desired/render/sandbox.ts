/**
 * Where programs run that a repository chooses: it would not be enough that they reach no network. They see the system's own
 * programs and libraries, which they cannot change, a copy of the files that are rendered, and nothing else of this machine:
 * no home, no key, no configuration of the operator's, no other process. What they write is gone with them.
 */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

export interface Sandbox {
  /** An empty folder, which is covered as long as the program runs. */
  readonly mountPoint: string;
  /** Folders that are copied to where they are. */
  readonly copied: readonly string[];
  /** Files of this machine that it may read and run. */
  readonly programs: readonly string[];
  /** Where it starts. */
  readonly cwd: string;
}

const UNSHARE = "/usr/bin/unshare";
const NAMESPACES = [
  "--user",
  "--map-root-user",
  "--mount",
  "--net",
  "--pid",
  "--ipc",
  "--uts",
  "--fork",
  "--kill-child",
];

/** What the command is started by. */
export function sandboxed({ mountPoint, copied, programs, cwd }: Sandbox): readonly string[] {
  const lists = [...programs, "--", ...copied, "--"];
  return [UNSHARE, ...NAMESPACES, "--", "/bin/sh", "-c", SCRIPT, "sandbox", mountPoint, cwd, ...lists];
}

/** Whether the system lets one be made. @param mountPoint see {@link Sandbox.mountPoint} */
export function canSandbox(mountPoint: string): boolean {
  if (!existsSync(UNSHARE)) return false;
  const [command = "", ...args] = sandboxed({ mountPoint, copied: [], programs: [], cwd: "/" });
  return spawnSync(command, [...args, "/bin/true"], { env: {}, timeout: 10_000 }).status === 0;
}

/**
 * The words are fixed; names come as arguments. Without any capability it can mount nothing, and in a user namespace of its
 * own it could not undo what was mounted here. Where holdfast is root, the system's settings in /proc would be its to write.
 */
const SCRIPT = `
set -eu
path=$PATH; PATH=/usr/sbin:/usr/bin:/sbin:/bin
new=$1; cwd=$2; shift 2
bound() {
  mount --bind "$1" "$new$1"
  mount -o remount,bind,ro "$new$1" 2>/dev/null || mount -o remount,bind,ro,nosuid,nodev "$new$1"
}
mount -t tmpfs -o size=768m,mode=755,nosuid,nodev tmpfs "$new"
for one in usr bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$one" ]; then cp -P "/$one" "$new/$one"
  elif [ -d "/$one" ]; then mkdir "$new/$one"; bound "/$one"; fi
done
mkdir "$new/etc" "$new/dev" "$new/proc" "$new/tmp" "$new/.old"
for one in alternatives ld.so.cache ld.so.conf ld.so.conf.d localtime; do
  [ ! -e "/etc/$one" ] || cp -R "/etc/$one" "$new/etc/" 2>/dev/null || :
done
for one in "$new"/usr/etc "$new"/usr/var "$new"/usr/*/etc "$new"/usr/*/var; do
  if [ -d "$one" ] && [ ! -L "$one" ]; then mount -t tmpfs -o size=1m,mode=755,nosuid,nodev tmpfs "$one"; fi
done
for one in null zero random urandom; do : > "$new/dev/$one"; mount --bind "/dev/$one" "$new/dev/$one"; done
mount -t proc -o ro,nosuid,nodev,noexec proc "$new/proc" 2>/dev/null || :
while [ "$1" != "--" ]; do
  if [ ! -e "$new$1" ]; then mkdir -p "$new\${1%/*}"; : > "$new$1"; bound "$1"; fi
  shift
done
shift
while [ "$1" != "--" ]; do mkdir -p "$new$1"; cp -R "$1/." "$new$1/"; shift; done
shift
cd "$new"; pivot_root . .old; cd /; umount -l /.old; rmdir /.old
cd "$cwd"
PATH=$path
exec /usr/bin/setpriv --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all -- "$@"
`;
