// Runs the whole wrangler several times in one process, since reading it takes longer than most of its bundles. It gets the
// path of wrangler's program, and on standard input a job a line: {folder, args}. It answers with {failed}, a line each.
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const readline = require("node:readline");

let said = "";
const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write = (text) => ((said += text), true);

const [program] = process.argv.slice(2);
const wrangler = new Module(program, null);
wrangler.filename = program;
wrangler.paths = Module._nodeModulePaths(path.dirname(program));
// wrangler exports everything but the function that its own program calls.
wrangler._compile(fs.readFileSync(program, "utf8") + "\nmodule.exports.main = main;", program);

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { folder, args } = JSON.parse(line);
    said = "";
    let failed = "";
    process.chdir(folder);
    try {
      await wrangler.exports.main(args);
    } catch (error) {
      failed = said || String(error);
    }
    answer(JSON.stringify({ failed }) + "\n");
  }
  process.exit(0);
})();
