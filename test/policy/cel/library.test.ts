// Facts of kubernetes/apiserver `pkg/cel/library/*_test.go` and cel-go `ext/*_test.go`, in tables of our own.
import { describe, expect, test } from "vitest";
import { libraryEnvironment } from "../../../src/policy/environment.ts";
import { compileExpression } from "../../../src/policy/cel/expression.ts";

const environment = libraryEnvironment();

function run(source: string): unknown {
  const compiled = compileExpression(environment, source);
  if (compiled.kind === "cel-error") return "does not compile";
  const result = compiled.evaluate({});
  return result.kind === "value" ? result.value : "error";
}

const TRUE: Readonly<Record<string, readonly string[]>> = {
  lists: [
    "[].isSorted() && [1].isSorted() && [1, 2, 2, 3].isSorted() && !['b', 'a'].isSorted()",
    "[1.0, 2.0].isSorted() && [duration('1s'), duration('2s')].isSorted()",
    "[1, 3].sum() == 4 && [1.0, 3.0].sum() == 4.0 && [1u, 3u].sum() == 4u",
    "[duration('1m'), duration('1s')].sum() == duration('1m1s') && [].sum() == 0",
    "[3, 1, 2].min() == 1 && [3, 1, 2].max() == 3 && ['b', 'a'].min() == 'a'",
    "['a', 'b', 'b', 'c'].indexOf('b') == 1 && ['a', 'b', 'b'].lastIndexOf('b') == 2 && ['a'].indexOf('x') == -1",
    "dyn([1, 'a']).indexOf('a') == 1",
  ],
  regex: [
    "'this is a 123 string 456'.find('[0-9]+') == '123' && 'nothing'.find('[0-9]+') == ''",
    "'123 abc 456'.findAll('[0-9]+') == ['123', '456'] && '123 abc 456'.findAll('[0-9]+', 1) == ['123']",
    "'123 abc 456'.findAll('[0-9]+', 0) == [] && 'a'.findAll('[0-9]') == []",
    "'foobar'.matches('o+b') && matches('foobar', 'bar$') && !'foobar'.matches('^bar')",
    "'a\\nb'.matches('(?s)a.b') && !'Foo'.matches('foo') && 'Foo'.matches('(?i)foo')",
  ],
  strings: [
    "'tacocat'.charAt(3) == 'o' && 'tacocat'.charAt(7) == '' && '©αT'.charAt(1) == 'α'",
    "'tacocat'.indexOf('') == 0 && 'tacocat'.indexOf('ac') == 1 && 'tacocat'.indexOf('none') == -1",
    "'tacocat'.indexOf('', 3) == 3 && 'tacocat'.indexOf('a', 3) == 5 && 'ta©o©αT'.indexOf('©') == 2 && 'ta©o©αT'.indexOf('©', 3) == 4",
    "'tacocat'.lastIndexOf('') == 7 && 'tacocat'.lastIndexOf('at') == 5 && 'ta©o©αT'.lastIndexOf('©') == 4 && 'ta©o©αT'.lastIndexOf('©', 3) == 2",
    "'TacoCat'.lowerAscii() == 'tacocat' && 'TacoCÆt'.lowerAscii() == 'tacocÆt' && 'tacoCαt'.upperAscii() == 'TACOCαT'",
    "'12 days 12 hours'.replace('{0}', '2') == '12 days 12 hours' && '{0} days {0} hours'.replace('{0}', '2') == '2 days 2 hours'",
    "'{0} days {0} hours'.replace('{0}', '2', 1).replace('{0}', '23') == '2 days 23 hours' && 'aa'.replace('a', 'b', 0) == 'aa'",
    "'a'.replace('', '-') == '-a-' && 'ab'.replace('', '-', 2) == '-a-b'",
    "'hello world'.split(' ') == ['hello', 'world'] && 'hello world events!'.split(' ', 0) == [] && 'a b c'.split(' ', 2) == ['a', 'b c']",
    "'abc'.split('') == ['a', 'b', 'c'] && 'a b c'.split(' ', -1) == ['a', 'b', 'c']",
    "'tacocat'.substring(4) == 'cat' && 'tacocat'.substring(7) == '' && 'tacocat'.substring(0, 4) == 'taco' && 'ta©o©αT'.substring(2, 6) == '©o©α'",
    "' \\t a b \\n'.trim() == 'a b' && ['x', 'y'].join() == 'xy' && ['x', 'y'].join(' ') == 'x y' && [].join('-') == ''",
    "strings.quote('first\\nsecond') == '\"first\\\\nsecond\"'",
  ],
  format: [
    "'%s is %d years, %.1f m, 100%%'.format(['Ann', 42, 1.75]) == 'Ann is 42 years, 1.8 m, 100%'",
    "'%x %X %b %o'.format([255, 'hi', 5, 8]) == 'ff 6869 101 10' && '%s'.format([[1, 'a', true]]) == '[1, a, true]'",
    "'%s'.format([{'b': 1, 'a': null}]) == '{a: null, b: 1}' && '%e'.format([1500.0]) == '1.500000e+03'",
  ],
  quantity: [
    "isQuantity('20') && isQuantity('20Mi') && !isQuantity('20Mo') && !isQuantity('10Mm')",
    "quantity('200M') == quantity('0.2G') && quantity('200M') != quantity('0.3G') && quantity('2000k') == quantity('2M')",
    "quantity('50M').isLessThan(quantity('50Mi')) && !quantity('100M').isLessThan(quantity('50M'))",
    "quantity('50Mi').isGreaterThan(quantity('50M')) && quantity('200M').compareTo(quantity('0.2G')) == 0 && quantity('50M').compareTo(quantity('50Mi')) == -1",
    "quantity('50k').add(quantity('20')) == quantity('50.02k') && !quantity('50k').add(20).isLessThan(quantity('50020'))",
    "quantity('50k').sub(quantity('20')) == quantity('49.98k') && quantity('50k').add(20).sub(quantity('100k')).sub(-50000).asInteger() == 20",
    "quantity('50k').asInteger() == 50000 && quantity('50').isInteger() && !quantity('9999999999999999999999999999999999999G').isInteger()",
    "quantity('50.703k').asApproximateFloat() == 50703.0 && quantity('-1').sign() == -1",
  ],
  "ip and cidr": [
    "isIP('192.168.0.1') && !isIP('192.168.0.1.0') && !isIP('192.168.0.01') && isIP('2001:db8::68') && !isIP('2001:db8:::68') && !isIP('::ffff:1.2.3.4')",
    "ip.isCanonical('127.0.0.1') && ip.isCanonical('2001:db8::68') && !ip.isCanonical('2001:DB8::68')",
    "ip('192.168.0.1').family() == 4 && ip('2001:db8::68').family() == 6 && string(ip('2001:0db8:0:0::68')) == '2001:db8::68'",
    "ip('0.0.0.0').isUnspecified() && ip('::').isUnspecified() && !ip('127.0.0.1').isUnspecified()",
    "ip('127.0.0.1').isLoopback() && ip('::1').isLoopback() && !ip('1.2.3.4').isLoopback()",
    "ip('224.0.0.1').isLinkLocalMulticast() && !ip('224.0.1.1').isLinkLocalMulticast() && ip('ff02::1').isLinkLocalMulticast() && !ip('fd00::1').isLinkLocalMulticast()",
    "ip('169.254.169.254').isLinkLocalUnicast() && ip('fe80::1').isLinkLocalUnicast() && !ip('fd80::1').isLinkLocalUnicast()",
    "ip('192.168.0.1').isGlobalUnicast() && !ip('255.255.255.255').isGlobalUnicast() && ip('2001:db8::abcd').isGlobalUnicast() && !ip('ff00::1').isGlobalUnicast()",
    "ip('::1') == ip('0:0:0:0:0:0:0:1') && ip('1.2.3.4') != ip('1.2.3.5')",
    "isCIDR('192.168.0.0/24') && !isCIDR('192.168.0.0/') && !isCIDR('192.168.0.0/33') && isCIDR('2001:db8::/32')",
    "cidr('192.168.0.0/24').containsIP('192.168.0.1') && !cidr('192.168.0.0/24').containsIP(ip('192.168.1.1')) && !cidr('0.0.0.0/0').containsIP('::1')",
    "cidr('192.168.0.0/24').containsCIDR('192.168.0.0/25') && !cidr('192.168.0.0/24').containsCIDR(cidr('192.168.0.0/23')) && cidr('2001:db8::/32').containsCIDR('2001:db8::/33')",
    "cidr('192.168.0.0/24').ip() == ip('192.168.0.0') && cidr('192.168.0.1/24').masked() == cidr('192.168.0.0/24') && cidr('2001:db8::/32').prefixLength() == 32",
    "string(cidr('192.168.0.0/24')) == '192.168.0.0/24'",
  ],
  url: [
    "isURL('https://example.com:80/') && isURL('/absolute') && !isURL('../relative') && !isURL('https://a:b:c/') && !isURL('')",
    "url('https://example.com:80/path').getScheme() == 'https' && url('https://example.com:80/').getHost() == 'example.com:80' && url('https://[::1]:80/').getHostname() == '::1'",
    "url('https://example.com/').getPort() == '' && url('https://[::1]:80/').getPort() == '80' && url('/path').getHost() == ''",
    "url('https://example.com/with space/'.replace(' ', '%20')).getEscapedPath() == '/with%20space/'",
    "url('https://e.com/?k1=a&k2=b&k2=c').getQuery() == {'k1': ['a'], 'k2': ['b', 'c']} && url('https://e.com/').getQuery().size() == 0",
  ],
  semver: [
    "isSemver('1.2.3-beta.1+build.1') && !isSemver('') && !isSemver('v1.0.0') && !isSemver(' 1.0.0') && !isSemver('01.01.01') && !isSemver('1.1')",
    "isSemver('v1.0.0', true) && isSemver('01.01.01', true) && isSemver('1', true) && !isSemver('1. 0.0', true) && !isSemver('', true)",
    "semver('v01.01', true) == semver('1.1.0') && semver('1.2.3') != semver('1.0.0')",
    "semver('1.0.0').isLessThan(semver('1.2.3')) && semver('1.0.0-alpha').isLessThan(semver('1.0.0')) && semver('1.0.0-alpha.2').isLessThan(semver('1.0.0-alpha.10'))",
    "semver('1.2.3').compareTo(semver('1.0.0')) == 1 && semver('1.2.3').major() == 1 && semver('1.2.3').minor() == 2 && semver('1.2.3').patch() == 3",
  ],
  sets: [
    "sets.contains([1, 2, 3], [3, 1]) && sets.contains([], []) && !sets.contains([1], [1, 2]) && sets.contains([1.0], [1])",
    "sets.equivalent([1, 2], [2, 1, 1]) && !sets.equivalent([1], [2]) && sets.intersects([1, 2], [2]) && !sets.intersects([], [1])",
  ],
  "named formats": [
    "!format.dns1123Label().validate('my-label').hasValue() && format.dns1123Label().validate('My').hasValue() && !format.dns1123LabelPrefix().validate('my-').hasValue()",
    "!format.dns1123Subdomain().validate('a.b').hasValue() && !format.qualifiedName().validate('a.io/b').hasValue() && !format.labelValue().validate('').hasValue()",
    "format.named('uuid').value().validate('nope').hasValue() && !format.named('unknown').hasValue() && format.date().validate('2021-13-01').hasValue()",
  ],
  math: [
    "math.greatest(1, 2.5, 2) == 2.5 && math.least([3, 1]) == 1 && math.ceil(1.2) == 2.0 && math.round(-1.5) == -2.0 && math.abs(-3) == 3",
  ],
  "json patch": ["jsonpatch.escapeKey('k8s.io/my~label') == 'k8s.io~1my~0label'"],
  optionals: [
    "{'a': 1}.?a.orValue(2) == 1 && {'a': 1}.?b.orValue(2) == 2 && {'a': {'b': 1}}.?x.?b.hasValue() == false",
    "[1][?3].orValue(0) == 0 && optional.of(1).optMap(v, v + 1).value() == 2 && optional.none().optMap(v, v).hasValue() == false",
    "optional.ofNonZeroValue('').hasValue() == false && optional.of(2).optFlatMap(v, optional.of(v * 2)).value() == 4 && optional.none().or(optional.of(1)).value() == 1",
  ],
  "two-variable comprehensions": [
    "[1, 2].all(i, v, i + 1 == v) && {'a': 1}.exists(k, v, k == 'a' && v == 1) && ![1, 1].existsOne(i, v, v == 1)",
    "[1, 2].transformList(i, v, i * v) == [0, 2] && [1, 2].transformList(i, v, i > 0, v) == [2]",
    "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2} && {'a': 'x'}.transformMapEntry(k, v, {v: k}) == {'x': 'a'}",
    "[1, 0].exists(i, v, 1 / v == 1) && ![0, 1].all(i, v, 1 / v == 2)",
  ],
  numbers: [
    "9007199254740993 + 1 == 9007199254740994 && 7 / 2 == 3 && -7 % 3 == -1 && int('-12') == -12 && int(3.9) == 3",
    "dyn(1) == 1.0 && 2 > 1.5 && int(timestamp('1970-01-01T00:01:00Z')) == 60 && string(duration('90s')) == '90s'",
  ],
  "has()": [
    "has({'a': null}.a) && !has({'a': 1}.b) && has([{'a': 1}][0].a) && !has(dyn({'a': null}).a.b) && !has(dyn({'a': 'text'}).a.b)",
  ],
};

const WRONG: readonly string[] = [
  "quantity('10Mo')",
  "quantity('9999999999999999999999999999999999999G').asInteger()",
  "ip('192.168.0.1.0')",
  "ip.isCanonical('127.0.0.1.0')",
  "cidr('192.168.0.0/')",
  "isIP(cidr('192.168.0.0/24'))",
  "url('../x')",
  "semver('v1.0')",
  "[].min()",
  "'tacocat'.charAt(30)",
  "'tacocat'.substring(40)",
  "'tacocat'.substring(3, 1)",
  "'a'.matches('(')",
  "'%d'.format(['x'])",
  "'%s'.format([])",
  "int('')",
  "int('1_0')",
  "9223372036854775807 + 1",
  "1 / 0",
  "has({}.a.b)",
  "matches(1, 'a')",
  "unknown.variable",
  "[1, 2].all(i, v)",
  "[0, 2].exists(i, v, 1 / v == 1)",
  "[0, 1].all(i, v, 1 / v == 1)",
];

describe("Kubernetes' CEL libraries", () => {
  for (const [library, expressions] of Object.entries(TRUE)) {
    test.each(expressions)(`${library}: %s`, (source) => expect(run(source)).toBe(true));
  }
  test.each(WRONG)("an error, never a value: %s", (source) =>
    expect(["error", "does not compile"]).toContain(run(source)),
  );
});

describe("the engine", () => {
  test("a pattern that takes a backtracking matcher forever is matched at once", () => {
    const started = performance.now();
    expect(run(`'${"a".repeat(5000)}!'.matches('^(a+)+$') || '${"a".repeat(5000)}!'.find('(a|aa)+$') != ''`)).toBe(
      false,
    );
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test("calls in strings and comments are left alone, and positions are the author's", () => {
    expect(run("'matches(' + \"has(\" + r'split(' == 'matches(has(split(' // int('x')")).toBe(true);
    const wrong = compileExpression(environment, "'a'.matches('b') && nothing");
    expect(wrong).toMatchObject({ kind: "cel-error", phase: "compile", offset: 20 });
    expect(compileExpression(environment, "'a'.matches(1)")).toMatchObject({
      message: expect.stringContaining(".matches(int)"),
    });
  });

  test("a bomb of nesting is an error", () => {
    expect(run(`${"(".repeat(5000)}1${")".repeat(5000)}`)).toBe("does not compile");
    expect(run(`${"[".repeat(200)}${"]".repeat(200)}.size() >= 0`)).toBe(true);
  });
});
