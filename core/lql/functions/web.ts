/**
 * Functions of web addresses.
 *
 * @module
 */
import { membersOf, toText } from "../values.ts";
import { type FunctionDeclaration, ofFirstText, ofTwoTexts, parameter } from "./declaration.ts";
import { decodeQuery, domainOf, splitUrl } from "./url.ts";

const URL_PARAMETER = parameter("url", "any");
const KEY = parameter("key", "text");

/** The declarations. */
export const WEB_FUNCTIONS: readonly FunctionDeclaration[] = [
  {
    name: "host",
    parameters: [URL_PARAMETER],
    result: "text",
    help: "The host of a web address, in lower case, without the port.",
    examples: [
      ['host("https://www.Example.com:8080/search?q=a")', "www.example.com"],
      ['host("www.example.com/?q=a")', "www.example.com"],
      ['host("notvalid")', undefined],
    ],
    build: ofFirstText((text) => splitUrl(text).host),
  },
  {
    name: "domain",
    parameters: [URL_PARAMETER],
    result: "text",
    help: "The domain of a web or e-mail address: the last two labels of the host, three where it ends like `co.uk`.",
    examples: [
      ['domain("https://www.example.com/a")', "example.com"],
      ['domain("ada@mail.example.co.uk")', "example.co.uk"],
      ["domain(missing)", undefined],
    ],
    build: ofFirstText((text) => domainOf(splitUrl(text).host)),
  },
  {
    name: "domains",
    parameters: [parameter("url", "any", { count: "repeated" })],
    result: "list",
    help: "The domains of all addresses in the arguments, each once.",
    examples: [['domains("www.example.com", "a@example.com", "x.example.org")', ["example.com", "example.org"]]],
    build: ({ args }) => (scope) => {
      const texts = args.flatMap((arg) => membersOf(arg(scope)).map(toText)).filter((text) => text !== undefined);
      const found = new Set(texts.map((text) => domainOf(splitUrl(text).host)).filter((name) => name !== undefined));
      return found.size === 0 ? undefined : [...found];
    },
  },
  {
    name: "path",
    parameters: [URL_PARAMETER],
    result: "text",
    help: "The path of a web address.",
    examples: [
      ['path("https://www.example.com/blog/Hello.html?a=1#b")', "/blog/Hello.html"],
      ['path("www.example.com/?q=a")', "/"],
      ['path("/home/ada")', "/home/ada"],
    ],
    build: ofFirstText((text) => splitUrl(text).path),
  },
  {
    name: "qs",
    parameters: [URL_PARAMETER, KEY],
    result: "text",
    help: "A parameter of a web address's query, decoded; the first of several.",
    examples: [
      ['qs("https://example.com/?utm_source=a+b%26c&x=1", "utm_source")', "a b&c"],
      ['qs("https://example.com/?x=1", "y")', undefined],
    ],
    build: ofTwoTexts((text, key) => {
      const found = splitUrl(text).query?.split("&").find((pair) => decodeQuery(pair.split("=", 1)[0] ?? "") === key);
      return found === undefined ? undefined : decodeQuery(found.slice(found.indexOf("=") + 1 || found.length));
    }),
  },
  {
    name: "urlmain",
    parameters: [URL_PARAMETER],
    result: "text",
    help: "Host and path of a web address.",
    examples: [['urlmain("https://www.example.com/search?q=a")', "www.example.com/search"]],
    build: ofFirstText((text) => {
      const { host, path } = splitUrl(text);
      return (host ?? "") + path;
    }),
  },
  {
    name: "urldecode",
    parameters: [URL_PARAMETER],
    result: "text",
    help: "Percent codes as the characters they mean, `+` as a space.",
    examples: [
      ['urldecode("hello+world")', "hello world"],
      ['urldecode("https%3A%2F%2Fexample.com")', "https://example.com"],
      ['urldecode("100%")', undefined],
    ],
    build: ofFirstText(decodeQuery),
  },
  {
    name: "urlminusqs",
    parameters: [URL_PARAMETER, KEY],
    result: "text",
    help: "A web address without one parameter of its query; the rest stays as it is written.",
    examples: [
      ['urlminusqs("http://example.com/s?q1=a&q2=b#c", "q1")', "http://example.com/s?q2=b#c"],
      ['urlminusqs("http://example.com/s?q1=a", "q1")', "http://example.com/s"],
      ['urlminusqs("http://example.com/s?q1=a", "q2")', "http://example.com/s?q1=a"],
    ],
    build: ofTwoTexts((text, key) => {
      const from = text.indexOf("?");
      if (from < 0) return text;
      const hash = text.indexOf("#", from);
      const end = hash < 0 ? text.length : hash;
      const left = text.slice(from + 1, end).split("&").filter((pair) =>
        decodeQuery(pair.split("=", 1)[0] ?? "") !== key
      );
      return text.slice(0, from) + (left.length === 0 ? "" : `?${left.join("&")}`) + text.slice(end);
    }),
  },
];

/** Functions of e-mail addresses. */
export const EMAIL_FUNCTIONS: readonly FunctionDeclaration[] = [
  {
    name: "email",
    parameters: [parameter("x", "any")],
    result: "text",
    help: "An e-mail address in lower case, without the name that may stand before it.",
    examples: [['email("Ada <Ada@Example.com>")', "ada@example.com"], ['email("Ada <ada>")', undefined]],
    form: "address",
    build: ofFirstText((text) => addressIn(text)?.address),
  },
  {
    name: "emailname",
    parameters: [parameter("x", "any")],
    result: "text",
    help: "The name that stands before an e-mail address in angle brackets.",
    examples: [['emailname("Ada L <ada@example.com>")', "Ada L"], ['emailname("ada@example.com")', undefined]],
    build: ofFirstText((text) => addressIn(text)?.name),
  },
  {
    name: "emaildomain",
    parameters: [parameter("x", "any")],
    result: "text",
    help: "What follows the @ of an e-mail address, in lower case.",
    examples: [['emaildomain("Ada<ada@Example.com>")', "example.com"]],
    build: ofFirstText((text) => addressIn(text)?.address.split("@")[1]),
  },
];

const ADDRESS = /^[^\s@<>()[\],;:"\\]+@[^\s@<>()[\],;:"\\.]+(?:\.[^\s@<>()[\],;:"\\.]+)*$/;

/** Whether an address stands as it is: small letters, digits and `.`, `_`, `+`, `-` about one @, no label empty. */
function isPlainAddress(text: string): boolean {
  let at = 0, before = POINT;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === AT) {
      if (at > 0 || i === 0) return false;
      at = i;
      before = POINT;
    } else if (code === POINT) {
      if (at > 0 && before === POINT) return false;
      before = POINT;
    } else if (code < 0x80 && PLAIN[code] === 1) before = code;
    else return false;
  }
  return at > 0 && before !== POINT;
}

const POINT = 0x2e, AT = 0x40;
const PLAIN = new Uint8Array(128);
for (const sign of "abcdefghijklmnopqrstuvwxyz0123456789_+-") PLAIN[sign.charCodeAt(0)] = 1;

/** `name <local@domain>` or `local@domain`. */
function addressIn(text: string): { readonly name: string; readonly address: string } | undefined {
  if (text.length > 1_000) return undefined;
  if (isPlainAddress(text)) return { name: "", address: text };
  const trimmed = text.trim();
  const open = trimmed.endsWith(">") ? trimmed.lastIndexOf("<") : -1;
  const address = (open < 0 ? trimmed : trimmed.slice(open + 1, -1)).trim().toLowerCase();
  if (!ADDRESS.test(address)) return undefined;
  const name = open < 0 ? "" : trimmed.slice(0, open).trim().replace(/^"(.*)"$/s, "$1");
  return { name, address };
}
