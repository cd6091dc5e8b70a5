class D1Statement {
  constructor(database, text, values = []) { Object.assign(this, { database, text, values }); }
  bind(...values) {
    return new D1Statement(this.database, this.text, values.map((value) => {
      if (typeof value === "boolean") return value ? 1 : 0;
      if (ArrayBuffer.isView(value)) return value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
      if (Array.isArray(value)) return new Uint8Array(value).buffer;
      if (value === null || ["string", "number"].includes(typeof value) || value instanceof ArrayBuffer) return value;
      throw new Error(`D1_TYPE_ERROR: Type '${typeof value}' not supported for value '${value}'`);
    }));
  }
  async all() { return (await this.database.run([this]))[0]; }
  async run() { return this.all(); }
  async first(column) {
    const [row] = (await this.all()).results;
    if (row === undefined) return null;
    if (column === undefined) return row;
    if (!(column in row)) throw new Error(`D1_COLUMN_NOTFOUND: Column not found (${column})`);
    return row[column];
  }
  async raw(options) {
    const [{ columns, rows }] = await this.database.ask([this]);
    return options?.columnNames ? [columns, ...rows] : rows;
  }
}

export class D1Database {
  #stub;
  constructor(stub) { this.#stub = stub; }
  prepare(text) { return new D1Statement({ run: (s) => this.batch(s), ask: (s) => this.#ask(s) }, text); }
  async #ask(statements) {
    try {
      return await this.#stub.run(statements.map(({ text, values }) => ({ text, values })));
    } catch (error) {
      throw new Error("D1_ERROR: " + error.message, { cause: error });
    }
  }
  async batch(statements) {
    const started = Date.now();
    return (await this.#ask(statements)).map(({ columns, rows, read, written, changes, id, size }) => ({
      success: true,
      results: rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, value(row[i])]))),
      meta: {
        served_by: "local", duration: Date.now() - started, changes, last_row_id: id, changed_db: changes > 0,
        size_after: size, rows_read: read, rows_written: written,
      },
    }));
  }
  async exec(text) {
    const started = Date.now();
    await this.#ask([{ text, values: [] }]);
    return { count: text.split(";").filter((part) => part.trim()).length, duration: Date.now() - started };
  }
  withSession() { return Object.assign(Object.create(this), { prepare: this.prepare.bind(this), batch: this.batch.bind(this), getBookmark: () => null }); }
}

const value = (cell) => (cell instanceof ArrayBuffer ? [...new Uint8Array(cell)] : cell);
