/**
 * Sums that do not depend on the order: decimal arithmetic on the shortest decimal texts of numbers.
 *
 * Doubles do not add up alike in every order, and the same events must give the same profiles in whatever batches. The
 * shortest text of a double (`0.1`) is what people wrote, and decimals add exactly: 0.1 + 0.2 is 0.3 here.
 *
 * @module
 */

/** `digits` × 10^−`scale`. */
interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

const POWERS = Array.from({ length: 16 }, (_, power) => 10 ** power);

/**
 * The exact sum of two numbers, each a number or the decimal text of one that no number holds exactly. The result is a
 * number where one says it exactly, by its shortest text and below 2^53 where it is whole; else its decimal text.
 * Commutative and associative. `undefined` for a text that is no decimal.
 */
export function exactSum(a: number | string, b: number | string): number | string | undefined {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(a) && Number.isSafeInteger(b) && Number.isSafeInteger(sum)) return sum + 0;
    const quick = sumOfFew(a, b);
    if (quick !== undefined) return quick;
  }
  const [x, y] = [decimalFrom(a), decimalFrom(b)];
  if (x === undefined || y === undefined) return undefined;
  const scale = Math.max(x.scale, y.scale);
  return shortest({ digits: scaled(x, scale) + scaled(y, scale), scale });
}

/**
 * Two decimals whose sum has at most 15 significant digits, of which a double keeps each: prices, mostly. Scaled to
 * whole numbers, they add exactly, and the division rounds to the very double that the decimal is the shortest text of.
 */
function sumOfFew(a: number, b: number): number | undefined {
  const places = Math.max(placesOf(a), placesOf(b));
  const power = POWERS[places];
  if (power === undefined || Math.abs(a) + Math.abs(b) > 1e15 / power) return undefined;
  return (Math.round(a * power) + Math.round(b * power)) / power + 0;
}

/** How many decimal places the number's shortest text has; 99 for more than 15 or an exponent. */
function placesOf(number: number): number {
  if (Number.isInteger(number)) return 0;
  const text = String(number);
  const point = text.indexOf(".");
  return point < 0 || text.includes("e") || text.length - point > 16 ? 99 : text.length - point - 1;
}

function scaled({ digits, scale }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(to - scale);
}

const FORM = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Whether the text is one that {@linkcode exactSum} adds: also that of a sum beyond the largest double. */
export function isDecimalText(text: string): boolean {
  return FORM.test(text);
}

function decimalFrom(value: number | string): Decimal | undefined {
  const found = FORM.exec(String(value));
  if (found === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = found;
  const digits = BigInt(whole + fraction) * (sign === "-" ? -1n : 1n);
  const scale = fraction.length - Number(exponent);
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

/** The one form of a decimal. */
function shortest(sum: Decimal): number | string {
  const text = plainText(sum);
  const number = Number(text);
  if (!Number.isFinite(number) || Number.isInteger(number) && !Number.isSafeInteger(number)) return text;
  const back = decimalFrom(number);
  if (back === undefined) return text;
  const scale = Math.max(back.scale, sum.scale);
  return scaled(back, scale) === scaled(sum, scale) ? number + 0 : text;
}

/** Without exponent, without zeros at the end of the fraction. */
function plainText({ digits, scale }: Decimal): string {
  const negative = digits < 0n;
  const text = (negative ? -digits : digits).toString().padStart(scale + 1, "0");
  const whole = text.slice(0, text.length - scale);
  let fraction = scale === 0 ? "" : text.slice(text.length - scale);
  let end = fraction.length;
  while (end > 0 && fraction.charCodeAt(end - 1) === 0x30) end--;
  fraction = fraction.slice(0, end);
  return `${negative ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}
