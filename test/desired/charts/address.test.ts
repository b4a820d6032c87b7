import { describe, expect, test } from "vitest";
import { addressText, chartAddress, grantFor } from "../../../src/desired/charts/address.ts";
import { isPublicAddress } from "../../../src/desired/charts/public-address.ts";

describe("an address of charts", () => {
  test.each([
    ["https://charts.example.com", "https://charts.example.com"],
    ["HTTPS://Charts.Example.com/Stable/", "https://charts.example.com/Stable"],
    ["oci://ghcr.io/acme/charts", "oci://ghcr.io/acme/charts"],
    ["http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"],
    ["https://[2606:4700::1]:443/a", "https://[2606:4700::1]:443/a"],
  ])("is read: %s", (written, read) => {
    const address = chartAddress(written);
    expect(address === undefined ? undefined : addressText(address)).toBe(read);
  });

  test.each([
    "",
    "charts.example.com",
    "file:///etc",
    "git+https://example.com/a",
    "https://me:secret@example.com/a",
    "https://example.com/a?token=secret",
    "https://example.com/a#b",
    "https://example.com/a/../b",
    "https://example.com/./a",
    "https://example.com//a",
    "https://example.com/%2e%2e/a",
    "https://example.com\\@127.0.0.1/",
    "https://exämple.com/",
    "https://example.com/a b",
    "https://example.com/\u202ea",
    "https:///a",
    `https://example.com/${"a".repeat(2000)}`,
  ])("is refused: %j", (written) => {
    expect(chartAddress(written)).toBeUndefined();
  });
});

function covered(grant: string, asked: string): boolean {
  const address = chartAddress(asked);
  return address !== undefined && grantFor(address, [{ address: grant }]) !== undefined;
}

describe("a grant", () => {
  test.each([
    ["https://charts.example.com", "https://charts.example.com/any/thing", true],
    ["https://charts.example.com/stable", "https://charts.example.com/stable", true],
    ["https://charts.example.com/stable/", "https://charts.example.com/stable/web", true],
    ["https://charts.example.com/stable", "https://charts.example.com/stables", false],
    ["https://charts.example.com/stable", "https://charts.example.com/Stable", false],
    ["https://charts.example.com", "http://charts.example.com", false],
    ["https://charts.example.com", "https://charts.example.com:443", true],
    ["https://charts.example.com", "https://charts.example.com:8443", false],
    ["https://example.com", "https://charts.example.com", false],
    ["https://charts.example.com", "https://charts.example.com.evil.net", false],
    ["oci://ghcr.io/acme", "oci://ghcr.io/acme/web", true],
    ["oci://ghcr.io/acme", "oci://ghcr.io/acme2", false],
    ["public", "https://charts.example.com", true],
    ["public", "oci://ghcr.io/acme", true],
    ["public", "http://charts.example.com", false],
    ["public", "https://localhost", false],
    ["public", "https://a.localhost", false],
    ["public", "https://intranet", false],
    ["public", "https://169.254.169.254", false],
    ["public", "https://0x7f.1", false],
    ["public", "https://2130706433", false],
    ["public", "https://[::1]", false],
    ["public", "https://[::ffff:10.0.0.1]", false],
    ["public", "https://1.1.1.1", true],
  ])("of %s for %s: %s", (grant, asked, expected) => {
    expect(covered(grant, asked)).toBe(expected);
  });

  test("that says most is the one that counts", () => {
    const address = chartAddress("https://charts.example.com/stable/web");
    if (address === undefined) throw new Error("no address");
    const grants = ["public", "https://charts.example.com", "https://charts.example.com/stable"];
    expect(
      grantFor(
        address,
        grants.map((one) => ({ address: one })),
      )?.address,
    ).toBe(grants[2]);
  });
});

describe("an IP address", () => {
  test.each(["1.1.1.1", "9.9.9.9", "172.32.0.1", "2606:4700::1111"])("is everybody's: %s", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  const others =
    "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.168.1.1 198.18.0.1 224.0.0.1 255.255.255.255 " +
    ":: ::1 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: 2001::1 ff02::1 example.com";
  test.each(others.split(" "))("is not: %s", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});
