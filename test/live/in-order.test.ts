import { expect, test } from "vitest";
import { inOrder } from "../../src/live/in-order.ts";

function source(name: string, steps: number, log: string[]): () => AsyncGenerator<string, void, undefined> {
  return async function* give() {
    log.push(`begin ${name}`);
    try {
      for (let step = 0; step < steps; step++) {
        log.push(`${name}${step}`);
        yield `${name}${step}`;
      }
    } finally {
      log.push(`end ${name}`);
    }
  };
}

const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 5);
  });

test("sources come one after the other, whoever is faster", async () => {
  const given: string[] = [];
  for await (const step of inOrder(
    ["a", "b", "c", "d"].map((name) => source(name, 2, [])),
    2,
  ))
    given.push(step);
  expect(given).toEqual(["a0", "a1", "b0", "b1", "c0", "c1", "d0", "d1"]);
});

test("no more than `width` are begun, and each works one step ahead", async () => {
  const log: string[] = [];
  const steps = inOrder(
    ["a", "b", "c"].map((name) => source(name, 5, log)),
    2,
  );
  await steps.next();
  await settle();
  expect(log).toEqual(["begin a", "a0", "begin b", "b0", "a1"]);
  await steps.return();
});

test("who stops reading stops them all", async () => {
  const log: string[] = [];
  for await (const _ of inOrder(
    ["a", "b", "c"].map((name) => source(name, 5, log)),
    2,
  ))
    break;
  await settle();
  expect(log.filter((line) => line.startsWith("end"))).toEqual(["end a", "end b"]);
});

test("no sources give nothing", async () => {
  expect(await inOrder([], 3).next()).toEqual({ done: true, value: undefined });
});
