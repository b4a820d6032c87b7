/** Git objects, read through one `git cat-file --batch` process that is kept open. */

import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { Socket } from "node:net";
import type { Fault } from "../core/fault.ts";
import { gitFault, killGroup, startGit } from "./git.ts";
import type { GitCommand, GitRepository } from "./git.ts";

export interface GitObject {
  readonly hash: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

export interface GitObjects {
  /** The object, or `undefined` where the repository lacks it. `name` is a hash, or another name without a line break. */
  read(name: string): Promise<GitObject | undefined | Fault>;
  close(): void;
}

interface Waiting {
  readonly answer: (value: GitObject | undefined | Fault) => void;
  readonly timer: NodeJS.Timeout;
}

/** An object that does not come within this time ends the process, and all that wait for it. */
const STALL_MS = 60_000;

/** Starts git at the first read. The process keeps the program alive only while something is being read. */
export function openObjects(repository: GitRepository, signal?: AbortSignal): GitObjects {
  let reader: BatchReader | undefined;
  return {
    read: (name) => {
      if (reader === undefined || reader.ended)
        reader = new BatchReader({ repository, args: ["cat-file", "--batch"] }, signal);
      return reader.read(name);
    },
    close: () => {
      reader?.end("it was closed");
      reader = undefined;
    },
  };
}

/** Answers come in the order of the questions: `<hash> <type> <size>\n<bytes>\n`, or `<name> missing\n`. */
class BatchReader {
  ended = false;
  readonly #command: GitCommand;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: Waiting[] = [];
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Bytes that must be buffered before it is worth looking at them again. */
  #needed = 1;

  constructor(command: GitCommand, signal: AbortSignal | undefined) {
    this.#command = command;
    this.#child = startGit(command);
    this.#child.stdout.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#child.stderr.resume();
    this.#child.stdin.on("error", () => this.end("git ended early"));
    this.#child.on("error", () => this.end("git could not be started"));
    this.#child.on("close", () => this.end("git ended early"));
    signal?.addEventListener("abort", () => this.end("it was interrupted"), { once: true });
    this.#hold(false);
  }

  read(name: string): Promise<GitObject | undefined | Fault> {
    const { promise, resolve } = Promise.withResolvers<GitObject | undefined | Fault>();
    if (this.ended) return Promise.resolve(gitFault(this.#command, "git ended early"));
    if (this.#waiting.length === 0) this.#hold(true);
    const timer = setTimeout(() => this.end("an object did not come within a minute"), STALL_MS);
    this.#waiting.push({ answer: resolve, timer });
    this.#child.stdin.write(`${name}\n`);
    return promise;
  }

  end(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    killGroup(this.#child);
    for (const { answer, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      answer(gitFault(this.#command, reason));
    }
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    while (this.#buffered >= this.#needed && this.#waiting.length > 0) {
      const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
      const used = this.#answerFrom(all);
      const rest = all.subarray(used);
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#buffered = rest.length;
      if (used === 0) return;
      this.#needed = 1;
    }
  }

  /** The number of bytes that the first answer takes; 0 where it is not whole yet. */
  #answerFrom(data: Buffer): number {
    const line = data.indexOf(10);
    if (line < 0) {
      this.#needed = data.length + 1;
      return 0;
    }
    const [hash = "", type = "", size = ""] = data.toString("utf8", 0, line).split(" ");
    if (!/^\d+$/.test(size)) {
      this.#answer(undefined); // `<name> missing`, `<name> ambiguous`; a name may hold spaces.
      return line + 1;
    }
    const end = line + 1 + Number(size);
    if (data.length < end + 1) {
      this.#needed = end + 1;
      return 0;
    }
    // A copy: the answer must not keep a chunk of many files alive.
    this.#answer({ hash, type, bytes: Uint8Array.from(data.subarray(line + 1, end)) });
    return end + 1;
  }

  #answer(value: GitObject | undefined): void {
    const first = this.#waiting.shift();
    if (first === undefined) return;
    clearTimeout(first.timer);
    if (this.#waiting.length === 0) this.#hold(false);
    first.answer(value);
  }

  /** Whether the process keeps Node running. */
  #hold(on: boolean): void {
    const { stdin, stdout, stderr } = this.#child;
    for (const stream of [stdin, stdout, stderr]) {
      const socket = stream as unknown as Socket;
      if (on) socket.ref();
      else socket.unref();
    }
    if (on) this.#child.ref();
    else this.#child.unref();
  }
}
