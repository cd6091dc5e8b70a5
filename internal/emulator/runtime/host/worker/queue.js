import { ask } from "./stub.js";

export class Queue {
  #stub;
  #delay;
  constructor(stub, about) { this.#stub = stub; this.#delay = about.delay; }
  async send(body, options = {}) { await this.sendBatch([{ body, ...options }]); }
  async sendBatch(messages, options = {}) {
    const list = [...messages].map(({ body, contentType = "json", delaySeconds = options.delaySeconds ?? this.#delay }) => ({
      contentType, delaySeconds, body: contentType === "bytes" ? btoa(String.fromCharCode(...new Uint8Array(body.buffer ?? body))) : body,
    }));
    const response = await ask(this.#stub, "Queue send", {}, { method: "POST", body: JSON.stringify(list) });
    await response.body?.cancel();
  }
}
