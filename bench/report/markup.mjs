// @ts-check

/** Text that is HTML already. */
class Markup {
  /** @param {string} text */
  constructor(text) {
    this.text = text
  }
}

/**
 * HTML in which every value is escaped but what is markup itself; lists are joined, and `undefined` is nothing.
 *
 * @param {TemplateStringsArray} parts
 * @param {...unknown} values
 */
export function markup(parts, ...values) {
  return new Markup(parts.map((part, index) => `${index === 0 ? "" : render(values[index - 1])}${part}`).join(""))
}

/** @param {string} text */
export const trusted = (text) => new Markup(text)

/**
 * @param {unknown} value
 * @returns {string}
 */
function render(value) {
  if (value === undefined) return ""
  if (value instanceof Markup) return value.text
  return Array.isArray(value) ? value.map(render).join("") : escape(String(value))
}

/** @param {string} text */
const escape = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
