import type { TokenCase } from "../case.js";
import type { TokenOpenOptions } from "../options.js";

type Names = Pick<TokenOpenOptions, "cookieName" | "namespace">;

/** A token is bound to the cookie's name and to the namespace, under one key. */
export const nameCases: readonly TokenCase[] = [
  apart("token-other-name", "a token of one cookie is none under another name", [
    { cookieName: "sid", namespace: "shop" },
    { cookieName: "sid2", namespace: "shop" },
    { cookieName: "SID", namespace: "shop" },
  ]),
  apart("token-other-namespace", "a token of one namespace is none in another", [
    { cookieName: "sid", namespace: "shop" },
    { cookieName: "sid", namespace: "shop2" },
    { cookieName: "sid", namespace: "Shop" },
  ]),
  apart("token-names-run-together", "where the name ends and the namespace begins makes a difference", [
    { cookieName: "ab", namespace: "c" },
    { cookieName: "a", namespace: "bc" },
    { cookieName: "a", namespace: "b:c" },
    { cookieName: "a.b", namespace: "c" },
    { cookieName: "a", namespace: "b.c" },
  ]),
  apart("token-namespace-units", "namespaces that differ in a unit that UTF-8 cannot express are two", [
    { cookieName: "sid", namespace: "shop\ud800" },
    { cookieName: "sid", namespace: "shop\ud801" },
    { cookieName: "sid", namespace: "shop\ufffd" },
  ]),
];

function apart(id: string, title: string, places: readonly Names[]): TokenCase {
  return {
    id,
    rule: "G7",
    title,
    guide: "#tokens",
    async run(kit) {
      const handles = await Promise.all(places.map((names) => kit.open(names)));
      for (const one of handles) {
        const record = kit.record();
        const token = one.seal(record);
        kit.opens(one, token, record, "open where it was sealed");
        for (const other of handles) if (other !== one) kit.refuses(other, token, "open elsewhere");
      }
    },
  };
}
