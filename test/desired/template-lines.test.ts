// What a line of a template is taken for, before anything is rendered.

import { expect, test } from "vitest";
import { actionsOf } from "../../src/desired/field-origins/actions.ts";
import { templateLines } from "../../src/desired/field-origins/template-lines.ts";

/** Each line's keys, and what its value is made of: actions as their expressions, in angle brackets. */
function shown(template: string): readonly string[] {
  return templateLines(template).map(({ keys, anyKey, loose, segments }) => {
    const parts = segments.map((one) => {
      if (one.kind === "text") return one.text;
      const { start, end } = one.action.expression ?? { start: 0, end: 0 };
      return `<${template.slice(start, end)}>`;
    });
    return `${keys.join("/")}${anyKey ? "/*" : ""}: ${parts.join("")}${loose ? " (loose)" : ""}`;
  });
}

const LINES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  "a key": ["a: {{ .x }}\n", "a: <.x>"],
  "a key in quotes": ['"a.b/c": {{ .x }}\n', "a.b/c: <.x>"],
  "keys around it": ["a:\n  b: 1\n  c:\n    d: {{ .x }}\n", "a/c/d: <.x>"],
  "keys around it, with conditions between": ["a:\n  {{- if .y }}\n  c: {{ .x }}\n  {{- end }}\n", "a/c: <.x>"],
  "a list's item": ["a:\n  - {{ .x }}\n", "a: <.x>"],
  "a list as far to the left as its key": ["a:\n- {{ .x }}\n", "a: <.x>"],
  "an item's first key": ["a:\n- b: {{ .x }}\n", "a/b: <.x>"],
  "an item's second key": ["a:\n- b: 1\n  c: {{ .x }}\n", "a/c: <.x>"],
  brackets: ["a: {b: {{ .x }}, c: [1, {{ .y }}]}\n", "a/b: <.x>", "a/c: <.y>"],
  "text around it": ["a: x-{{ .x }}.{{ .y }}-z\n", "a: x-<.x>.<.y>-z"],
  quotes: ['a: "{{ .x }}: {{ .y }}"\n', "a: <.x>: <.y>"],
  "quotes within": ['a: "{{ default "}}" .x }}"\n', 'a: <default "}}" .x>'],
  "an escape": ['a: "\\t{{ .x }}"\n', "a: \\t<.x> (loose)"],
  "a comment behind": ["a: {{ .x }} # {{ .y }}\n", "a: <.x>"],
  "a comment": ["# a: {{ .x }}\n"],
  "a template's comment": ["{{/* a: {{ .x }} */}}a: {{ .x }}\n", "a: <.x>"],
  "a key that is worked out": ["a:\n  {{ .k }}: {{ .x }}\n", "a/*: <.x>"],
  "a key that is worked out, alone": ["{{ .k }}: 1\n"],
  "what decides": ["a: {{ if .x }}y{{ end }}\n"],
  "what decides, around it": ["a: {{ if .x }}{{ .x }}{{ end }}\n", "a: <.x>"],
  "what decides, within it": ["a: x{{ if .x }}{{ .x }}{{ end }}z\n", "a: x<><.x><>z (loose)"],
  "a variable": ["{{ $x := .y }}\n{{ $x = .y }}\n"],
  "what only writes it in another way": [
    'a: {{ .x | quote | nindent 4 }}\nb: {{ "| quote" }}\n',
    "a: <.x>",
    'b: <"| quote">',
  ],
  "blanks that are taken off": ["a: x  {{- .x -}}  y\n", "a: x<.x>y"],
  "an action over several lines": ["a: {{ default\n  1 .x }}\nb: {{ .y }}\n", "a: <default\n  1 .x>", "b: <.y>"],
  "an action alone, indented by itself": ["a:\n  b: |\n{{ .x | indent 4 }}\n", "a/b: <.x>"],
  "what is not closed": ["a: {{ .x }}\nb: {{ .y\n", "a: <.x>"],
  "a name that means something": ["__proto__: {{ .x }}\n", "__proto__: <.x>"],
};

test.each(Object.entries(LINES))("%s", (_name, [template, ...lines]) => {
  expect(shown(template)).toEqual(lines);
});

test.each([
  ["braces that are never closed", "{{".repeat(500_000)],
  ["actions on one line", "{{a}}".repeat(200_000)],
  ["actions on lines of their own", "a: {{ .x }}\n".repeat(80_000)],
  ["lines that go ever deeper", Array.from({ length: 1400 }, (_, at) => `${" ".repeat(at)}a: {{ .x }}`).join("\n")],
  ["quotes that are never closed", `{{ "${'\\"'.repeat(500_000)}`],
  ["dashes", `${"- ".repeat(500_000)}{{ .x }}`],
])("a large template comes to an end: %s", (_name, template) => {
  expect(templateLines(template).length).toBeLessThanOrEqual(actionsOf(template).length);
});
