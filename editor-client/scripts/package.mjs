// Packages the built extension: `node scripts/package.mjs [--target linux-x64] [--out FILE]`, then checks the size.
//
// Bundled libraries that are present go in; a target is named only when they were built for one.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { parseArgs } from "node:util";

// With the server for five versions of Python; without, the extension alone.
const LIMIT_BUNDLED = 40_000_000;
const LIMIT_BARE = 1_000_000;

const { values } = parseArgs({ options: { target: { type: "string" }, out: { type: "string" } } });
const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const bundle = existsSync("bundled/libs/bundle.json")
  ? JSON.parse(readFileSync("bundled/libs/bundle.json", "utf8"))
  : undefined;
const target = values.target ?? bundle?.target;
if (values.target && bundle && values.target !== bundle.target) {
  throw new Error(`bundled/libs is for ${bundle.target}: run "npm run bundle -- --target ${values.target}" first`);
}
if (!existsSync("dist/extension.js")) {
  throw new Error('there is no dist/extension.js: run "npm run build" first');
}

const file = values.out ?? `dist/${manifest.name}-${manifest.version}${target ? `-${target}` : ""}.vsix`;
mkdirSync("dist", { recursive: true });
const options = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", file];
// The pictures of the README are relative links. A marketplace needs to know where they are published.
const images = process.env.TESTLSP_IMAGES_URL;
options.push(...(images ? ["--baseImagesUrl", images, "--baseContentUrl", images] : ["--no-rewrite-relative-links"]));
execFileSync("npx", ["vsce", "package", ...options, ...(target ? ["--target", target] : [])], { stdio: "inherit" });

const packed = execFileSync("npx", ["vsce", "ls", "--no-dependencies"], { encoding: "utf8" }).split("\n");
const readme = readFileSync("README.md", "utf8");
const lost = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
  .map(([, link]) => link)
  .filter((link) => !packed.includes(link));
if (lost.length > 0) {
  console.error(`README.md leads to what is not in the package: ${lost.join(", ")}`);
  process.exit(1);
}

const { size } = statSync(file);
const limit = bundle ? LIMIT_BUNDLED : LIMIT_BARE;
console.log(`${file}: ${(size / 1e6).toFixed(2)} MB of at most ${limit / 1e6} MB`);
if (size > limit) {
  console.error("the package is too large");
  process.exit(1);
}
