/** Argo CD's options for `kustomize build` (argo-cd `util/kustomize`, parseKustomizeBuildOptions; kustomize `commands/build`): which of them are not followed. */

/** Whether a value follows. */
type Flags = Readonly<Record<string, boolean>>;

/**
 * They let kustomize do what it is let do here, too (load what is anywhere in the repository, inflate charts), or what is refused by
 * name wherever a kustomization asks for it (plugins and functions), or say in what order and how it is printed.
 */
const FOLLOWED: Flags = {
  "--load-restrictor": true,
  "--enable-helm": false,
  "--helm-command": true,
  "--helm-debug": false,
  "--reorder": true,
  "--enable-alpha-plugins": false,
  "--enable-exec": false,
  "--enable-star": false,
  "--network": false,
  "--network-name": true,
  "--mount": true,
  "--env": true,
  "-e": true,
  "--as-current-user": false,
};

/** They change what comes out. */
const IGNORED: Flags = {
  "--enable-managedby-label": false,
  "--helm-kube-version": true,
  "--helm-api-versions": true,
  "--output": true,
  "-o": true,
};

export interface UnfollowedOption {
  readonly option: string;
  /** kustomize takes it. */
  readonly known: boolean;
}

/** Each once, in their order. Values are left alone. */
export function unfollowedOptions(text: string): readonly UnfollowedOption[] {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const found = new Map<string, UnfollowedOption>();
  for (let index = 0; index < words.length; index++) {
    const [option = "", value] = (words[index] as string).split("=", 2);
    const isFollowed = Object.hasOwn(FOLLOWED, option);
    const known = isFollowed || Object.hasOwn(IGNORED, option);
    const takesNext = value === undefined && (FOLLOWED[option] ?? IGNORED[option] ?? false);
    if (known && takesNext) index += 1;
    if (!isFollowed && !(known && value === "false")) found.set(option, { option, known });
  }
  return [...found.values()];
}
