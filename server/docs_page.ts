/**
 * The page behind `/docs`: the OpenAPI document as HTML. It has no scripts and loads nothing.
 *
 * @module
 */
import { html, raw } from "hono/html";
import { exampleOf, rowsOf, type SchemaRow, type Schemas, typeOf } from "./docs_schema.ts";
import { DOCS_STYLE } from "./docs_style.ts";
import type { Content, OpenApiDocument, OpenApiObject, Operation } from "./openapi.ts";

/** HTML whose interpolated text is escaped. */
type Html = ReturnType<typeof html>;

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** Renders the document for a reader who reaches the server at `origin`. */
export async function docsPage(document: OpenApiDocument, origin: string): Promise<string> {
  const entries = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method, path, operation }))
  );
  const { schemas } = document.components;
  const groups = document.tags.map(({ name }) => ({
    name,
    entries: entries.filter(({ operation }) => operation.tags.includes(name)),
  }));
  // The formatter indents what stands in a template, and `pre` would show it.
  const setup = `export WAYBILL_URL=${origin}\nexport WAYBILL_TOKEN=…`;
  const page = html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${document.info.title} API</title>
        <style>${raw(DOCS_STYLE)}</style>
      </head>
      <body>
        <nav aria-label="Contents">
    ${groups.map(({ name, entries }) => navigation(name, entries))}
    <a href="#schemas">Schemas</a>
        </nav>
        <main>
    <h1>${document.info.title} API</h1>
    <p>${inCode(document.info.description)}</p>
    <p>Every path under <code>/api</code> needs a token, every one under <code>/v1</code> an API key. The machine-readable form of this page is
    <a href="/openapi.json">openapi.json</a>. For the examples below, set:</p>
    <pre>${setup}</pre>
    ${groups.map(({ name, entries }) => section(name, entries, schemas))}
    <h2 id="schemas">Schemas</h2>
    ${Object.entries(schemas).map(([name, schema]) => component(name, schema, schemas))}
        </main>
      </body>
    </html>
  `;
  return String(await page);
}

function navigation(name: string, entries: readonly Entry[]): Html {
  return html`<strong>${name}</strong><ul>${
    entries.map(({ operation }) => html`<li><a href="#${operation.operationId}">${operation.summary}</a></li>`)
  }</ul>`;
}

function section(name: string, entries: readonly Entry[], schemas: Schemas): Html {
  return html`<h2>${name}</h2>${entries.map((entry) => operationOf(entry, schemas))}`;
}

function operationOf({ method, path, operation }: Entry, schemas: Schemas): Html {
  const { description, parameters, requestBody, responses } = operation;
  const given = parameters.map(({ name, required, description, schema, in: place }) => ({
    name,
    type: `${typeOf(schema)}, in the ${place}`,
    required,
    text: description ?? "",
  }));
  return html`
    <details class="operation" id="${operation.operationId}">
      <summary><span class="method ${method}">${method}</span><code>${path}</code><span class="quiet">${operation
        .summary}</span></summary>
      <div>
    ${description === undefined ? "" : html`<p>${inCode(description)}</p>`}
    ${given.length === 0 ? "" : html`<h3>Parameters</h3>${table(given)}`}
    ${requestBody === undefined ? "" : html`<h3>Body${requestBody.required ? "" : " (may be left out)"}</h3>${
      content(
        requestBody.content,
        (schema, type) => type === JSON_TYPE ? table(rowsOf(schema, schemas)) : html`<p class="quiet">${type}</p>`,
      )
    }`}
    <h3>Example</h3>
    <pre>${curl(method, path, operation, schemas)}</pre>
    <h3>Answers</h3>
    ${Object.entries(responses).map(([status, response]) => answer(status, response, schemas))}
      </div>
    </details>
  `;
}

function answer(status: string, response: Operation["responses"][string], schemas: Schemas): Html {
  const isFailure = !status.startsWith("2");
  return html`<p><code>${status}</code> ${response.description}</p>${
    isFailure
      ? ""
      : content(response.content ?? {}, (schema, type) =>
        type === JSON_TYPE
          ? html`<pre>${JSON.stringify(exampleOf(schema, schemas), null, 2)}</pre>`
          : html`<p class="quiet">${type}</p>`)
  }`;
}

function component(name: string, schema: OpenApiObject, schemas: Schemas): Html {
  const rows = rowsOf(schema, schemas);
  return html`
    <details class="operation" id="schema-${name}">
      <summary><code>${name}</code></summary>
      <div>${rows.length === 0 ? html`<p><code>${typeOf(schema)}</code></p>` : table(rows)}</div>
    </details>
  `;
}

function table(rows: readonly SchemaRow[]): Html {
  return html`
    <table>
      <thead>
        <tr>
          <th>Name</th>
          <th>Type</th>
          <th>What it is</th>
        </tr>
      </thead>
      <tbody>${rows.map(({ name, type, required, text }) =>
        html`
          <tr>
            <td><code>${name}</code>${required ? "" : html`
              <span class="quiet">optional</span>
            `}</td>
            <td><code>${type}</code></td>
            <td>${inCode(text)}</td>
          </tr>
        `
      )}</tbody>
    </table>
  `;
}

const JSON_TYPE = "application/json";

function content(content: Content, render: (schema: OpenApiObject, type: string) => Html): Html[] {
  return Object.entries(content).map(([type, { schema }]) => render(schema, type));
}

function curl(method: string, path: string, operation: Operation, schemas: Schemas): string {
  const query = operation.parameters.filter(({ in: place, required }) => place === "query" && required)
    .map(({ name }) => `${name}=…`).join("&");
  const parts = [`curl "$WAYBILL_URL${path}${query === "" ? "" : `?${query}`}"`];
  if (method !== "get") parts.unshift(parts.pop() + ` -X ${method.toUpperCase()}`);
  const isBulk = operation.security.some((way) => "basic" in way);
  if (isBulk) parts.push('-u "$WAYBILL_API_KEY:$WAYBILL_API_SECRET"');
  else if (operation.security.length > 0) parts.push('-H "Authorization: Bearer $WAYBILL_TOKEN"');
  const [body] = Object.entries(operation.requestBody?.content ?? {});
  if (body !== undefined) {
    const [type, { schema }] = body;
    const sent = type === JSON_TYPE ? `-d '${JSON.stringify(exampleOf(schema, schemas), null, 2)}'` : "-T FILE";
    parts.push(`-H 'Content-Type: ${type}'`, sent);
  }
  return parts.join(" \\\n  ");
}

/** Text in which `…` marks code. */
function inCode(text: string): Html[] {
  return text.split("`").map((part, index) => index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`);
}
