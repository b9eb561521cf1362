/** Names that `package.json`, the server and the extension share. */

export const SECTION = "testlsp";
export const NAME = "testlsp";

/** The oldest Python the server runs on. */
export const MINIMUM_PYTHON: readonly [number, number] = [3, 10];

/** The oldest server this client works with. */
export const MINIMUM_SERVER: readonly [number, number] = [0, 1];

/** Commands that the server carries out; the client's own are in `commands.ts`. */
export const SERVER_COMMANDS = {
  fixFile: "testlsp.fixFile",
  fixRuleInWorkspace: "testlsp.fixRuleInWorkspace",
  explainRule: "testlsp.explainRule",
  showSettings: "testlsp.showSettings",
  showIndex: "testlsp.showIndex",
} as const;
