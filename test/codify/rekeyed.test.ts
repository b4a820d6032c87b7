/** A key of a keyed list's item that was changed: the item is named as Git has it, and is the same one afterwards. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Change } from "../../src/core/drift.ts";
import type { FieldSchema } from "../../src/core/schema.ts";
import { withField } from "../../src/core/value.ts";
import type { ValueMap } from "../../src/core/value.ts";
import { builtinSchemas } from "../../src/kinds/schemas.ts";
import { compared, told } from "../drift/objects.ts";
import { add, at, edited, manifest, objectsOf, plainRenderer, remove, replace, run } from "./workbench.ts";

const ports: FieldSchema = {
  list: { kind: "map", keys: ["port", "protocol"], defaults: { protocol: "TCP" } },
};
const schema: FieldSchema = {
  fields: {
    ports,
    containers: { list: { kind: "map", keys: ["name"] }, items: { fields: { ports } } },
    listeners: { list: { kind: "map", keys: ["port", "section"] } },
  },
};

interface Case {
  readonly name: string;
  readonly before: string;
  readonly changes: readonly Change[];
  readonly after: string;
}

const web = "ports[port=9090,protocol=TCP]";
const block = "ports:\n- name: http # c\n  port: 9090\n  targetPort: 8080\n";

describe("an item whose key was changed is edited where it stands", () => {
  const cases: readonly Case[] = [
    {
      name: "in block style, with the protocol left out",
      before: block,
      changes: [replace(at(`${web}.port`), 9091)],
      after: block.replace("9090", "9091"),
    },
    {
      name: "in block style, with the protocol written",
      before: `${block}  protocol: TCP\n`,
      changes: [replace(at(`${web}.port`), 9091)],
      after: `${block}  protocol: TCP\n`.replace("9090", "9091"),
    },
    {
      name: "in flow style",
      before: "ports: [{name: http, port: 9090, targetPort: 8080}] # c\n",
      changes: [replace(at(`${web}.port`), 9091)],
      after: "ports: [{name: http, port: 9091, targetPort: 8080}] # c\n",
    },
    {
      name: "with its target port, the key first",
      before: block,
      changes: [replace(at(`${web}.port`), 9091), replace(at(`${web}.targetPort`), 8081)],
      after: block.replace("9090", "9091").replace("8080", "8081"),
    },
    {
      name: "with its target port, the key last",
      before: block,
      changes: [replace(at(`${web}.targetPort`), 8081), replace(at(`${web}.port`), 9091)],
      after: block.replace("9090", "9091").replace("8080", "8081"),
    },
    {
      name: "with a field that comes and one that goes",
      before: block,
      changes: [replace(at(`${web}.port`), 9091), add(at(`${web}.nodePort`), 30000), remove(at(`${web}.targetPort`))],
      after: "ports:\n- name: http # c\n  port: 9091\n  nodePort: 30000\n",
    },
    {
      name: "one of two",
      before: `${block}- {name: metrics, port: 9100}\n`,
      changes: [replace(at(`${web}.port`), 9091)],
      after: `${block.replace("9090", "9091")}- {name: metrics, port: 9100}\n`,
    },
    {
      name: "both of two",
      before: `${block}- {name: metrics, port: 9100}\n`,
      changes: [replace(at(`${web}.port`), 9091), replace(at("ports[port=9100,protocol=TCP].port"), 9101)],
      after: `${block.replace("9090", "9091")}- {name: metrics, port: 9101}\n`,
    },
    {
      name: "two that swap their numbers",
      before: `${block}- {name: metrics, port: 9100, targetPort: 1}\n`,
      changes: [
        replace(at(`${web}.port`), 9100),
        replace(at(`${web}.targetPort`), 2),
        replace(at("ports[port=9100,protocol=TCP].port"), 9090),
        replace(at("ports[port=9100,protocol=TCP].targetPort"), 3),
      ],
      after: `${block.replace("9090", "9100").replace("8080", "2")}- {name: metrics, port: 9090, targetPort: 3}\n`,
    },
    {
      name: "behind one that goes",
      before: `ports:\n- {name: metrics, port: 9100}\n${block.replace("ports:\n", "")}`,
      changes: [
        remove(at("ports[port=9100,protocol=TCP]")),
        replace(at(`${web}.port`), 9091),
        replace(at(`${web}.targetPort`), 8081),
      ],
      after: block.replace("9090", "9091").replace("8080", "8081"),
    },
    {
      name: "beside one that comes with the old number, and another protocol",
      before: block,
      changes: [
        replace(at(`${web}.port`), 9091),
        replace(at(`${web}.targetPort`), 8081),
        add(at("ports[port=9090,protocol=UDP]"), { port: 9090, protocol: "UDP" }),
      ],
      after: `${block.replace("9090", "9091").replace("8080", "8081")}- port: 9090\n  protocol: UDP\n`,
    },
    {
      name: "where the protocol that Git leaves out is another now, and the number too",
      before: block,
      changes: [
        replace(at(`${web}.port`), 9091),
        add(at(`${web}.protocol`), "UDP"),
        replace(at(`${web}.targetPort`), 8081),
      ],
      after: `${block.replace("9090", "9091").replace("8080", "8081")}  protocol: UDP\n`,
    },
    {
      name: "in a list within a list",
      before: "containers:\n- name: a\n  ports: [{name: http, containerPort: 80, port: 80}]\n- name: b\n",
      changes: [replace(at("containers[name=a].ports[port=80,protocol=TCP].port"), 81)],
      after: "containers:\n- name: a\n  ports: [{name: http, containerPort: 80, port: 81}]\n- name: b\n",
    },
  ];

  it.each(cases)("$name", async ({ before, changes, after }) => {
    const result = await edited({ text: manifest(before), changes, schema });
    expect(result.codes).toEqual(changes.map(() => "edited"));
    expect(result.text).toBe(manifest(after));
  });

  it("in an item of a List, and only there", async () => {
    const text = `apiVersion: v1\nkind: List\nitems:\n${listItem("x")}${listItem("z")}`;
    const changes = [replace(at(`${web}.port`), 9091), replace(at(`${web}.name`), "h")];
    const result = await edited({ text, schema, changes, pick: ({ ref }) => ref.name === "z" });
    expect(result.codes).toEqual(["edited", "edited"]);
    expect(result.text).toBe(
      `apiVersion: v1\nkind: List\nitems:\n${listItem("x")}${listItem("z").replace("9090", "9091").replace("http", "h")}`,
    );
  });
});

describe("items that go from lists within lists are the ones that were named", () => {
  it("also where the outer item before them goes, too", async () => {
    const text = manifest("containers:\n- name: a\n- name: b\n  ports:\n  - port: 80\n  - port: 81\n- name: c\n");
    const changes = [remove(at("containers[name=a]")), remove(at("containers[name=b].ports[port=80,protocol=TCP]"))];
    const result = await edited({ text, changes, schema });
    expect(result.codes).toEqual(["edited", "edited"]);
    expect(result.text).toBe(manifest("containers:\n- name: b\n  ports:\n  - port: 81\n- name: c\n"));
  });
});

describe("an item is found as the comparison names it", () => {
  const cases: readonly Case[] = [
    {
      name: "by the default of a key that is blank",
      before: 'ports:\n- port: 9090\n  protocol: ""\n  targetPort: 1\n',
      changes: [replace(at(`${web}.targetPort`), 2)],
      after: 'ports:\n- port: 9090\n  protocol: ""\n  targetPort: 2\n',
    },
    {
      name: "by null for a key that is left out and has no default",
      before: "listeners:\n- port: 1\n  section: a\n- port: 1\n  v: 1\n",
      changes: [
        replace(
          [{ kind: "field", name: "listeners" }, { kind: "key", keys: { port: 1, section: null } }, ...at("v")],
          2,
        ),
      ],
      after: "listeners:\n- port: 1\n  section: a\n- port: 1\n  v: 2\n",
    },
  ];

  it.each(cases)("$name", async ({ before, changes, after }) => {
    const result = await edited({ text: manifest(before), changes, schema });
    expect(result.codes).toEqual(["edited"]);
    expect(result.text).toBe(manifest(after));
  });
});

describe("an item whose key was changed is refused, and the file stays as it is,", () => {
  it("where Git has no item of that name: none is made for a change within it", async () => {
    const text = manifest(block);
    const changes = [replace(at("ports[port=1,protocol=TCP].port"), 2), add(at("ports[port=1,protocol=TCP].x"), 2)];
    const result = await edited({ text, schema, changes });
    expect(result.codes).toEqual(["not-found", "not-found"]);
    expect(result.text).toBe(text);
  });

  it("where the item's new keys are another's, and a field of it changes too", async () => {
    const text = manifest(`ports:\n- {port: 9091, targetPort: 1}\n${block.replace("ports:\n", "")}`);
    const changes = [replace(at(`${web}.port`), 9091), replace(at(`${web}.targetPort`), 8081)];
    const result = await edited({ text, schema, changes });
    expect(result.codes).toContain("proof-failed");
    expect(result.text).not.toContain("port: 9090, targetPort: 8081");
    expect(result.text).toContain("{port: 9091, targetPort: 1}");
  });

  it("where rendering again gives another number, or another item besides", async () => {
    const text = manifest(block);
    const [desired] = objectsOf("a.yaml", text);
    if (desired === undefined) throw new Error("the text has no object");
    const changes = [replace(at(`${web}.port`), 9091), replace(at(`${web}.targetPort`), 8081)];
    const wrong = [
      [{ name: "http", port: 9092, targetPort: 8081 }],
      [
        { name: "http", port: 9091, targetPort: 8081 },
        { port: 9090, targetPort: 8081 },
      ],
    ];
    for (const items of wrong) {
      const honest = plainRenderer({ "a.yaml": text });
      const result = await run({
        files: { "a.yaml": text },
        requests: [{ desired, changes, schema }],
        renderer: {
          render: async (changed) => {
            const rendered = await honest.render(changed);
            if (!("after" in rendered)) return rendered;
            const after = rendered.after.map((object) => ({
              ...object,
              value: withField(object.value, "ports", items),
            }));
            return { ...rendered, after };
          },
        },
      });
      expect(result.files).toEqual([]);
      expect(result.answers[0]).toMatchObject(changes.map(() => ({ refusal: { code: "proof-failed" } })));
    }
  });
});

function listItem(name: string): string {
  return `- apiVersion: v1\n  kind: A\n  metadata: {name: ${name}}\n  ports:\n  - port: 9090\n    name: http\n`;
}

interface Port {
  readonly name: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP" | undefined;
  readonly targetPort: number;
}

const portList = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom("a", "b", "c", "d"),
    port: fc.integer({ min: 1, max: 5 }),
    protocol: fc.constantFrom<Port["protocol"]>(undefined, "TCP", "UDP"),
    targetPort: fc.integer({ min: 1, max: 3 }),
  }),
  {
    minLength: 1,
    maxLength: 4,
    comparator: (a, b) => a.name === b.name || (a.port === b.port && (a.protocol ?? "TCP") === (b.protocol ?? "TCP")),
  },
);

function service(items: readonly Port[], flow: boolean): string {
  const lines = items.map(({ name, port, protocol, targetPort }) => {
    const pairs = [`name: ${name}`, `port: ${port}`, `targetPort: ${targetPort}`];
    if (protocol !== undefined) pairs.splice(1, 0, `protocol: ${protocol}`);
    return flow ? `  - {${pairs.join(", ")}}\n` : `  - ${pairs.join("\n    ")}\n`;
  });
  return `apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n${lines.join("")}`;
}

describe("whatever became of a Service's ports", () => {
  it("all of it is codified, and comparing again finds nothing", async () => {
    const one = fc.asyncProperty(portList, portList, fc.boolean(), async (ours, theirs, flow) => {
      const text = service(ours, flow);
      const whole = theirs.map((port) => ({ ...port, protocol: port.protocol ?? "TCP" }));
      const live = objectsOf("live.yaml", service(whole, true))[0]?.value as ValueMap;
      const { changes } = compared(objectsOf("a.yaml", text)[0]?.value as ValueMap, live);
      const known = builtinSchemas.schemaOf("v1", "Service");
      const result = await edited({ text, changes, ...(known === undefined ? {} : { schema: known }) });
      expect(result.codes).toEqual(changes.map(() => "edited"));
      const again = compared(objectsOf("a.yaml", result.text)[0]?.value as ValueMap, live);
      expect(told(again.changes)).toEqual([]);
    });
    await fc.assert(one, { numRuns: 300 });
  });
});
