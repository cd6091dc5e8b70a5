package runtime_test

import (
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// TestRunR2Multipart uploads an object in parts, one of them twice and out of
// order, and tries everything that R2 refuses.
func TestRunR2Multipart(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.JSON("POST", "/r2/buckets", object{"name": "files"}).OK()
	r.Script(emulatortest.Worker("w"), `export default { async fetch(request, env) {
  const { R2 } = env, seen = {}, failing = (promise) => promise.then(() => "no error", (error) => error.message.trim());
  const five = 5 * 1024 * 1024, part = (letter, size = five) => new Uint8Array(size).fill(letter.charCodeAt(0));
  const begun = await R2.createMultipartUpload("big", { httpMetadata: { contentType: "text/plain" }, customMetadata: { by: "me" } });
  const upload = R2.resumeMultipartUpload(begun.key, begun.uploadId);
  await upload.uploadPart(1, part("x"));
  const second = await upload.uploadPart(2, part("b", 3)), first = await upload.uploadPart(1, new Response(part("a")).body);
  seen.part = [second.partNumber, second.etag];
  seen.notYet = await R2.head("big");
  seen.wrong = await failing(upload.complete([first, { partNumber: 2, etag: first.etag }]));
  seen.small = await failing(upload.complete([{ ...second, partNumber: 2 }, { ...(await upload.uploadPart(3, part("c", 3))) }]));
  const done = await upload.complete([second, first]);
  seen.done = [done.key, done.size, done.etag, done.customMetadata.by];
  const got = await R2.get("big"), bytes = new Uint8Array(await got.arrayBuffer());
  seen.got = [bytes.length, bytes[0], bytes[five], got.httpMetadata.contentType, (await R2.list()).objects.length];
  seen.again = await failing(upload.complete([first, second]));
  const other = await R2.createMultipartUpload("other");
  seen.zero = await failing(other.uploadPart(0, "x"));
  seen.none = await failing(other.complete([]));
  await other.abort();
  await other.abort();
  seen.aborted = await failing(other.uploadPart(1, "x"));
  seen.stranger = await failing(R2.resumeMultipartUpload("other", "../../secrets").uploadPart(1, "x"));
  return Response.json(seen);
} }`, object{"bindings": []any{object{"type": "r2_bucket", "name": "R2", "bucket_name": "files"}}}).OK()
	const noUpload = `The specified multipart upload does not exist. (10024)"`
	r.Says("anything", "/", `{"part":[2,"08f8e0260c64418510cefb2b06eee5cd"],"notYet":null,`+
		`"wrong":"completeMultipartUpload failed: 400 One or more of the specified parts could not be found. (10025)",`+
		`"small":"completeMultipartUpload failed: 400 Your proposed upload is smaller than the minimum allowed size. (10011)",`+
		`"done":["big",5242883,"06a6ca67e53064f3f30a42ee29a62f5d-2","me"],"got":[5242883,97,98,"text/plain",1],"again":"completeMultipartUpload failed: 400 `+noUpload+`,`+
		`"zero":"uploadPart failed: 400 Part number must be between 1 and 10000, inclusive. (10026)",`+
		`"none":"completeMultipartUpload failed: 400 One or more of the specified parts could not be found. (10025)",`+
		`"aborted":"uploadPart failed: 400 `+noUpload+`,"stranger":"uploadPart failed: 400 `+noUpload+`}`)
}
