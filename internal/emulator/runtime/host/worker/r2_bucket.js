import { ask, body } from "./stub.js";

const toHex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16)).buffer;

const hashes = { md5: "MD5", sha1: "SHA-1", sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" };

/**
 * Returns the checksum that a put asks for, by algorithm. The value must match
 * it.
 */
async function checked(value, options) {
  const asked = Object.keys(hashes).filter((name) => options[name] !== undefined);
  if (asked.length > 1) throw new TypeError("You cannot specify multiple hashing algorithms.");
  const checksums = {};
  for (const name of asked) {
    const given = typeof options[name] === "string" ? options[name].toLowerCase() : toHex(options[name].buffer ?? options[name]);
    const actual = toHex(await crypto.subtle.digest(hashes[name], await new Response(value).arrayBuffer()));
    if (given !== actual) {
      throw new Error(`put: The ${hashes[name]} checksum you specified did not match what we received.\n` +
        `You provided a ${hashes[name]} checksum with value: ${given}\nActual ${hashes[name]} was: ${actual} (10037)`);
    }
    checksums[name] = actual;
  }
  return checksums;
}

class R2Checksums {
  #hex;
  constructor(hex) {
    this.#hex = hex;
    for (const [name, value] of Object.entries(hex)) this[name] = fromHex(value);
  }
  toJSON() { return { ...this.#hex }; }
}

class R2Object {
  constructor({ checksums, ...about }) {
    const md5 = /^[0-9a-f]{32}$/.test(about.etag) ? { md5: about.etag } : {};
    Object.assign(this, about, { uploaded: new Date(about.uploaded), httpEtag: `"${about.etag}"`, checksums: new R2Checksums({ ...md5, ...checksums }) });
    if (this.httpMetadata.cacheExpiry) this.httpMetadata.cacheExpiry = new Date(this.httpMetadata.cacheExpiry);
  }
  writeHttpMetadata(headers) {
    const names = { contentType: "content-type", contentLanguage: "content-language", contentDisposition: "content-disposition", contentEncoding: "content-encoding", cacheControl: "cache-control" };
    for (const [field, name] of Object.entries(names)) if (this.httpMetadata[field]) headers.set(name, this.httpMetadata[field]);
    if (this.httpMetadata.cacheExpiry) headers.set("expires", this.httpMetadata.cacheExpiry.toUTCString());
  }
}

class R2ObjectBody extends R2Object {
  #response;
  constructor(about, response) { super(about); this.#response = response; }
  get body() { return this.#response.body; }
  get bodyUsed() { return this.#response.bodyUsed; }
  arrayBuffer() { return this.#response.arrayBuffer(); }
  bytes() { return this.#response.bytes(); }
  text() { return this.#response.text(); }
  json() { return this.#response.json(); }
  blob() { return this.#response.blob(); }
}

const httpMetadata = (given) => {
  if (!(given instanceof Headers)) return given ?? {};
  const field = (name) => given.get(name) ?? undefined;
  return {
    contentType: field("content-type"), contentLanguage: field("content-language"), contentDisposition: field("content-disposition"),
    contentEncoding: field("content-encoding"), cacheControl: field("cache-control"),
  };
};

/** Reports whether a condition of R2 holds for an object. */
function holds(condition, object) {
  if (!condition) return true;
  if (condition instanceof Headers) {
    const time = (name) => (condition.has(name) ? new Date(condition.get(name)) : undefined);
    condition = {
      etagMatches: condition.get("if-match") ?? undefined, etagDoesNotMatch: condition.get("if-none-match") ?? undefined,
      uploadedBefore: time("if-unmodified-since"), uploadedAfter: time("if-modified-since"),
    };
  }
  const same = (list) => [list].flat().some((etag) => etag === "*" ? !!object : object?.etag === String(etag).replace(/^W\/|"/g, ""));
  if (condition.etagMatches !== undefined && !same(condition.etagMatches)) return false;
  if (condition.etagDoesNotMatch !== undefined && same(condition.etagDoesNotMatch)) return false;
  if (condition.uploadedBefore && !(object && object.uploaded < condition.uploadedBefore)) return false;
  if (condition.uploadedAfter && !(object && object.uploaded > condition.uploadedAfter)) return false;
  return true;
}

export class R2Bucket {
  #stub;
  constructor(stub) { this.#stub = stub; }
  async #about(response) { return response.status === 404 ? null : JSON.parse(decodeURIComponent(response.headers.get("x-object"))); }
  async head(key) {
    const about = await this.#about(await ask(this.#stub, "head", { key }, { method: "HEAD" }));
    return about && new R2Object(about);
  }
  async get(key, options = {}) {
    const headers = {};
    const { range } = options;
    if (range instanceof Headers) {
      if (range.has("range")) headers.range = range.get("range");
    } else if (range) {
      const { offset, length, suffix } = range;
      headers.range = suffix !== undefined ? `bytes=-${suffix}` : `bytes=${offset ?? 0}-${length === undefined ? "" : (offset ?? 0) + length - 1}`;
    }
    const response = await ask(this.#stub, "get", { key }, { headers });
    const about = await this.#about(response);
    if (!about) return null;
    if (!holds(options.onlyIf, new R2Object(about))) {
      await response.body?.cancel();
      return new R2Object(about);
    }
    const part = /^bytes (\d+)-(\d+)\//.exec(response.headers.get("content-range") ?? "");
    about.range = part ? { offset: +part[1], length: part[2] - part[1] + 1 } : { offset: 0, length: about.size };
    return new R2ObjectBody(about, response);
  }
  async put(key, value, options = {}) {
    if (options.onlyIf && !holds(options.onlyIf, await this.head(key))) return null;
    const content = value === null ? "" : await body(value);
    const about = {
      httpMetadata: httpMetadata(options.httpMetadata), customMetadata: options.customMetadata ?? {}, storageClass: options.storageClass ?? "Standard",
      checksums: await checked(content, options),
    };
    const response = await ask(this.#stub, "put", { key }, {
      method: "PUT", body: content, headers: { "x-object": encodeURIComponent(JSON.stringify(about)) },
    });
    return new R2Object(await this.#about(response));
  }
  async delete(keys) {
    for (const key of [keys].flat()) await ask(this.#stub, "delete", { key }, { method: "DELETE" });
  }
  async list(options = {}) {
    const { prefix, limit, cursor, delimiter, startAfter } = options;
    const found = await (await ask(this.#stub, "list", { prefix, limit, cursor, delimiter, start_after: startAfter }, { method: "POST" })).json();
    return { ...found, objects: found.objects.map((about) => new R2Object(about)) };
  }
  async createMultipartUpload(key, options = {}) {
    const about = { httpMetadata: httpMetadata(options.httpMetadata), customMetadata: options.customMetadata ?? {}, storageClass: options.storageClass ?? "Standard" };
    const response = await ask(this.#stub, "createMultipartUpload", { key, uploads: true }, { method: "POST", headers: { "x-object": encodeURIComponent(JSON.stringify(about)) } });
    const { uploadId } = await response.json();
    return this.resumeMultipartUpload(key, uploadId);
  }
  /** Does not check that the upload exists; its calls do. */
  resumeMultipartUpload(key, uploadId) {
    const stub = this.#stub, about = (response) => this.#about(response);
    return {
      key, uploadId,
      async uploadPart(part, value) {
        return (await ask(stub, "uploadPart", { key, upload: uploadId, part }, { method: "PUT", body: value === null ? "" : await body(value) })).json();
      },
      async complete(parts) {
        const list = JSON.stringify(parts.map(({ partNumber, etag }) => ({ partNumber, etag })));
        return new R2Object(await about(await ask(stub, "completeMultipartUpload", { key, upload: uploadId }, { method: "POST", body: list })));
      },
      async abort() {
        await ask(stub, "abortMultipartUpload", { key, upload: uploadId }, { method: "DELETE" });
      },
    };
  }
}
