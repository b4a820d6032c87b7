import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { isOwnCommit, markerLine, readMarker, sameMarker, signedMessage } from "../../src/publish/marker.ts";
import type { Marker } from "../../src/publish/marker.ts";

const KEY = new Uint8Array(32).fill(1);
const OTHER_KEY = new Uint8Array(32).fill(2);
const MARKER: Marker = {
  kind: "issue",
  id: "aaaaaaaaaaaaaaaa",
  target: "shop-prod",
  fingerprint: "f1",
  words: "w",
  clean: 0,
};
const LINE = markerLine(MARKER, KEY);

describe("a marker", () => {
  it("is one HTML comment that reads back as it was written", () => {
    expect(LINE).toMatch(/^<!-- holdfast:v1 [\w-]+\.[\w-]{43} -->$/);
    expect(readMarker(`${LINE}\n\nwords`, KEY)).toEqual(MARKER);
  });

  it("is still known after GitHub's editor turned the line ends", () => {
    expect(readMarker(`${LINE}\r\n\r\nwords`, KEY)).toEqual(MARKER);
  });

  it("cannot be ended by anything that it says", () => {
    assert(
      property(string(), (target) => {
        const line = markerLine({ ...MARKER, target }, KEY);
        expect(line.indexOf("-->")).toBe(line.length - 3);
        expect(readMarker(line, KEY)?.target).toBe(target.toWellFormed());
      }),
    );
  });

  it.each([
    ["absent", null],
    ["in the second line", `\n${LINE}`],
    ["after a word", `x${LINE}`],
    ["signed with another key", markerLine(MARKER, OTHER_KEY)],
    [
      "of another's payload",
      LINE.replace(/v1 [\w-]+/, `v1 ${Buffer.from(JSON.stringify({ ...MARKER, clean: 1 })).toString("base64url")}`),
    ],
    ["without a signature", LINE.replace(/\.[\w-]+/, ".")],
    ["of another version", LINE.replace("v1", "v2")],
    ["followed by words", `${LINE} words`],
  ])("is not believed where it is %s", (_name, body) => {
    expect(readMarker(body, KEY)).toBeUndefined();
  });

  it("is the same whatever the order of its fields, and where a field is absent or undefined", () => {
    const { clean, ...rest } = MARKER;
    expect(sameMarker(MARKER, { clean, ...rest })).toBe(true);
    expect(sameMarker(MARKER, { ...MARKER, clean: 1 })).toBe(false);
  });
});

describe("a commit", () => {
  const facts = { id: "a", parents: ["1".repeat(40)], tree: "2".repeat(40) };
  const message = signedMessage("Codify\n\nwhy\n", facts, KEY);

  it("of holdfast's own is known by the last line of its message", () => {
    expect(message).toMatch(/^Codify\n\nwhy\n\nHoldfast-Commit: [\w-]{43}\n$/);
    expect(isOwnCommit(message.trim(), facts, KEY)).toBe(true);
  });

  it.each([
    ["on another parent", { ...facts, parents: ["3".repeat(40)] }],
    ["with another tree", { ...facts, tree: "3".repeat(40) }],
    ["of another pull request", { ...facts, id: "b" }],
  ])("with the same message %s is somebody else's", (_name, other) => {
    expect(isOwnCommit(message, other, KEY)).toBe(false);
  });

  it("whose signature is not the last line is somebody else's", () => {
    expect(isOwnCommit(`${message}\nand more`, facts, KEY)).toBe(false);
  });

  it("is not signed by a marker's signature", () => {
    const signature = /\.([\w-]{43})/.exec(LINE)?.[1] ?? "";
    expect(isOwnCommit(`Codify\n\nHoldfast-Commit: ${signature}`, facts, KEY)).toBe(false);
  });
});
