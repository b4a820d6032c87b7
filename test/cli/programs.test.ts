import { describe, expect, test } from "vitest";
import { collectExec, collectPlugin, grantedPrograms } from "../../src/cli/programs.ts";

describe("programs on the command line", () => {
  test("are paths of the repository and of this machine, and commands by name", () => {
    const allowExec = ["./plugins//labels.sh", "/usr/bin/x"].reduce<readonly string[]>(
      (before, one) => collectExec(one, before),
      [],
    );
    const plugin = collectPlugin('b=["/bin/sh", "-c", "echo a b"]', collectPlugin("a=/bin/x --y=z  1", []));
    expect(grantedPrograms({ allowExec, plugin })).toEqual({
      programs: {
        functions: ["plugins/labels.sh", "/usr/bin/x"],
        plugins: new Map([
          ["a", ["/bin/x", "--y=z", "1"]],
          ["b", ["/bin/sh", "-c", "echo a b"]],
        ]),
      },
    });
    expect(grantedPrograms({ allowExec: [], plugin: [] })).toEqual({});
  });

  test.each(["../x", "a/../../x", ".", ""])("are refused: --allow-exec %j", (value) => {
    expect(() => collectExec(value, [])).toThrow("Write a path");
  });

  test("are one for each plugin", () => {
    const before = collectPlugin("tanka=/bin/a", []);
    expect(() => collectPlugin("tanka=/bin/b", before)).toThrow('The plugin "tanka" has a command already');
    expect(collectPlugin("other=/bin/b", before)).toHaveLength(2);
  });

  test.each(["x", "=/bin/sh", "a=", "a=sh -c x", 'a=["sh"]', "a=[/bin/sh]", "a=[1]", "a=[]"])(
    "are refused: --plugin %j",
    (value) => {
      expect(() => collectPlugin(value, [])).toThrow("Write NAME=COMMAND");
    },
  );
});
