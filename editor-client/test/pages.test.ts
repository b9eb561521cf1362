import { describe, expect, it } from "vitest";

import { withExplanation } from "../src/common/explanations";
import { pageOf } from "../src/common/pages";

describe("a page", () => {
  it("is Markdown when the server answers with text", () => {
    expect(pageOf("TL101", "# TL101")).toEqual({ name: "TL101.md", text: "# TL101", markdown: true });
  });

  it("is JSON otherwise, under a name without slashes", () => {
    const page = pageOf("Settings of a/b.py", { select: ["ALL"] });
    expect(page.name).toBe("Settings of a b.py.json");
    expect(JSON.parse(page.text)).toEqual({ select: ["ALL"] });
  });
});

describe("the code of a finding", () => {
  it("leads to the rule's page in the editor", () => {
    const diagnostic = { source: "testlsp", code: { value: "TL101", target: "elsewhere" } };
    const linked = withExplanation(diagnostic as never, "testlsp.explain") as unknown as typeof diagnostic;
    expect(linked.code.value).toBe("TL101");
    expect(decodeURIComponent(String(linked.code.target as unknown))).toBe('command:testlsp.explain?["TL101"]');
  });

  it("of somebody else's finding is left alone", () => {
    const diagnostic = { source: "ruff", code: "F401" };
    expect(withExplanation(diagnostic as never, "testlsp.explain").code).toBe("F401");
  });
});
