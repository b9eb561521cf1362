import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

export default defineConfig({
  // VS Code exists only inside VS Code.
  resolve: { alias: { vscode: fileURLToPath(new URL("test/vscode.ts", import.meta.url)) } },
  test: {
    include: ["test/**/*.test.ts"],
  },
});
